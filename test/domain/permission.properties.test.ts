import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { builtInCatalogues, builtInIndex } from "../../src/catalogues/index.ts";
import { validateCatalogue } from "../../src/domain/catalogue-rules.ts";
import type { Catalogue } from "../../src/domain/catalogue.ts";
import {
  exceeding,
  expandPermissions,
  indexCatalogues,
  intersect,
  type KnownPermission,
  missingPermissions,
  type PermissionIndex,
  strictOf,
  type WrittenPermissions,
} from "../../src/domain/permission.ts";

interface Case {
  readonly catalogues: readonly Catalogue[];
  readonly index: PermissionIndex;
  readonly written: WrittenPermissions;
}

const OPERATIONS = ["SEE", "CHANGE", "DROP"];

/** Any catalogue with a few resources; what it implies and requires is any of its own permissions. */
const anyCatalogue: fc.Arbitrary<Catalogue> = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom("Aa", "Bb", "Cc", "Dd"),
      graded: fc.boolean(),
      operations: fc.shuffledSubarray(OPERATIONS, { minLength: 1 }),
    }),
    { selector: ({ name }) => name, minLength: 1 },
  )
  .chain((resources) => {
    const all = resources.flatMap(({ name, operations }) => operations.map((each) => `Any.${name}.${each}`));
    const few = fc.subarray(all, { maxLength: Math.min(2, all.length) });
    const entries = [...all, ...resources.map(({ name }) => `Any.${name}.ALL`)];
    const operation = (name: string) =>
      fc.record({
        name: fc.constant(name),
        description: fc.constant(`Do ${name}.`),
        strict: fc.boolean(),
        requires: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, few),
        implies: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, few),
      });
    const resource = ({ name, graded, operations }: (typeof resources)[number]) =>
      fc.record({
        name: fc.constant(name),
        description: fc.constant(`The ${name}.`),
        graded: fc.constant(graded),
        operations: fc.tuple(...operations.map(operation)),
      });
    return fc.record({
      service: fc.constant("Any"),
      description: fc.constant("Anything."),
      resources: fc.tuple(...resources.map(resource)),
      permissionSets: fc
        .array(fc.subarray(entries), { maxLength: 3 })
        .map((sets) =>
          sets.map((permissions, n) => ({ name: `set-${n}`, description: "Some.", permissions })),
        ),
    });
  });

function anyWritten(index: PermissionIndex): fc.Arbitrary<WrittenPermissions> {
  const texts = [...index.permissions.keys(), ...[...index.resources.keys()].map((path) => `${path}.ALL`)];
  return fc.record({
    permissions: fc.shuffledSubarray(texts),
    permissionSets: fc.shuffledSubarray([...index.permissionSets.keys()]),
  });
}

const anyCase: fc.Arbitrary<Case> = fc
  .oneof(
    anyCatalogue.map((catalogue): readonly Catalogue[] => [catalogue]),
    fc.constant(builtInCatalogues),
  )
  .chain((catalogues) => {
    const index = indexCatalogues(catalogues);
    return anyWritten(index).map((written) => ({ catalogues, index, written }));
  });

/** The expanded list, or undefined where a required permission is absent. */
function expand(index: PermissionIndex, written: WrittenPermissions): readonly string[] | undefined {
  const result = expandPermissions(index, written);
  return result.ok ? result.value : undefined;
}

function known(index: PermissionIndex, permission: string): KnownPermission {
  const found = index.permissions.get(permission);
  if (found === undefined) throw new Error(`${permission} is in no catalogue`);
  return found;
}

/** The same closure said another way: passes over the catalogues' data until a pass adds nothing. */
function closureByPasses({ catalogues, written }: Case): Set<string> {
  const sets = catalogues.flatMap((catalogue) => catalogue.permissionSets);
  const texts = [
    ...written.permissions,
    ...written.permissionSets.flatMap((name) => sets.find((set) => set.name === name)?.permissions ?? []),
  ];
  const closure = new Set<string>();
  let before = -1;
  while (closure.size > before) {
    before = closure.size;
    for (const { service, resources } of catalogues) {
      for (const { name, graded, operations } of resources) {
        let higherHeld = false;
        for (const operation of operations.toReversed()) {
          const permission = `${service}.${name}.${operation.name}`;
          const isWritten = texts.includes(permission) || texts.includes(`${service}.${name}.ALL`);
          if (isWritten || (graded && higherHeld)) closure.add(permission);
          if (!closure.has(permission)) continue;
          higherHeld = true;
          for (const implied of operation.implies) closure.add(implied);
        }
      }
    }
  }
  return closure;
}

