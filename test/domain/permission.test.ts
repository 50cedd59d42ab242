import { describe, expect, it } from "vitest";
import { lostPermissions, validateCatalogue } from "../../src/domain/catalogue-rules.ts";
import type { Catalogue, Operation, PermissionSet, Resource } from "../../src/domain/catalogue.ts";
import {
  exceeding,
  expandPermissions,
  indexCatalogues,
  intersect,
  missingPermissions,
  serviceOf,
  strictOf,
} from "../../src/domain/permission.ts";

function operation(name: string, more: Partial<Operation> = {}): Operation {
  return { name, description: `Do ${name}.`, strict: false, requires: [], implies: [], ...more };
}

function resource(name: string, operations: readonly Operation[], graded = false): Resource {
  return { name, description: `The ${name}.`, graded, operations };
}

function catalogue(
  service: string,
  resources: readonly Resource[],
  permissionSets: readonly PermissionSet[] = [],
): Catalogue {
  return { service, description: `About ${service}.`, resources, permissionSets };
}

function set(name: string, permissions: readonly string[]): PermissionSet {
  return { name, description: `Those of ${name}.`, permissions };
}

/** A library: shelves are graded, books are not, burning is strict and needs to see the shelves. */
const library = catalogue(
  "Library",
  [
    resource("Shelves", [operation("SEE"), operation("ORDER"), operation("REMOVE")], true),
    resource("Books", [
      operation("READ", { implies: ["Library.Doors.OPEN"] }),
      operation("LEND", { implies: ["Library.Books.READ"] }),
      operation("BURN", { strict: true, requires: ["Library.Shelves.SEE"] }),
    ]),
    resource("Doors", [operation("OPEN")]),
    resource("Keys", [operation("HOLD", { implies: ["Library.Shelves.ORDER"] })]),
  ],
  [
    set("reader", ["Library.Books.READ"]),
    set("keeper", ["Library.Books.ALL", "Library.Shelves.ORDER"]),
    set("arsonist", ["Library.Books.BURN"]),
  ],
);

const index = indexCatalogues([library]);

function expand(permissions: string[], permissionSets: string[] = []) {
  return expandPermissions(index, { permissions, permissionSets });
}

