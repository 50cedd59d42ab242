import { describe, expect, test } from "vitest";
import { lastStates, stateId, type JournalledEnd } from "../../src/domain/journal.ts";

const entry = (kind: JournalledEnd["kind"], id: string): JournalledEnd => ({ kind, id, at: 1 });
const role = (id: string, version: number, value: string) =>
  entry("member_role", stateId({ id, version, value }));

describe("the states that a journal names", () => {
  test("are those of their kind, each as it was written, whatever stands in the value", () => {
    const value = '["A.B.C","D:E:1:2\n"]';
    const entries = [
      entry("role_permissions", stateId({ id: "rol_1", version: 7, value })),
      role("mem_1", 2, "owner"),
    ];
    expect(lastStates(entries, "role_permissions")).toEqual([{ id: "rol_1", version: 7, value }]);
    expect(lastStates(entries, "member_role")).toEqual([{ id: "mem_1", version: 2, value: "owner" }]);
    expect(lastStates(entries, "invitation")).toEqual([]);
  });

  test("are one for each thing: the one of the highest version, in whatever order they came", () => {
    const entries = [role("mem_1", 10, "rol_b"), role("mem_1", 9, "owner"), role("mem_2", 3, "rol_c")];
    for (const order of [entries, entries.toReversed()]) {
      const states = lastStates(order, "member_role").toSorted((a, b) => a.id.localeCompare(b.id));
      expect(states.map(({ id, version, value }) => [id, version, value])).toEqual([
        ["mem_1", 10, "rol_b"],
        ["mem_2", 3, "rol_c"],
      ]);
    }
  });

  test("are none where an entry is not written like one", () => {
    for (const id of ["mem_1", "mem_1:x:owner", ":1:owner", "mem_1:1"]) {
      expect(lastStates([entry("member_role", id)], "member_role")).toEqual([]);
    }
  });
});
