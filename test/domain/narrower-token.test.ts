import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { builtInIndex } from "../../src/catalogues/index.ts";
import { MAX_WRITTEN_PERMISSIONS, narrowerPermissions } from "../../src/domain/narrower-token.ts";
import { expandPermissions, indexCatalogues } from "../../src/domain/permission.ts";

const all = [...builtInIndex.permissions.keys()];

/** What issuing this gives, requirements added so that anything can be asked for. */
function issued(wanted: readonly string[]): readonly string[] {
  const expanded = expandPermissions(builtInIndex, {
    permissions: [...wanted, "EMM.Devices.VIEW"],
    permissionSets: [],
  });
  if (!expanded.ok) throw new Error(expanded.error.kind);
  return expanded.value;
}

describe("the narrower token", () => {
  it("holds what was used, no more than the wide one, less than it, and is issued as it is written", () => {
    const lists = fc.uniqueArray(fc.constantFrom(...all), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(lists, fc.uniqueArray(fc.constantFrom(...all)), (wanted, uses) => {
        const held = issued(wanted);
        const narrower = narrowerPermissions(builtInIndex, held, uses);
        if (narrower === null) return;
        const usedAndHeld = uses.filter((permission) => held.includes(permission));
        expect(narrower).toEqual(expect.arrayContaining(usedAndHeld));
        expect(held).toEqual(expect.arrayContaining([...narrower]));
        expect(narrower.length).toBeLessThan(held.length);
        expect(expandPermissions(builtInIndex, { permissions: narrower, permissionSets: [] })).toEqual({
          ok: true,
          value: narrower,
        });
      }),
    );
  });

  it("is the narrowest: without any of it that was not used, something would be missing", () => {
    const held = issued(["EMM.DeviceCommands.LOCK", "EMM.Groups.DELETE", "EMM.Roles.MANAGE"]);
    const narrower = narrowerPermissions(builtInIndex, held, ["EMM.DeviceCommands.LOCK"]) ?? [];
    expect(narrower).toContain("EMM.Devices.VIEW");
    for (const left of narrower) {
      const rest = narrower.filter((permission) => permission !== left);
      const again = expandPermissions(builtInIndex, { permissions: rest, permissionSets: [] });
      const lost = again.ok && !again.value.includes("EMM.DeviceCommands.LOCK");
      const cameBack = again.ok && again.value.includes(left);
      expect(!again.ok || lost || cameBack, left).toBe(true);
    }
  });

  it.each<[string, string[], string[]]>([
    ["nothing was used", ["EMM.Roles.DELETE"], []],
    ["only something was used that it does not hold", ["EMM.Roles.DELETE"], ["EMM.Billing.MANAGE"]],
    ["everything is needed", ["EMM.Roles.VIEW"], ["EMM.Roles.VIEW"]],
  ])("is none where %s", (_why, wanted, uses) => {
    const held = expandPermissions(builtInIndex, { permissions: wanted, permissionSets: [] });
    expect(held.ok && narrowerPermissions(builtInIndex, held.value, uses)).toBeNull();
  });

  it("is none where a catalogue has grown so that a new one would get more, or none could be issued", () => {
    const operation = { description: "", strict: false, requires: [], implies: [] };
    const grown = indexCatalogues([
      {
        service: "Acme",
        description: "",
        permissionSets: [],
        resources: [
          {
            name: "Orders",
            description: "",
            graded: false,
            operations: [
              { ...operation, name: "READ", implies: ["Acme.Orders.SEE"] },
              { ...operation, name: "DELETE", requires: ["Acme.Orders.SEE"] },
              { ...operation, name: "SEE" },
            ],
          },
        ],
      },
    ]);
    const held = ["Acme.Orders.DELETE", "Acme.Orders.READ", "Acme.Orders.X"];
    expect(narrowerPermissions(grown, held, ["Acme.Orders.READ"])).toBeNull();
    expect(narrowerPermissions(grown, held, ["Acme.Orders.DELETE"])).toBeNull();
    expect(narrowerPermissions(grown, held, ["Acme.Orders.X"])).toBeNull();
    expect(narrowerPermissions(grown, [...held, "Acme.Orders.SEE"], ["Acme.Orders.READ"])).toEqual([
      "Acme.Orders.READ",
      "Acme.Orders.SEE",
    ]);
  });

  it("is none where its list would be longer than a request may be", () => {
    const operations = Array.from({ length: MAX_WRITTEN_PERMISSIONS + 2 }, (_, index) => ({
      name: `OP${index}`,
      description: "",
      strict: false,
      requires: [],
      implies: [],
    }));
    const index = indexCatalogues([
      {
        service: "Big",
        description: "",
        permissionSets: [],
        resources: [{ name: "R", description: "", graded: false, operations }],
      },
    ]);
    const held = [...index.permissions.keys()].sort();
    expect(narrowerPermissions(index, held, held.slice(1))).toBeNull();
    expect(narrowerPermissions(index, held, held.slice(2))).toHaveLength(MAX_WRITTEN_PERMISSIONS);
  });
});