describe("expanding what a request writes", () => {
  it("keeps an exact permission as it is", () => {
    expect(expand(["Library.Doors.OPEN"])).toEqual({ ok: true, value: ["Library.Doors.OPEN"] });
  });

  it("brings the grades below a grade, and none above it", () => {
    expect(expand(["Library.Shelves.ORDER"])).toEqual({
      ok: true,
      value: ["Library.Shelves.ORDER", "Library.Shelves.SEE"],
    });
  });

  it("brings nothing else of a resource that is not graded", () => {
    expect(expand(["Library.Books.BURN", "Library.Shelves.SEE"])).toEqual({
      ok: true,
      value: ["Library.Books.BURN", "Library.Shelves.SEE"],
    });
  });

  it("takes ALL as every operation of the resource", () => {
    expect(expand(["Library.Shelves.ALL"])).toEqual({
      ok: true,
      value: ["Library.Shelves.ORDER", "Library.Shelves.REMOVE", "Library.Shelves.SEE"],
    });
  });

  it("brings what is implied by what is implied", () => {
    expect(expand(["Library.Books.LEND"])).toEqual({
      ok: true,
      value: ["Library.Books.LEND", "Library.Books.READ", "Library.Doors.OPEN"],
    });
  });

  it("brings the grades below an implied grade", () => {
    expect(expand(["Library.Keys.HOLD"])).toEqual({
      ok: true,
      value: ["Library.Keys.HOLD", "Library.Shelves.ORDER", "Library.Shelves.SEE"],
    });
  });

  it("takes a permission set, with the grades and the ALL written in it", () => {
    expect(expand([], ["keeper"])).toEqual({
      ok: true,
      value: [
        "Library.Books.BURN",
        "Library.Books.LEND",
        "Library.Books.READ",
        "Library.Doors.OPEN",
        "Library.Shelves.ORDER",
        "Library.Shelves.SEE",
      ],
    });
  });

  it("lists each permission once, however often and in whatever ways it was written", () => {
    expect(expand(["Library.Books.READ", "Library.Doors.ALL", "Library.Doors.OPEN"], ["reader"])).toEqual({
      ok: true,
      value: ["Library.Books.READ", "Library.Doors.OPEN"],
    });
  });

  it("sorts by code unit, not by any language's alphabet", () => {
    const signs = catalogue("Sign", [
      resource("B", [operation("X_1"), operation("X1"), operation("XA")]),
      resource("Ab", [operation("X")]),
      resource("AB", [operation("X")]),
    ]);
    const all = ["Sign.B.ALL", "Sign.Ab.ALL", "Sign.AB.ALL"];
    expect(expandPermissions(indexCatalogues([signs]), { permissions: all, permissionSets: [] })).toEqual({
      ok: true,
      value: ["Sign.AB.X", "Sign.Ab.X", "Sign.B.X1", "Sign.B.XA", "Sign.B.X_1"],
    });
  });

  it("ends when permissions imply each other in a circle", () => {
    const circle = catalogue("Circle", [
      resource("A", [operation("GO", { implies: ["Circle.B.GO"] })]),
      resource("B", [operation("GO", { implies: ["Circle.A.GO", "Circle.B.GO"] })]),
    ]);
    const written = { permissions: ["Circle.A.GO"], permissionSets: [] };
    expect(expandPermissions(indexCatalogues([circle]), written)).toEqual({
      ok: true,
      value: ["Circle.A.GO", "Circle.B.GO"],
    });
  });

  it("gives nothing for nothing", () => {
    expect(expand([])).toEqual({ ok: true, value: [] });
  });

  it("refuses a permission whose required one is absent, and names what is absent", () => {
    const refusal = {
      ok: false,
      error: { kind: "required_permission_absent", missing: ["Library.Shelves.SEE"] },
    };
    expect(expand(["Library.Books.BURN"])).toEqual(refusal);
    expect(expand([], ["arsonist"])).toEqual(refusal);
  });

  it("counts a required permission that comes by a higher grade, a set or an implication", () => {
    expect(expand(["Library.Books.BURN", "Library.Shelves.REMOVE"]).ok).toBe(true);
    expect(expand(["Library.Books.BURN"], ["keeper"]).ok).toBe(true);
    expect(expand(["Library.Books.BURN", "Library.Keys.HOLD"]).ok).toBe(true);
  });

  it("holds an implied permission to what that one requires", () => {
    const trap = catalogue("Trap", [
      resource("Lid", [operation("LIFT", { implies: ["Trap.Pit.FALL"] })]),
      resource("Pit", [operation("FALL", { requires: ["Trap.Rope.TIE", "Trap.Lamp.LIGHT"] })]),
      resource("Rope", [operation("TIE")]),
      resource("Lamp", [operation("LIGHT")]),
    ]);
    const written = { permissions: ["Trap.Lid.LIFT"], permissionSets: [] };
    expect(expandPermissions(indexCatalogues([trap]), written)).toEqual({
      ok: false,
      error: { kind: "required_permission_absent", missing: ["Trap.Lamp.LIGHT", "Trap.Rope.TIE"] },
    });
  });

  it("names the place of the first unknown permission and never repeats it", () => {
    const result = expand(["Library.Doors.OPEN", "Library.Shelves.SEE", "Library.Doors.SLAM", "nonsense"]);
    expect(result).toEqual({ ok: false, error: { kind: "unknown_permission", member: "permissions[2]" } });
  });

  it("names the place of an unknown permission set", () => {
    expect(expand([], ["reader", "writer"])).toEqual({
      ok: false,
      error: { kind: "unknown_permission", member: "permission_sets[1]" },
    });
  });

  it.each([
    "",
    ".",
    "..",
    "ALL",
    ".ALL",
    "Library",
    "Library.",
    "Library.ALL",
    "Library.ALL.ALL",
    "Library.Books",
    "Library.Books.",
    "Library.Books.all",
    "Library.Books.*",
    "Library.*.READ",
    "Library.Books.ALL.ALL",
    "Library.Books.READ.ALL",
    "Library.Books.READ.",
    ".Library.Books.READ",
    "Library..Books.READ",
    "Library.Books.read",
    "library.Books.READ",
    "LIBRARY.BOOKS.READ",
    " Library.Books.READ",
    "Library.Books.READ ",
    "Library.Books.READ\n",
    "Library.Books.READ\0",
    "Library.Books.READ,Library.Doors.OPEN",
    "Library.Books.RE\u200bAD",
    "Library.Books.\uff32EAD",
    "Library.__proto__.READ",
    "Library.Books.__proto__",
    "Library.Books.constructor",
    "Library.constructor.ALL",
    "__proto__",
    "__proto__.ALL",
    "constructor",
    "toString",
    "hasOwnProperty",
    "reader",
  ])("does not know %j as a permission", (text) => {
    expect(expand([text])).toEqual({
      ok: false,
      error: { kind: "unknown_permission", member: "permissions[0]" },
    });
  });

  it.each(["", "Reader", "reader ", "__proto__", "constructor", "Library.Books.READ", "Library.Books.ALL"])(
    "does not know %j as a permission set",
    (name) => {
      expect(expand([], [name])).toEqual({
        ok: false,
        error: { kind: "unknown_permission", member: "permission_sets[0]" },
      });
    },
  );
});

