import { beforeAll, describe, expect, test } from "vitest";
import {
  call,
  expectAnswer,
  expectRefusal,
  issue,
  makeService,
  makeTeam,
  storeToken,
  type AnswerBody,
} from "../../support.ts";

let team = "";
const issued: string[] = [];
beforeAll(async () => {
  team = (await makeTeam()).id;
  for (let made = 0; made < 7; made += 1) issued.push((await issue(team)).id);
});

type Page = AnswerBody<"AccessTokens">;

async function page(query: string): Promise<Page> {
  return expectAnswer(await call("GET", `/v1/teams/${team}/access-tokens${query}`), 200, "AccessTokens");
}

async function pages(limit: number): Promise<string[][]> {
  const found: string[][] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const next: Page = await page(`?limit=${limit}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    found.push(next.access_tokens.map(({ id }) => id));
    cursor = next.next_cursor;
  }
  return found;
}

describe("a list", () => {
  test("of seven comes in pages of three, three and one: each entry once", async () => {
    const found = await pages(3);
    expect(found.map((ids) => ids.length)).toEqual([3, 3, 1]);
    expect(found.flat().toSorted()).toEqual(issued.toSorted());
  });

  test("is newest first", async () => {
    const { access_tokens } = await page("");
    const times = access_tokens.map(({ created_at }) => created_at);
    expect(times).toEqual(times.toSorted().reverse());
  });

  test.each([
    [7, [7]],
    [1, [1, 1, 1, 1, 1, 1, 1]],
    [100, [7]],
  ])("with limit %i has pages of %j, and no empty last one", async (limit, sizes) => {
    expect((await pages(limit)).map((ids) => ids.length)).toEqual(sizes);
  });

  test("has the revoked and the expired too, but no OAuth access tokens", async () => {
    const of = (await makeTeam()).id;
    await storeToken(of, { expires_at: 1 });
    await storeToken(of, { revoked_at: 1 });
    await storeToken(of, { kind: "at" });
    const listed = await call("GET", `/v1/teams/${of}/access-tokens`);
    expect(expectAnswer(listed, 200, "AccessTokens").access_tokens).toHaveLength(2);
  });

  test("has nothing of another team, whatever the cursor", async () => {
    const other = (await makeTeam()).id;
    await issue(other);
    expect(issued).not.toContain((await page("")).next_cursor);
    const crossed = await call("GET", `/v1/teams/${other}/access-tokens?cursor=${issued[6]}`);
    const { access_tokens } = expectAnswer(crossed, 200, "AccessTokens");
    expect(access_tokens.every((token) => token.team === other)).toBe(true);
  });

  test("that is empty is empty", async () => {
    const of = (await makeTeam()).id;
    const listed = await call("GET", `/v1/teams/${of}/access-tokens`);
    expect(listed.body).toEqual({ access_tokens: [], next_cursor: null });
  });

  test("goes on from where it was, though entries came and went between", async () => {
    const of = (await makeTeam()).id;
    for (let made = 0; made < 4; made += 1) await issue(of);
    const first = expectAnswer(
      await call("GET", `/v1/teams/${of}/access-tokens?limit=2`),
      200,
      "AccessTokens",
    );
    await issue(of);
    const path = `/v1/teams/${of}/access-tokens?limit=2&cursor=${first.next_cursor}`;
    const second = expectAnswer(await call("GET", path), 200, "AccessTokens");
    const seen = [...first.access_tokens, ...second.access_tokens].map(({ id }) => id);
    expect(new Set(seen).size).toBe(4);
    expect(second.next_cursor).toBeNull();
  });

  test("ignores parameters that it does not know", async () => {
    expect((await page("?limit=2&offset=5&sort=name&team=x")).access_tokens).toHaveLength(2);
  });
});

describe("teams and services are listed alike", () => {
  test.each([
    ["/v1/teams", "Teams", "teams", async () => (await makeTeam()).id],
    ["/v1/services", "Services", "services", async () => (await makeService()).service.id],
  ] as const)("%s", async (path, schema, member, make) => {
    const made = [await make(), await make(), await make()];
    const found: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const answer = await call("GET", `${path}?limit=2${cursor && `&cursor=${cursor}`}`);
      const body = expectAnswer(answer, 200, schema) as Record<string, unknown>;
      found.push(...(body[member] as { id: string }[]).map(({ id }) => id));
      cursor = body["next_cursor"] as string | null;
    }
    expect(new Set(found).size).toBe(found.length);
    expect(found).toEqual(expect.arrayContaining(made));
  });
});

describe("a bad page", () => {
  const lists = ["/v1/teams", "/v1/services"];

  test.each([
    "0",
    "101",
    "-1",
    "1.5",
    "abc",
    "",
    "1e1",
    "0x10",
    "٣",
    "5;DROP",
    "99999999999999999999",
    "05",
    "+5",
    "NaN",
  ])("limit=%s is 400 COM0003", async (limit) => {
    for (const path of [...lists, `/v1/teams/${team}/access-tokens`]) {
      const answer = await call("GET", `${path}?limit=${encodeURIComponent(limit)}`);
      expect(expectRefusal(answer, 400, "COM0003").error_description).toContain("limit");
    }
  });

  test.each([
    "",
    "x",
    "team_",
    "tok_' OR '1'='1",
    "tok_%",
    "*",
    "null",
    "tok_0000000000000000000000000u",
    "../../x",
    "0",
  ])("cursor=%s is 400 COM0003", async (cursor) => {
    for (const path of [...lists, `/v1/teams/${team}/access-tokens`]) {
      const answer = await call("GET", `${path}?cursor=${encodeURIComponent(cursor)}`);
      expect(expectRefusal(answer, 400, "COM0003").error_description).toContain("cursor");
    }
  });

  test("a cursor with one character changed, cut or added is refused, and so is one of another list", async () => {
    const { next_cursor } = await page("?limit=3");
    const cursor = next_cursor ?? "";
    const tampered = [
      `${cursor}0`,
      cursor.slice(0, -1),
      cursor.toUpperCase(),
      cursor.replace("tok_", "svc_"),
      `${cursor.slice(0, -1)}!`,
    ];
    for (const text of tampered) {
      const answer = await call("GET", `/v1/teams/${team}/access-tokens?cursor=${encodeURIComponent(text)}`);
      expectRefusal(answer, 400, "COM0003");
    }
    expectRefusal(await call("GET", `/v1/services?cursor=${cursor}`), 400, "COM0003");
  });

  test("is told to nobody who may not see the list", async () => {
    expectRefusal(await call("GET", "/v1/teams?limit=0", { as: null }), 401, "COM0013");
  });
});