describe("expanding, for any catalogue and any request", () => {
  it("works on catalogues that pass validation", () => {
    fc.assert(
      fc.property(anyCatalogue, (catalogue) => {
        expect(validateCatalogue(catalogue, builtInIndex)).toEqual({ ok: true, value: catalogue });
      }),
    );
  });

  it("gives exactly what is written, graded below it and implied: no less and no more", () => {
    fc.assert(
      fc.property(anyCase, (each) => {
        const closure = closureByPasses(each);
        const missing = missingPermissions(
          closure,
          [...closure].flatMap((held) => known(each.index, held).operation.requires),
        );
        expect(expandPermissions(each.index, each.written)).toEqual(
          missing.length > 0
            ? { ok: false, error: { kind: "required_permission_absent", missing } }
            : { ok: true, value: [...closure].sort() },
        );
      }),
      { numRuns: 500 },
    );
  });

  it("changes nothing when done again", () => {
    fc.assert(
      fc.property(anyCase, ({ index, written }) => {
        const once = expand(index, written);
        fc.pre(once !== undefined);
        expect(expand(index, { permissions: once, permissionSets: [] })).toEqual(once);
      }),
    );
  });

  it("never gives less for more", () => {
    fc.assert(
      fc.property(
        anyCase.chain(({ index, written }) =>
          anyWritten(index).map((other) => ({
            index,
            less: written,
            more: {
              permissions: [...other.permissions, ...written.permissions],
              permissionSets: [...written.permissionSets, ...other.permissionSets],
            },
          })),
        ),
        ({ index, less, more }) => {
          const [small, large] = [expand(index, less), expand(index, more)];
          fc.pre(small !== undefined && large !== undefined);
          expect(missingPermissions(large, small)).toEqual([]);
        },
      ),
    );
  });

  it("does not depend on the order or number of times in which things are written", () => {
    fc.assert(
      fc.property(anyCase, ({ index, written }) => {
        const reversed = {
          permissions: [...written.permissions, ...written.permissions].reverse(),
          permissionSets: [...written.permissionSets, ...written.permissionSets].reverse(),
        };
        expect(expandPermissions(index, reversed)).toEqual(expandPermissions(index, written));
      }),
    );
  });

  it("gives a sorted list of known permissions, each once", () => {
    fc.assert(
      fc.property(anyCase, ({ index, written }) => {
        const list = expand(index, written);
        fc.pre(list !== undefined);
        expect(list.filter((permission) => !index.permissions.has(permission))).toEqual([]);
        expect(list.filter((permission, place) => permission <= (list[place - 1] ?? ""))).toEqual([]);
      }),
    );
  });

  it("gives a list that holds all that it implies, all that it requires and every lower grade", () => {
    fc.assert(
      fc.property(anyCase, ({ index, written }) => {
        const list = expand(index, written);
        fc.pre(list !== undefined);
        for (const permission of list) {
          const { resource, operation } = known(index, permission);
          const path = permission.slice(0, permission.lastIndexOf("."));
          const below = resource.graded
            ? resource.operations.slice(0, resource.operations.indexOf(operation))
            : [];
          expect(list).toEqual(
            expect.arrayContaining([
              ...operation.implies,
              ...operation.requires,
              ...below.map(({ name }) => `${path}.${name}`),
            ]),
          );
        }
      }),
    );
  });

  it("takes ALL as all the operations of the resource written one by one", () => {
    fc.assert(
      fc.property(anyCase, ({ index, written }) => {
        const oneByOne = written.permissions.flatMap((text) =>
          text.endsWith(".ALL") ? (index.resources.get(text.slice(0, -4)) ?? []) : [text],
        );
        expect(expandPermissions(index, { ...written, permissions: oneByOne })).toEqual(
          expandPermissions(index, written),
        );
      }),
    );
  });

  it("takes a permission set as its entries written one by one", () => {
    fc.assert(
      fc.property(anyCase, ({ index, written }) => {
        const entries = written.permissionSets.flatMap(
          (name) => index.permissionSets.get(name)?.permissions ?? [],
        );
        const permissions = [...written.permissions, ...entries];
        expect(expandPermissions(index, { permissions, permissionSets: [] })).toEqual(
          expandPermissions(index, written),
        );
      }),
    );
  });

  it("refuses any text that is not to the letter one that the catalogues know", () => {
    const permissions = [...builtInIndex.permissions.keys()];
    const twist = fc.constantFrom<(text: string) => string>(
      (text) => text.toLowerCase(),
      (text) => text.toUpperCase(),
      (text) => `${text} `,
      (text) => ` ${text}`,
      (text) => `${text}.`,
      (text) => `${text}.ALL`,
      (text) => `.${text}`,
      (text) => text.replace(".", ".."),
      (text) => text.replace(".", ".\u200b"),
      (text) => text.replace(/\.[^.]+\./, ".__proto__."),
      (text) => text.replace(/\.[^.]+$/, ".constructor"),
      (text) => text.slice(0, -1),
    );
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.tuple(fc.constantFrom(...permissions), twist).map(([text, twisted]) => twisted(text)),
    );
    fc.assert(
      fc.property(texts, fc.constantFrom(...permissions), (text, good) => {
        fc.pre(!builtInIndex.permissions.has(text));
        expect(expandPermissions(builtInIndex, { permissions: [good, text], permissionSets: [] })).toEqual({
          ok: false,
          error: { kind: "unknown_permission", member: "permissions[1]" },
        });
      }),
      { numRuns: 500 },
    );
  });
});