describe("comparing lists", () => {
  it("lists what is missing, sorted, each once", () => {
    expect(missingPermissions(["A.B.C"], ["Z.Z.Z", "A.B.C", "A.B.D", "Z.Z.Z"])).toEqual(["A.B.D", "Z.Z.Z"]);
    expect(missingPermissions(new Set(["A.B.C"]), ["A.B.C"])).toEqual([]);
  });

  it("compares exact strings only: a grade or ALL that was not expanded is not held", () => {
    expect(missingPermissions(["Library.Shelves.REMOVE"], ["Library.Shelves.SEE"])).toEqual([
      "Library.Shelves.SEE",
    ]);
    expect(missingPermissions(["Library.Books.ALL"], ["Library.Books.READ"])).toEqual(["Library.Books.READ"]);
  });

  it("finds nothing missing when nothing is wanted", () => {
    expect(missingPermissions([], [])).toEqual([]);
  });

  it("lists the strict ones of a list", () => {
    expect(strictOf(index, ["Library.Doors.OPEN", "Library.Books.BURN", "Gone.Gone.GONE"])).toEqual([
      "Library.Books.BURN",
    ]);
  });

  it.each([
    ["Library.Books.READ", "Library"],
    ["Library", ""],
    ["", ""],
    [".Books.READ", ""],
  ])("takes the service of %j as %j", (permission, service) => {
    expect(serviceOf(permission)).toBe(service);
  });
});

describe("nothing confers more than its maker holds", () => {
  const member = { kind: "permissions", permissions: ["A.A.A", "A.A.B"] } as const;

  it("lets a maker confer what it holds and less", () => {
    expect(exceeding(member, ["A.A.B", "A.A.A"])).toEqual([]);
    expect(exceeding(member, ["A.A.B"])).toEqual([]);
    expect(exceeding(member, [])).toEqual([]);
  });

  it("names everything beyond what the maker holds", () => {
    expect(exceeding(member, ["B.B.B", "A.A.A", "A.A.C"])).toEqual(["A.A.C", "B.B.B"]);
  });

  it("lets nobody confer from nothing", () => {
    expect(exceeding({ kind: "permissions", permissions: [] }, ["A.A.A"])).toEqual(["A.A.A"]);
  });

  it("lets the operator confer anything", () => {
    expect(exceeding({ kind: "everything" }, ["A.A.A", "Z.Z.Z"])).toEqual([]);
  });

  it("has no word that a list can hold to mean everything", () => {
    const words = ["everything", "ALL", "*", "A.A.ALL", "A.ALL.ALL", "ALL.ALL.ALL"];
    expect(exceeding({ kind: "permissions", permissions: words }, ["A.A.A"])).toEqual(["A.A.A"]);
  });

  it("leaves of a grant what its demoted maker still holds", () => {
    expect(intersect(member, ["C.C.C", "A.A.B", "A.A.A"])).toEqual(["A.A.A", "A.A.B"]);
    expect(intersect({ kind: "permissions", permissions: [] }, ["A.A.A"])).toEqual([]);
    expect(intersect({ kind: "everything" }, ["B.B.B", "A.A.A"])).toEqual(["A.A.A", "B.B.B"]);
  });
});

