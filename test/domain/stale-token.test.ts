import { describe, expect, it } from "vitest";
import { stalenessOf, type HeldToken, type Maker } from "../../src/domain/stale-token.ts";

const times = { unusedSince: 1_000, now: 2_000 };
const operator: Maker = { kind: "operator" };
const token: HeldToken = {
  permissions: ["A.B.C", "A.B.D"],
  createdAt: 0,
  lastUsedAt: 1_500,
  expiresAt: null,
};

function member(...permissions: string[]): Maker {
  return { kind: "member", holder: { kind: "permissions", permissions } };
}

function reasons(more: Partial<HeldToken>, maker: Maker = operator): readonly string[] {
  return stalenessOf({ ...token, ...more }, maker, times).reasons;
}

describe("a token is stale", () => {
  it("when it was neither used nor made since", () => {
    expect(reasons({})).toEqual([]);
    expect(reasons({ lastUsedAt: 1_000 })).toEqual([]);
    expect(reasons({ lastUsedAt: 999 })).toEqual(["unused"]);
    expect(reasons({ lastUsedAt: null })).toEqual(["unused"]);
    expect(reasons({ lastUsedAt: null, createdAt: 1_000 })).toEqual([]);
  });

  it("when it has expired", () => {
    expect(reasons({ expiresAt: 2_001 })).toEqual([]);
    expect(reasons({ expiresAt: 2_000 })).toEqual(["expired"]);
  });

  it("when its maker is gone, or holds less than it", () => {
    expect(reasons({}, { kind: "removed" })).toEqual(["maker_removed"]);
    expect(reasons({}, member("A.B.C", "A.B.D", "A.B.E"))).toEqual([]);
    expect(reasons({}, { kind: "member", holder: { kind: "everything" } })).toEqual([]);
    expect(stalenessOf(token, member("A.B.C"), times)).toEqual({
      reasons: ["maker_demoted"],
      exceedsMaker: ["A.B.D"],
    });
  });

  it("when a token in the row of its makers was revoked, or whoever began the row is gone", () => {
    const made = (maker: Maker, revoked = false): Maker => ({ kind: "token", revoked, maker });
    expect(reasons({}, made(made(operator)))).toEqual([]);
    expect(reasons({}, made(made(operator, true)))).toEqual(["maker_revoked"]);
    expect(reasons({}, made(made({ kind: "removed" })))).toEqual(["maker_removed"]);
    expect(reasons({}, made(member("A.B.C"), true))).toEqual(["maker_demoted", "maker_revoked"]);
  });

  it("for every reason at once", () => {
    expect(reasons({ lastUsedAt: 0, expiresAt: 1 }, { kind: "removed" })).toEqual([
      "unused",
      "expired",
      "maker_removed",
    ]);
  });
});
