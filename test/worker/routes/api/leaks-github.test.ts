import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { expectTokens, redeem, storeClient, storeCode } from "../../oauth/support.ts";
import { KEYS_URL, makeGitHubKey, Outside, type GitHubKey } from "../../github.ts";
import { auditRows, isWritten, leaksOf, storeWebhook, waitingFor } from "../../leaks.ts";
import {
  call,
  check,
  driveClock,
  expectAnswer,
  expectRefusal,
  issue,
  makeService,
  makeTeam,
  sealed,
  startWorker,
  type Answer,
  type Worker,
} from "../../support.ts";

const clock = driveClock();
const outside = new Outside();

let team = "";
let github: GitHubKey;
let at: Worker;
beforeAll(async () => {
  team = (await makeTeam()).id;
  github = await makeGitHubKey("90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a");
});
beforeEach(async () => {
  outside.keys = [github.listed];
  outside.failure = null;
  outside.regions.clear();
  outside.asked.length = 0;
  at = await startWorker();
});

interface Signed {
  readonly key?: GitHubKey;
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly at?: Worker;
  readonly query?: string;
}

const PLACE = "https://github.com/octocat/Hello-World/blob/1234/foo/bar.txt";

function match(token: string, more: object = {}) {
  return { token, type: "jeton_token", url: PLACE, source: "content", ...more };
}

/** Sends a body as GitHub does, signed unless a header says otherwise. */
async function tell(
  body: unknown,
  { key = github, headers = {}, query = "", ...more }: Signed = {},
): Promise<Answer> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return call("POST", `/v1/leaks/github${query}`, {
    as: null,
    at: more.at ?? at,
    body: text,
    headers: {
      Accept: "*/*",
      "GITHUB-PUBLIC-KEY-IDENTIFIER": key.id,
      "GITHUB-PUBLIC-KEY-SIGNATURE": await key.sign(text),
      ...headers,
    },
  });
}