describe("validating a catalogue", () => {
  const none = indexCatalogues([]);

  function refusalOf(candidate: Catalogue, others = none) {
    const result = validateCatalogue(candidate, others);
    return result.ok ? undefined : result.error;
  }

  it("takes a good catalogue and gives it back", () => {
    expect(validateCatalogue(library, none)).toEqual({ ok: true, value: library });
  });

  it("takes names of one character and of the greatest length", () => {
    const long = `L${"x".repeat(39)}`;
    const candidate = catalogue(
      long,
      [resource("A", [operation("A")]), resource(long, [operation(`O${"_9".repeat(19)}_`)])],
      [
        set(
          "a",
          ["A"].map(() => `${long}.A.A`),
        ),
        set(`a${"-0".repeat(29)}x`, [`${long}.A.ALL`]),
      ],
    );
    expect(refusalOf(candidate)).toBeUndefined();
  });

  const badNames = ["", "9A", "_A", "A.B", "A B", "A\n", "A-B", "É", "__proto__", `A${"A".repeat(40)}`];

  it.each([...badNames, "library", "Lib_rary"])("refuses %j as a service", (name) => {
    const problem = { kind: "invalid_member", member: "service", problem: "invalid" };
    expect(refusalOf(catalogue(name, []))).toEqual(problem);
  });

  it.each([...badNames, "books", "Bo_oks"])("refuses %j as a resource", (name) => {
    const candidate = catalogue("Library", [resource("Good", []), resource(name, [])]);
    const problem = { kind: "invalid_member", member: "resources[1].name", problem: "invalid" };
    expect(refusalOf(candidate)).toEqual(problem);
  });

  it.each([...badNames, "read", "Read", "ALL"])("refuses %j as an operation", (name) => {
    const candidate = catalogue("Library", [resource("Books", [operation("READ"), operation(name)])]);
    expect(refusalOf(candidate)).toEqual({
      kind: "invalid_member",
      member: "resources[0].operations[1].name",
      problem: "invalid",
    });
  });

  it.each(["", "Reader", "9a", "-a", "a_b", "a.b", "a b", "a\n", "é", "__proto__", "a".repeat(61)])(
    "refuses %j as a permission set",
    (name) => {
      expect(refusalOf(catalogue("Library", [], [set(name, [])]))).toEqual({
        kind: "invalid_member",
        member: "permission_sets[0].name",
        problem: "invalid",
      });
    },
  );

  it("refuses a name that comes twice in its list", () => {
    const twice = (member: string) => ({ kind: "invalid_member", member, problem: "invalid" });
    expect(refusalOf(catalogue("L", [resource("A", []), resource("A", [])]))).toEqual(
      twice("resources[1].name"),
    );
    expect(refusalOf(catalogue("L", [resource("A", [operation("X"), operation("X")])]))).toEqual(
      twice("resources[0].operations[1].name"),
    );
    expect(refusalOf(catalogue("L", [], [set("a", []), set("a", [])]))).toEqual(
      twice("permission_sets[1].name"),
    );
  });

  it("lets two resources have operations of one name", () => {
    expect(
      refusalOf(catalogue("L", [resource("A", [operation("X")]), resource("B", [operation("X")])])),
    ).toBe(undefined);
  });

  it("lets permissions refer to later ones and to other catalogues", () => {
    const candidate = catalogue(
      "Museum",
      [
        resource("Halls", [operation("VISIT", { implies: ["Museum.Halls.LEAVE"] }), operation("LEAVE")]),
        resource("Archive", [
          operation("ENTER", { implies: ["Library.Books.READ"], requires: ["Library.Doors.OPEN"] }),
        ]),
      ],
      [set("visitor", ["Museum.Halls.ALL", "Library.Books.ALL", "Library.Shelves.ORDER"])],
    );
    expect(refusalOf(candidate, index)).toBeUndefined();
    expect(refusalOf(candidate, none)).toEqual({
      kind: "unknown_permission",
      member: "resources[1].operations[0].requires[0]",
    });
  });

  it.each(["Library.Books.ALL", "Library.Books.EAT", "Museum.Halls.ALL", "reader", "", "constructor"])(
    "refuses %j where an exact permission is needed",
    (text) => {
      for (const relation of ["requires", "implies"] as const) {
        const visit = operation("VISIT", { [relation]: ["Museum.Halls.VISIT", text] });
        expect(refusalOf(catalogue("Museum", [resource("Halls", [visit])]), index)).toEqual({
          kind: "unknown_permission",
          member: `resources[0].operations[0].${relation}[1]`,
        });
      }
    },
  );

  it.each(["Library.ALL", "Library.Books.EAT", "Museum.Doors.ALL", "reader", "", "__proto__.ALL"])(
    "refuses %j in a permission set",
    (text) => {
      const candidate = catalogue("Museum", [], [set("good", []), set("bad", ["Library.Books.READ", text])]);
      expect(refusalOf(candidate, index)).toEqual({
        kind: "unknown_permission",
        member: "permission_sets[1].permissions[1]",
      });
    },
  );

  it("refuses the name of another catalogue's permission set", () => {
    const candidate = catalogue("Museum", [], [set("visitor", []), set("reader", [])]);
    expect(refusalOf(candidate, index)).toEqual({
      kind: "already_exists",
      noun: "permission_set",
      member: "permission_sets[1].name",
    });
  });

  it("refuses the service of another catalogue", () => {
    expect(refusalOf(catalogue("Library", []), index)).toEqual({
      kind: "already_exists",
      noun: "catalogue",
      member: "service",
    });
  });
});

describe("a catalogue may gain and never lose", () => {
  const before = catalogue("L", [
    resource("A", [operation("X"), operation("Y")]),
    resource("B", [operation("Z")]),
  ]);

  it("loses nothing by gaining resources and operations, in any order", () => {
    const after = catalogue("L", [
      resource("C", [operation("X")]),
      resource("B", [operation("Z")]),
      resource("A", [operation("Y"), operation("W"), operation("X")]),
    ]);
    expect(lostPermissions(before, after)).toEqual([]);
    expect(lostPermissions(before, before)).toEqual([]);
  });

  it("names what is lost, sorted", () => {
    expect(lostPermissions(before, catalogue("L", [resource("A", [operation("Y")])]))).toEqual([
      "L.A.X",
      "L.B.Z",
    ]);
  });

  it("loses everything by another service name", () => {
    expect(lostPermissions(before, { ...before, service: "M" })).toEqual(["L.A.X", "L.A.Y", "L.B.Z"]);
  });
});
