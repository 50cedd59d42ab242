import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ROOT, runTool } from "../../scripts/check/tool.ts";
import { describeApi } from "../../scripts/openapi/document.ts";
import { REGION_CODES } from "../../src/domain/region.ts";
import { EVENT_TYPES, TEST_EVENT_TYPE } from "../../src/domain/webhook-event.ts";
import { ANSWER_SCHEMAS } from "../../src/routes/api/answer-schemas.ts";
import { apiRoutes } from "../../src/routes/api/table.ts";
import { operationsOf, problemsOf, resolve, text, webhooksOf, type Node } from "./openapi-rules.ts";

const written = readFileSync(join(ROOT, "assets/openapi.json"), "utf8");
const document = JSON.parse(written) as Node;

function operation(method: string, path: string): Node {
  const found = document["paths"]?.[path]?.[method];
  if (found === undefined) throw new Error(`${method} ${path} is not described`);
  return found;
}

function parameters(method: string, path: string): string {
  const described = (operation(method, path)["parameters"] ?? []) as unknown as readonly Node[];
  return described
    .map(({ name, $ref }) => text(name ?? $ref).replace("#/components/parameters/", ""))
    .join(" ");
}

describe("the document", () => {
  test("keeps the rules of OpenAPI 3.1", () => {
    expect(problemsOf(document)).toEqual([]);
  });

  test("has every route of the table, the OAuth server's, and nothing else", () => {
    const described = operationsOf(document)
      .filter(({ operation: { tags } }) => !text(tags).includes("OAuth"))
      .map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(described.toSorted()).toEqual(apiRoutes.map(({ method, path }) => `${method} ${path}`).toSorted());
  });

  test("gives each operation an id of its own", () => {
    const ids = operationsOf(document).map(({ operation: { operationId } }) => text(operationId));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(apiRoutes.length);
    for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z0-9]+$/);
  });

  test("is the same whenever it is generated", () => {
    expect(describeApi(apiRoutes)).toEqual(JSON.parse(written));
    expect(`${JSON.stringify(describeApi(apiRoutes), null, 2)}\n`).toBe(written);
  });

  test("names all nine regions, and every answer's schema", () => {
    const servers = document["servers"] as unknown as readonly Node[];
    expect(servers.map((server) => server["x-region"])).toEqual(REGION_CODES);
    expect(new Set(servers.map(({ url }) => url)).size).toBe(9);
    expect(Object.keys(document["components"]?.["schemas"] ?? {})).toEqual(Object.keys(ANSWER_SCHEMAS));
  });
});