describe("conferring, for any lists", () => {
  const permission = fc.constantFrom("A.A.A", "A.A.B", "A.B.A", "B.A.A", "B.B.B", "B.B.ALL", "__proto__");
  const list = fc.array(permission);

  it("exceeds nothing exactly when what is wanted is a subset of what is held", () => {
    fc.assert(
      fc.property(list, list, (permissions, wanted) => {
        const isSubset = wanted.every((each) => permissions.includes(each));
        expect(exceeding({ kind: "permissions", permissions }, wanted).length === 0).toBe(isSubset);
      }),
    );
  });

  it("parts what is wanted in two: what is left and what exceeds", () => {
    fc.assert(
      fc.property(list, list, (permissions, wanted) => {
        const maker = { kind: "permissions", permissions } as const;
        const [left, beyond] = [intersect(maker, wanted), exceeding(maker, wanted)];
        expect([...left, ...beyond].sort()).toEqual([...new Set(wanted)].sort());
        expect(exceeding(maker, left)).toEqual([]);
        expect(intersect(maker, beyond)).toEqual([]);
      }),
    );
  });

  it("cannot be widened by a chain of makers", () => {
    fc.assert(
      fc.property(list, list, list, (first, second, third) => {
        const ofFirst = { kind: "permissions", permissions: first } as const;
        const ofSecond = { kind: "permissions", permissions: intersect(ofFirst, second) } as const;
        expect(exceeding(ofFirst, intersect(ofSecond, third))).toEqual([]);
      }),
    );
  });

  it("leaves of an expanded grant, for a demoted member, a list that expands to itself", () => {
    fc.assert(
      fc.property(
        anyCase.chain(({ index, written }) => anyWritten(index).map((role) => ({ index, written, role }))),
        ({ index, written, role }) => {
          const [grant, held] = [expand(index, written), expand(index, role)];
          fc.pre(grant !== undefined && held !== undefined);
          const left = intersect({ kind: "permissions", permissions: held }, grant);
          expect(expand(index, { permissions: left, permissionSets: [] })).toEqual(left);
        },
      ),
    );
  });

  it("finds as strict exactly what the catalogue marks", () => {
    fc.assert(
      fc.property(anyCase, ({ index, written }) => {
        const permissions = expand(index, written);
        fc.pre(permissions !== undefined);
        expect(strictOf(index, permissions)).toEqual(
          permissions.filter((each) => known(index, each).operation.strict),
        );
      }),
    );
  });
});
