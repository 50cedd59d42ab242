import { beforeAll, describe, expect, test } from "vitest";
import { sealed, call, check, makeService, makeTeam, storeToken, type Verdict } from "../../support.ts";

/** What is wrong with a question: a token's row, how its text is made, and what is asked of it. */
interface Fault {
  readonly reason: NonNullable<Verdict["reason"]>;
  readonly row?: Readonly<Record<string, string | number>>;
  readonly text?: () => string;
  readonly spoil?: (token: string) => string;
  readonly question?: object;
  readonly inSuspendedTeam?: boolean;
}

const longAgo = Date.UTC(2020, 0, 1);

/** In the contract's order (section 4). Each can be combined with each that comes later. */
const FAULTS: readonly Fault[] = [
  { reason: "malformed_token", spoil: (token) => token.slice(0, -1) + (token.endsWith("a") ? "b" : "a") },
  { reason: "wrong_region", text: () => sealed("pat", { region: "eu" }) },
  { reason: "unknown_token", text: () => sealed("pat", { key: "a forger's own key" }) },
  { reason: "invalid_proof", row: { kind: "at", proof_key: "thumbprint-of-a-key" } },
  { reason: "wrong_audience", row: { kind: "at", audience: "https://another.example" } },
  { reason: "wrong_team", question: { team: "team_0000000000000000000000000x" } },
  { reason: "revoked_token", row: { revoked_at: longAgo } },
  { reason: "expired_token", row: { expires_at: longAgo } },
  { reason: "team_suspended", inSuspendedTeam: true },
  { reason: "ip_not_allowed", row: { allowed_ips: '["192.0.2.1"]' }, question: { ip: "192.0.2.2" } },
  { reason: "missing_permission", question: { permissions: ["EMM.DeviceCommands.WIPE"] } },
  { reason: "rate_limited", row: { rate_limit: 1, rate_window_seconds: 60 }, question: { cost: 2 } },
];

const PAIRS = FAULTS.flatMap((earlier, index) =>
  FAULTS.slice(index + 1).map((later) => ({ earlier, later })),
);

let active = "";
let suspended = "";
let key = "";

beforeAll(async () => {
  active = (await makeTeam()).id;
  suspended = (await makeTeam()).id;
  await call("PATCH", `/v1/teams/${suspended}`, { body: { status: "suspended" } });
  ({ key } = await makeService());
});

/** Asks about a stored token that has all of these faults at once. */
async function askWith(faults: readonly Fault[]): Promise<Verdict> {
  const team = faults.some(({ inSuspendedTeam }) => inSuspendedTeam) ? suspended : active;
  const text = faults.find((fault) => fault.text !== undefined)?.text?.() ?? sealed("pat");
  const row = Object.assign({}, ...faults.map((fault) => fault.row ?? {})) as Fault["row"];
  const question = Object.assign({}, ...faults.map((fault) => fault.question ?? {})) as object;
  const token = await storeToken(team, row, text);
  const sent = faults.reduce((sofar, { spoil }) => spoil?.(sofar) ?? sofar, token);
  return check(key, { ...question, token: sent });
}

describe("a token that is refused for two reasons", () => {
  test.each(PAIRS)(
    "is refused for the earlier one: $earlier.reason before $later.reason",
    async ({ earlier, later }) => {
      expect((await askWith([earlier, later])).reason).toBe(earlier.reason);
      expect((await askWith([later])).reason).toBe(later.reason);
    },
  );
});

test("a token with every fault loses them one by one, in the contract's order", async () => {
  const seen: (string | null)[] = [];
  for (let first = 0; first <= FAULTS.length; first += 1) {
    seen.push((await askWith(FAULTS.slice(first))).reason);
  }
  expect(seen).toEqual([...FAULTS.map(({ reason }) => reason), null]);
});

test("the token is told from the seventh reason on, and not before", async () => {
  for (const [index, fault] of FAULTS.entries()) {
    const { token } = await askWith([fault]);
    expect(token === null, fault.reason).toBe(index < 6);
  }
});