describe("an operation", () => {
  test.each(apiRoutes.map((route) => [route.method, route.path, route] as const))(
    "%s %s says who may call it, what it takes and what it answers",
    (method, path, { summary, access, ownBody, body = ownBody, answers, idempotent }) => {
      const described = operation(method.toLowerCase(), path);
      expect(described["summary"]).toBe(summary);
      expect("requestBody" in described).toBe(body !== undefined);
      expect(parameters(method.toLowerCase(), path).includes("IdempotencyKey")).toBe(idempotent === true);
      expect(described["x-permission"]).toBe(access.kind === "team" ? access.permission : undefined);
      expect(described["responses"]?.[answers.status]).toMatchObject({
        content: { "application/json": { schema: { $ref: `#/components/schemas/${answers.body}` } } },
      });
    },
  );

  test.each([
    ["get", "/healthz", []],
    ["post", "/v1/check", [{ serviceKey: [] }]],
    ["get", "/v1/teams", [{ operatorKey: [] }]],
    ["get", "/v1/teams/{team}", [{ operatorKey: [] }, { teamToken: [] }]],
    ["get", "/v1/forward-auth", [{ proxyKey: [], callerToken: [] }]],
    ["get", "/v1/forward-auth/envoy", [{ proxyKey: [], callerToken: [] }]],
  ])("%s %s takes these credentials", (method, path, security) => {
    expect(operation(method, path)["security"]).toEqual(security);
  });

  test.each([
    ["get", "/healthz", "200 400 406 500 503"],
    ["post", "/v1/check", "200 400 401 406 413 415 421 422 500 503"],
    ["get", "/v1/forward-auth", "200 400 401 403 429 500 503"],
    ["get", "/v1/forward-auth/envoy", "200 400 401 403 429 500 503"],
    ["post", "/v1/teams/{team}/access-tokens", "201 400 401 403 404 406 409 413 415 421 422 429 500 503"],
    ["delete", "/v1/teams/{team}/access-tokens/{id}", "200 400 401 403 404 406 421 429 500 503"],
    ["patch", "/v1/teams/{team}", "200 400 401 403 404 406 409 412 413 415 421 422 429 500 503"],
    ["put", "/v1/catalogues/{service}", "200 201 400 401 403 406 409 413 415 421 422 429 500 503"],
  ])("%s %s answers these statuses", (method, path, statuses) => {
    expect(Object.keys(operation(method, path)["responses"] ?? {}).join(" ")).toBe(statuses);
  });

  test("takes If-Match where it changes, and gives the ETag there and where it shows", () => {
    expect(parameters("patch", "/v1/teams/{team}")).toBe("team IfMatch");
    expect(parameters("delete", "/v1/teams/{team}/roles/{id}")).toBe("team id IfMatch");
    for (const method of ["get", "patch"]) {
      expect(operation(method, "/v1/teams/{team}")["responses"]?.["200"]?.["headers"]).toHaveProperty("ETag");
    }
    expect(operation("get", "/v1/teams")["responses"]?.["200"]).not.toHaveProperty("headers");
  });

  test("of a proxy's check describes the headers that it reads and gives", () => {
    expect(parameters("get", "/v1/forward-auth")).toBe(
      "permission team statuses client_ip_header X-Jeton-Client-IP X-Jeton-Method X-Jeton-Url X-Jeton-DPoP",
    );
    expect(parameters("get", "/v1/forward-auth/envoy")).toBe(
      "X-Jeton-Permission X-Jeton-Team X-Jeton-Client-IP X-Jeton-Method X-Jeton-Url X-Jeton-DPoP",
    );
    expect(document["components"]?.["securitySchemes"]?.["proxyKey"]?.["name"]).toBe("X-Jeton-Service-Key");
    const { headers = {} } = operation("get", "/v1/forward-auth")["responses"]?.["200"] ?? {};
    expect(Object.keys(headers)).toContain("X-Jeton-Team");
  });
});

describe("an endpoint of the OAuth server", () => {
  test("takes a form, answers errors of its own, and lets a public client in", () => {
    const { requestBody, responses, security } = operation("post", "/oauth/v2/token");
    const schema = requestBody?.["content"]?.["application/x-www-form-urlencoded"]?.["schema"];
    expect(schema).toMatchObject({ required: ["grant_type"], properties: { code: { type: "string" } } });
    expect(responses?.["400"]).toEqual({ $ref: "#/components/responses/OAuthError" });
    expect(security).toEqual([{ clientSecret: [] }, {}]);
  });

  test("that a person sees is a page, with what it takes in the query", () => {
    expect(parameters("get", "/oauth/v2/auth")).toContain("client_id scope redirect_uri response_type");
    expect(operation("get", "/oauth/v2/auth")["responses"]?.["200"]?.["content"]).toHaveProperty("text/html");
  });
});

describe("what a webhook is sent", () => {
  test("is there for each type of the contract and the test, by one POST each", () => {
    const described = webhooksOf(document).map(({ method, path }) => `${method} ${path}`);
    expect(described.toSorted()).toEqual(
      [...EVENT_TYPES, TEST_EVENT_TYPE].map((type) => `post ${type}`).toSorted(),
    );
  });

  test.each(EVENT_TYPES)("%s has the signed headers, and a body whose data says what it holds", (type) => {
    const { parameters: headers, requestBody } = document["webhooks"]?.[type]?.["post"] ?? {};
    const described = (headers as unknown as readonly Node[]).map((header) => resolve(document, header));
    expect(described.map((header) => [header?.["in"], header?.["name"]])).toEqual([
      ["header", "webhook-id"],
      ["header", "webhook-timestamp"],
      ["header", "webhook-signature"],
    ]);
    const schema = requestBody?.["content"]?.["application/json"]?.["schema"];
    expect(schema).toMatchObject({
      required: ["id", "type", "team", "region", "created_at", "data"],
      properties: { type: { const: type } },
    });
    const whole = schema?.["properties"]?.["data"]?.["anyOf"]?.["0"]?.["properties"] ?? {};
    expect(Object.keys(whole).slice(0, 3)).toEqual(["id", "sequence", "actor"]);
    expect(Object.keys(whole).length).toBeGreaterThan(3);
  });
});