async function hashOf(token: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

async function label(token: string, said: "true_positive" | "false_positive") {
  return { token_hash: await hashOf(token), token_type: "jeton_token", label: said };
}

describe("what GitHub has found", () => {
  test("is ended, told of and labelled, each for itself, and no token is sent back", async () => {
    const [one, two] = [await issue(team), await issue(team)];
    const client = await storeClient();
    const { refresh_token = "" } = expectTokens(await redeem(client, (await storeCode(client)).code));
    const wanting = await storeWebhook(team, ["token.leaked"]);
    const forged = sealed("pat", { key: "another key" });
    const never = sealed("at");

    const tokens = [one.token, forged, "NMIfyYncKcRALEXAMPLE", refresh_token, never, two.token, sealed("gc")];
    const answer = await tell(tokens.map((token) => match(token)));

    const labels = expectAnswer(answer, 200, "LeakLabels");
    const real = new Set([one.token, refresh_token, two.token]);
    expect(labels).toEqual(
      await Promise.all(
        tokens.map((token) => label(token, real.has(token) ? "true_positive" : "false_positive")),
      ),
    );
    for (const token of tokens) {
      expect(answer.text).not.toContain(token);
      expect(await isWritten(token)).toBe(false);
    }
    expect(await leaksOf(one.id)).toEqual([
      { kind: "pat", reported_by: "github", source: "content", url: PLACE },
    ]);
    expect((await auditRows("access_token.revoked", two.id))[0]?.actor).toBe("github");
    expect(await waitingFor(wanting)).toEqual(["token.leaked", "token.leaked"]);
    clock.advance(1_001);
    const { key } = await makeService();
    expect(await check(key, { token: one.token })).toMatchObject({ reason: "revoked_token" });
  });

  test("again, twice in one report or by several reports at once is one leak", async () => {
    const { id, token } = await issue(team);
    const answers = await Promise.all(
      Array.from({ length: 10 }, async () => tell([match(token), match(token)])),
    );
    const said = await label(token, "true_positive");
    for (const answer of answers) expect(answer.body).toEqual([said, said]);
    expect((await tell([match(token)])).body).toEqual([said]);
    expect(await leaksOf(id)).toHaveLength(1);
  });

  test("may come with members that we do not know, and without where it was", async () => {
    const { id, token } = await issue(team);
    const answer = await tell([{ token, type: "jeton_token", url: null, more: { new: true } }]);
    expect(answer.body).toEqual([await label(token, "true_positive")]);
    expect(await leaksOf(id)).toMatchObject([{ source: null, url: null }]);
  });

  test("may be nothing", async () => {
    expect((await tell([])).body).toEqual([]);
  });

  test("and is more than can be ended at once is ended by and by", async () => {
    const tokens = await Promise.all(Array.from({ length: 60 }, async () => (await issue(team)).token));
    const body = tokens.map((token) => match(token));
    const first = await tell(body);
    expectRefusal(first, 503, "COM0004");
    expect(first.headers.get("Retry-After")).not.toBeNull();
    const second = await tell(body);
    expect(second.body).toEqual(await Promise.all(tokens.map((token) => label(token, "true_positive"))));
  });
});

describe("the signature", () => {
  test("is verified as in GitHub's documentation", async () => {
    // The example of "Implement signature verification in your secret alert service", docs.github.com.
    const id = "bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c";
    const key = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd
AjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==
-----END PUBLIC KEY-----
`;
    outside.keys = [{ key_identifier: id, key, is_current: true }];
    const body =
      '[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]';
    const headers = {
      "GITHUB-PUBLIC-KEY-IDENTIFIER": id,
      "GITHUB-PUBLIC-KEY-SIGNATURE":
        "MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/AO1RtBY66YcAdjxji410VQV4xg==",
    };
    const answer = await tell(body, { headers });
    expect(answer.body).toEqual([
      { token_hash: await hashOf("some_token"), token_type: "some_type", label: "false_positive" },
    ]);
  });

  test("is required, with the name of the key", async () => {
    const { id, token } = await issue(team);
    for (const name of ["GITHUB-PUBLIC-KEY-IDENTIFIER", "GITHUB-PUBLIC-KEY-SIGNATURE"]) {
      expectRefusal(await tell([match(token)], { headers: { [name]: null } }), 401, "COM0013");
    }
    expect(await leaksOf(id)).toEqual([]);
    expect(outside.asked).toEqual([]);
  });

  test("of another key, another body or no key of GitHub's ends nothing", async () => {
    const { id, token } = await issue(team);
    const body = JSON.stringify([match(token)]);
    const other = await makeGitHubKey("other");
    outside.keys = [github.listed, other.listed];
    const stranger = await makeGitHubKey(github.id);
    const wrong: Signed[] = [
      // By another of GitHub's keys than the one that is named.
      { headers: { "GITHUB-PUBLIC-KEY-SIGNATURE": await other.sign(body) } },
      { headers: { "GITHUB-PUBLIC-KEY-IDENTIFIER": "other" } },
      { key: stranger },
      { key: await makeGitHubKey("unknown") },
      { headers: { "GITHUB-PUBLIC-KEY-SIGNATURE": await github.sign(`${body} `) } },
      { headers: { "GITHUB-PUBLIC-KEY-SIGNATURE": "not base64!" } },
      { headers: { "GITHUB-PUBLIC-KEY-SIGNATURE": btoa("not DER") } },
      { headers: { "GITHUB-PUBLIC-KEY-SIGNATURE": "A".repeat(5_000) } },
    ];
    for (const how of wrong) expectRefusal(await tell(body, how), 401, "COM0013");
    expect(await leaksOf(id)).toEqual([]);
    expect((await tell(body, { key: other })).status).toBe(200);
    expect(await leaksOf(id)).toHaveLength(1);
  });

  test("holds for the bytes as they came", async () => {
    const { token } = await issue(team);
    const spaced = `  [ ${JSON.stringify(match(token))} ]\n`;
    expect((await tell(spaced)).status).toBe(200);
    const headers = { "GITHUB-PUBLIC-KEY-SIGNATURE": await github.sign(spaced.trim()) };
    expectRefusal(await tell(spaced, { headers }), 401, "COM0013");
  });
});

describe("a report that is signed and is none", () => {
  test.each([
    ["no JSON", "[", "COM0014"],
    ["no list", "{}", "COM0005"],
    ["a list of something else", "[1]", "COM0005"],
    ["a match without a token", '[{"type":"x"}]', "COM0005"],
    ["more than a thousand matches", `[${'{"token":"x"},'.repeat(1_000)}{"token":"x"}]`, "COM0005"],
    ["deep", "[".repeat(200) + "]".repeat(200), "COM0014"],
  ])("is refused: %s", async (_what, body, code) => {
    expectRefusal(await tell(body), 400, code);
  });

  test("is refused above a mebibyte, whether its length is declared or not", async () => {
    const large = `["${"x".repeat(1024 * 1024)}"]`;
    expectRefusal(await tell(large), 413, "COM0014");
    const body = new Blob([large]).stream();
    const headers = { "GITHUB-PUBLIC-KEY-IDENTIFIER": github.id, "GITHUB-PUBLIC-KEY-SIGNATURE": "x" };
    expectRefusal(await call("POST", "/v1/leaks/github", { as: null, at, body, headers }), 413, "COM0014");
  });
});

describe("GitHub's keys", () => {
  const asks = () => outside.asked.filter(({ url }) => url === KEYS_URL).length;

  test("are asked for once, by name, and kept for an hour", async () => {
    for (let times = 0; times < 3; times += 1) expect((await tell([])).status).toBe(200);
    expect(asks()).toBe(1);
    expect(outside.asked[0]?.headers.get("User-Agent")).toBe("Jeton");
    clock.advance(3_600_000);
    expect((await tell([])).status).toBe(200);
    expect(asks()).toBe(2);
  });

  test("are asked for once by reports that come together", async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, async () => tell([])));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(asks()).toBe(1);
  });

  test("are asked for again for one that is not known, once a minute at most", async () => {
    await tell([]);
    const next = await makeGitHubKey("next");
    expectRefusal(await tell([], { key: next }), 401, "COM0013");
    expect(asks()).toBe(1);
    outside.keys = [github.listed, next.listed];
    clock.advance(60_000);
    expect((await tell([], { key: next })).status).toBe(200);
    for (let times = 0; times < 5; times += 1) {
      expectRefusal(await tell([], { key: await makeGitHubKey("unknown") }), 401, "COM0013");
    }
    expect(asks()).toBe(2);
  });

  test("that GitHub withdraws hold no longer than an hour", async () => {
    await tell([]);
    outside.keys = [(await makeGitHubKey("next")).listed];
    clock.advance(3_600_000);
    expectRefusal(await tell([]), 401, "COM0013");
  });

  test.each<[string, () => Promise<Response>]>([
    ["nobody answers", () => Promise.reject(new Error("down"))],
    ["it is refused", async () => new Response("no", { status: 403 })],
    ["it leads elsewhere", async () => new Response(null, { status: 302, headers: { Location: "/x" } })],
    ["no list comes", async () => Response.json({ public_keys: {} })],
    ["no JSON comes", async () => new Response("<html>")],
    [
      "no key in it is one",
      async () => Response.json({ public_keys: [null, 1, { key_identifier: "x", key: "x" }] }),
    ],
    ["too much comes", async () => new Response(" ".repeat(100_000) + "{}")],
  ])("cannot be had when %s: the report is to come again, and does", async (_what, failure) => {
    const { token } = await issue(team);
    outside.failure = failure;
    expectRefusal(await tell([match(token)]), 503, "COM0004");
    outside.failure = null;
    clock.advance(60_000);
    expect((await tell([match(token)])).body).toEqual([await label(token, "true_positive")]);
  });

  test("are read at the address that a setting names", async () => {
    const own = await startWorker({ GITHUB_KEYS_URL: "https://github.example.com/keys" });
    expectRefusal(await tell([], { at: own }), 503, "COM0004");
    expect(outside.asked[0]?.url).toBe("https://github.example.com/keys");
  });
});

describe("credentials of other regions", () => {
  const EU = "https://tokens.example.eu";
  const JP = "https://tokens.example.jp";

  test("are theirs to judge: each gets the report as GitHub signed it, once", async () => {
    const own = await issue(team);
    const [theirs, forged, far] = [
      sealed("pat", { region: "eu" }),
      sealed("pat", { region: "eu" }),
      sealed("rt", { region: "jp" }),
    ];
    const body = JSON.stringify([theirs, own.token, forged, far].map((token) => match(token)));
    const got: string[] = [];
    outside.regions.set(EU, async (request) => {
      got.push(await request.text());
      // It cannot speak for others: of our own token it says what is not so.
      return Response.json([
        await label(theirs, "true_positive"),
        await label(own.token, "false_positive"),
        await label(forged, "false_positive"),
        await label(far, "true_positive"),
      ]);
    });
    outside.regions.set(JP, async () => Response.json([await label(far, "false_positive")]));

    const answer = await tell(body);

    expect(answer.body).toEqual([
      await label(theirs, "true_positive"),
      await label(own.token, "true_positive"),
      await label(forged, "false_positive"),
      await label(far, "false_positive"),
    ]);
    expect(got).toEqual([body]);
    const sent = outside.asked.find(({ url }) => url.startsWith(EU));
    expect(sent?.url).toBe(`${EU}/v1/leaks/github?passed_on=us`);
    expect(sent?.headers.get("GITHUB-PUBLIC-KEY-IDENTIFIER")).toBe(github.id);
    expect(sent?.headers.get("Authorization")).toBeNull();
  });

  test("end there: the other region takes the report as one of its own, and passes it no further", async () => {
    const eu = await startWorker({ REGION: "eu" });
    outside.regions.set(EU, eu);
    const made = await call("POST", `/v1/teams/${team}/access-tokens`, {
      at: eu,
      body: { name: "x", permissions: ["EMM.Devices.VIEW"] },
    });
    const { token, access_token } = expectAnswer(made, 201, "CreatedAccessToken");
    const far = sealed("rt", { region: "jp" });
    expect((await tell([match(token ?? "")])).body).toEqual([await label(token ?? "", "true_positive")]);
    expect(await leaksOf(access_token.id)).toMatchObject([{ reported_by: "github", url: PLACE }]);
    outside.asked.length = 0;
    const passedOn = await tell([match(far)], { at: eu, query: "?passed_on=true" });
    expect(passedOn.body).toEqual([await label(far, "false_positive")]);
    expect(outside.asked.filter(({ url }) => url.startsWith(JP))).toEqual([]);
  });

  test.each<[string, (() => Promise<Response>) | null]>([
    ["is not there", null],
    ["fails", async () => new Response("{}", { status: 503 })],
    [
      "leads elsewhere",
      async () => new Response(null, { status: 307, headers: { Location: "https://x.example" } }),
    ],
    ["answers something else", async () => Response.json({ label: "true_positive" })],
  ])(
    "of a region that %s: the whole report is to come again, and our part of it is done",
    async (_what, region) => {
      const { id, token } = await issue(team);
      if (region !== null) outside.regions.set(EU, region);
      const answer = await tell([match(sealed("pat", { region: "eu" })), match(token)]);
      expectRefusal(answer, 503, "COM0004");
      expect(await leaksOf(id)).toHaveLength(1);
    },
  );
});
