import { beforeAll, describe, expect, test } from "vitest";
import { call, check, expectRefusal, issue, makeService, makeTeam } from "../../support.ts";

let team = "";
let key = "";
let token = "";

beforeAll(async () => {
  team = (await makeTeam()).id;
  ({ key } = await makeService());
  const permissions = [
    "EMM.Devices.VIEW",
    "MDMOnDemand.MDMInventory.READ",
    "EnterpriseCommunications.Branch.SEND",
  ];
  ({ token } = await issue(team, { permissions }));
});

function ask(body: object | string) {
  return call("POST", "/v1/check", { as: key, body });
}

describe("a question that is not well formed is a mistake of the service, not a verdict", () => {
  test("a permission that no catalogue has is 400, its place named and its text not repeated", async () => {
    const permissions = ["EMM.Devices.VIEW", "EMM.Devices.EXPLODE"];
    const { error_description } = expectRefusal(await ask({ token, permissions }), 400, "COM0005");
    expect(error_description).toContain("permissions[1]");
    expect(error_description).not.toContain("EXPLODE");
  });

  test("it takes exact permissions only: no ALL, no set, no pattern, no other case, no list in one string", async () => {
    const written = [
      "EMM.DeviceCommands.ALL",
      "emm-full",
      "EMM.*",
      "EMM.Devices",
      "emm.devices.view",
      "EMM",
      "",
    ];
    const lists = ["EMM.Devices.VIEW,EMM.Team.VIEW", "EMM.Devices.VIEW ", "__proto__", "constructor"];
    for (const permission of [...written, ...lists]) {
      expectRefusal(await ask({ token, permissions: [permission] }), 400, "COM0005");
    }
  });

  test("is refused before the token is looked at, so that garbage gets no verdict either", async () => {
    expectRefusal(await ask({ token: "garbage", permissions: ["No.Such.THING"] }), 400, "COM0005");
  });

  test.each([
    ["token", {}],
    ["token", { token: 7 }],
    ["token", { token: null }],
    ["permissions", { token: "x", permissions: "EMM.Devices.VIEW" }],
    ["permissions[0]", { token: "x", permissions: [1] }],
    ["permissions", { token: "x", permissions: null }],
    ["permissions", { token: "x", permissions: Array.from({ length: 201 }, () => "EMM.Devices.VIEW") }],
    ["team", { token: "x", team: 1 }],
    ["ip", { token: "x", ip: "not an address" }],
    ["ip", { token: "x", ip: "10.0.0.0/8" }],
    ["ip", { token: "x", ip: "10.0.0.1:80" }],
    ["ip", { token: "x", ip: "010.0.0.1" }],
    ["cost", { token: "x", cost: 0 }],
    ["cost", { token: "x", cost: -1 }],
    ["cost", { token: "x", cost: 1.5 }],
    ["cost", { token: "x", cost: "1" }],
    ["cost", { token: "x", cost: 2 ** 53 }],
    ["the body", { token: "x", unknown: true }],
    ["the body", { token: "x", toString: 1 }],
    ["the body", { token: "x", Permissions: [] }],
  ])("names %s", async (member, body) => {
    const { error_description } = expectRefusal(await ask(body), 400, "COM0005");
    expect(error_description).toContain(member);
  });
});

describe("a service that is restricted to catalogues", () => {
  test("asks about those only; of the token's permissions it sees those only", async () => {
    const { key: restricted } = await makeService({ catalogues: ["MDMOnDemand"] });
    const permissions = ["MDMOnDemand.MDMInventory.READ"];
    const verdict = await check(restricted, { token, permissions });
    expect(verdict).toMatchObject({ allowed: true, token: { permissions } });
    const asked = await call("POST", "/v1/check", {
      as: restricted,
      body: { token, permissions: ["EMM.Devices.VIEW"] },
    });
    expectRefusal(asked, 400, "COM0005");
  });

  test("learns as little about a permission of another catalogue as about one that does not exist", async () => {
    const { key: restricted } = await makeService({ catalogues: ["MDMOnDemand"] });
    const answers = await Promise.all(
      ["EMM.Devices.VIEW", "EMM.No.SUCH", "Mdm.X.Y"].map((permission) =>
        call("POST", "/v1/check", { as: restricted, body: { token, permissions: [permission] } }),
      ),
    );
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });

  test("is not fooled by a catalogue whose name begins like its own", async () => {
    const catalogue = {
      description: "x",
      resources: [{ name: "R", description: "x", operations: [{ name: "READ", description: "x" }] }],
    };
    await call("PUT", "/v1/catalogues/MDMOnDemandPlus", { body: catalogue });
    const { key: restricted } = await makeService({ catalogues: ["MDMOnDemand"] });
    const body = { token, permissions: ["MDMOnDemandPlus.R.READ"] };
    expectRefusal(await call("POST", "/v1/check", { as: restricted, body }), 400, "COM0005");
  });
});

describe("allowed addresses", () => {
  async function limitedTo(...allowed_ips: string[]): Promise<string> {
    return (await issue(team, { permissions: ["EMM.Devices.VIEW"], allowed_ips })).token;
  }

  test.each([
    [["203.0.113.7"], "203.0.113.7", true],
    [["203.0.113.7"], "203.0.113.8", false],
    [["203.0.113.7"], "::ffff:203.0.113.7", true],
    [["203.0.113.7"], "::ffff:cb00:7107", true],
    [["::ffff:203.0.113.7"], "203.0.113.7", true],
    [["203.0.113.0/24"], "203.0.113.255", true],
    [["203.0.113.0/24"], "203.0.114.0", false],
    [["0.0.0.0/0"], "198.51.100.1", true],
    [["0.0.0.0/0"], "2001:db8::1", false],
    [["2001:db8::/32"], "2001:db8:ffff::1", true],
    [["2001:db8::/32"], "2001:db9::1", false],
    [["2001:db8::1"], "2001:0DB8:0:0:0:0:0:1", true],
    [["::/0"], "203.0.113.7", false],
    [["192.0.2.1", "2001:db8::/64"], "2001:db8::7", true],
  ])("%j and a caller at %s: allowed %s", async (allowed, ip, expected) => {
    const verdict = await check(key, { token: await limitedTo(...allowed), ip });
    expect(verdict.allowed).toBe(expected);
    if (!expected) {
      expect(verdict).toMatchObject({
        reason: "ip_not_allowed",
        error: { status: 403, error_code: "TOK0006" },
      });
    }
  });

  test("refuse a caller whose address nobody told", async () => {
    const verdict = await check(key, { token: await limitedTo("0.0.0.0/0", "::/0") });
    expect(verdict).toMatchObject({ allowed: false, reason: "ip_not_allowed", token: { team } });
  });

  test("are not taken from the service's own connection or headers", async () => {
    const headers = {
      "CF-Connecting-IP": "203.0.113.7",
      "X-Forwarded-For": "203.0.113.7",
      "X-Real-IP": "203.0.113.7",
    };
    const verdict = await check(key, { token: await limitedTo("203.0.113.7") }, { headers });
    expect(verdict.reason).toBe("ip_not_allowed");
  });

  test("a token without them works from anywhere, told or not", async () => {
    expect((await check(key, { token, ip: "198.51.100.200" })).allowed).toBe(true);
    expect((await check(key, { token })).allowed).toBe(true);
  });
});