describe("a body", () => {
  test("that a request sends has no members but these, while an answer may gain some", () => {
    const sent = operation("post", "/v1/teams")["requestBody"]?.["content"]?.["application/json"]?.["schema"];
    expect(sent).toMatchObject({ additionalProperties: false, required: ["name", "slug"] });
    expect(JSON.stringify(document["components"]?.["schemas"])).not.toContain('"additionalProperties":false');
  });
});

describe("the rules", () => {
  /** What the rules find once the value at a place is another one; undefined removes it. */
  function problemsWith(value: unknown, ...at: readonly string[]): string {
    const copy = structuredClone(document) as Record<string, unknown>;
    let parent = copy;
    for (const member of at.slice(0, -1)) parent = parent[member] as Record<string, unknown>;
    parent[at.at(-1) ?? ""] = value;
    return problemsOf(JSON.parse(JSON.stringify(copy)) as Node).join("\n");
  }

  const team = ["paths", "/v1/teams/{team}", "get"];

  test.each<[string, unknown, readonly string[], RegExp]>([
    ["another version", "3.0.3", ["openapi"], /version of 3\.1/],
    ["no title", undefined, ["info", "title"], /info\.title/],
    ["two licences", "https://x.test", ["info", "license", "url"], /info\.license/],
    [
      "a reference to nothing",
      { $ref: "#/components/responses/Gone" },
      [...team, "responses", "404"],
      /not there/,
    ],
    ["an undeclared parameter", [], [...team, "parameters"], /path's parameters/],
    ["an undeclared tag", ["Other"], [...team, "tags"], /tag Other/],
    ["an unknown scheme", [{ other: [] }], [...team, "security"], /security scheme other/],
    ["a body for GET", { content: {} }, [...team, "requestBody"], /no meaning/],
    ["no success", {}, [...team, "responses"], /no success/],
    ["a twin of a path", {}, ["paths", "/v1/teams/{id}"], /matches the same/],
    ["no method", {}, ["paths", "/v1/teams", "fetch"], /no method/],
    ["a schema of nothing", {}, ["components", "schemas", "Health"], /anything goes/],
    ["a wrong type", { type: "text" }, ["components", "schemas", "Health"], /text is no type/],
    [
      "an unknown keyword",
      { type: "string", nullable: true },
      ["components", "schemas", "Health"],
      /nullable/,
    ],
    [
      "a broken pattern",
      { type: "string", pattern: "(" },
      ["components", "schemas", "Health"],
      /pattern that is none/,
    ],
    ["a bare array", { type: "array" }, ["components", "schemas", "Health"], /array of what/],
    [
      "a required member that is not described",
      { type: "object", required: ["a"] },
      ["components", "schemas", "Health"],
      /a is required/,
    ],
  ])("find %s", (_what, value, at, words) => {
    expect(problemsWith(value, ...at)).toMatch(words);
  });
});

describe("the check of the committed file", () => {
  const folder = mkdtempSync(join(tmpdir(), "openapi-"));
  mkdirSync(join(folder, "assets"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = async (...args: string[]) =>
    runTool("node", [join(ROOT, "scripts/openapi.ts"), ...args], folder);

  test("fails without it and when one word differs, and passes once it is written", async () => {
    expect((await run("--check")).code).toBe(1);
    writeFileSync(join(folder, "assets/openapi.json"), written.replace("Show a team.", "Show the team."));
    expect(await run("--check")).toMatchObject({
      code: 1,
      output: expect.stringContaining("npm run openapi"),
    });
    expect((await run()).code).toBe(0);
    expect((await run("--check")).code).toBe(0);
    expect(readFileSync(join(folder, "assets/openapi.json"), "utf8")).toBe(written);
  }, 60_000);
});
