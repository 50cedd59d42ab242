import { describe, expect, test } from "vitest";
import { call, expectAnswer, expectRefusal, unique } from "../support.ts";

const LIMIT = 64 * 1024;

function post(body: string | Uint8Array | ReadableStream, headers: Record<string, string | null> = {}) {
  return call("POST", "/v1/teams", { body, headers });
}

function bodyOf(more = ""): string {
  return `{"name":"A","slug":"${unique("body")}"${more}}`;
}

/** A body of exactly so many bytes, most of them white space. */
function padded(bytes: number): string {
  const body = bodyOf();
  return body + " ".repeat(bytes - body.length);
}

/** Chunks without a declared length, as `Transfer-Encoding: chunked` brings them. */
function streamed(...chunks: readonly string[]): ReadableStream {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });
}

describe("the size of a body", () => {
  test.each([{}, { "Content-Length": String(LIMIT) }])("may be 64 KiB, declared as %j", async (headers) => {
    expectAnswer(await post(padded(LIMIT), headers), 201, "CreatedTeam");
  });

  test("may not be a byte more when it is declared", async () => {
    expectRefusal(await post(padded(LIMIT + 1), { "Content-Length": String(LIMIT + 1) }), 413, "COM0014");
  });

  test("may not be a byte more when it is not declared, however it is cut", async () => {
    expectRefusal(await post(padded(LIMIT + 1)), 413, "COM0014");
    expectRefusal(await post(streamed(padded(LIMIT), " ")), 413, "COM0014");
    expectRefusal(
      await post(streamed(...Array.from({ length: 100 }, () => " ".repeat(1_000)))),
      413,
      "COM0014",
    );
  });

  test.each(["1", "0", "-1", "64", "abc"])(
    "is counted when Content-Length says %s and it is more",
    async (length) => {
      expectRefusal(await post(padded(LIMIT + 1), { "Content-Length": length }), 413, "COM0014");
    },
  );

  test("is in bytes, not in characters", async () => {
    const name = "é".repeat(LIMIT / 2);
    expectRefusal(await post(`{"name":"${name}","slug":"x"}`), 413, "COM0014");
  });

  test("is not read at all from a caller who is nobody", async () => {
    const answer = await call("POST", "/v1/teams", { as: null, body: padded(LIMIT + 1) });
    expectRefusal(answer, 401, "COM0013");
  });
});

describe("a body that is cut into chunks", () => {
  test("is put together, also where the cut goes through a character", async () => {
    const bytes = new TextEncoder().encode(`{"name":"Zoë 日本","slug":"${unique("body")}"}`);
    const body = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
        controller.close();
      },
    });
    expect(expectAnswer(await post(body), 201, "CreatedTeam").team.name).toBe("Zoë 日本");
  });
});

describe("an empty body", () => {
  test.each(["", " ", "\r\n\t "])("%j is COM0006", async (body) => {
    expectRefusal(await post(body), 400, "COM0006");
  });

  test("and none at all is COM0006", async () => {
    expectRefusal(await call("POST", "/v1/teams"), 400, "COM0006");
  });

  test("is fine where none is needed", async () => {
    expectRefusal(await call("POST", "/v1/teams/team_x/access-tokens/tok_x/revoke"), 404, "COM0008");
  });
});

describe("a body that is not JSON", () => {
  test.each([
    "{",
    '{"name":}',
    "{'name':'A'}",
    "name=A&slug=b",
    "undefined",
    '{"a":1}{"b":2}',
    '{"a":1,}',
    "\u0000",
  ])("%j is COM0014", async (body) => {
    expectRefusal(await post(body), 400, "COM0014");
  });

  test("or not in UTF-8 is COM0014: nothing is stored that was not sent", async () => {
    const [head = "", tail = ""] = bodyOf().split("A");
    const encoder = new TextEncoder();
    for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe9]]) {
      const body = new Uint8Array([...encoder.encode(head), ...bytes, ...encoder.encode(tail)]);
      expectRefusal(await post(body), 400, "COM0014");
      expectRefusal(await post(body, { "Content-Length": String(body.byteLength) }), 400, "COM0014");
    }
  });

  test("or nests without end is COM0014, whatever it is for", async () => {
    for (const depth of [101, 1_000, 30_000]) {
      const body = `{"name":"A","slug":"x","owner":${"[".repeat(depth)}${"]".repeat(depth)}}`;
      expectRefusal(await post(body), 400, "COM0014");
    }
  });

  test("may begin with a byte order mark, which some tools write", async () => {
    expectAnswer(await post(`\uFEFF${bodyOf()}`), 201, "CreatedTeam");
  });
});

describe("a body that is JSON but no object", () => {
  test.each(["[]", '[{"name":"A","slug":"b"}]', "null", "7", '"text"', "true"])(
    "%s is COM0005",
    async (body) => {
      expectRefusal(await post(body), 400, "COM0005");
    },
  );
});

describe("the media type", () => {
  test.each([
    "application/json",
    "application/json;charset=UTF-8",
    "APPLICATION/JSON",
    "application/merge-patch+json",
  ])("%s is taken", async (type) => {
    expectAnswer(await post(bodyOf(), { "Content-Type": type }), 201, "CreatedTeam");
  });

  test("may be left out", async () => {
    expectAnswer(
      await post(new TextEncoder().encode(bodyOf()), { "Content-Type": null }),
      201,
      "CreatedTeam",
    );
  });

  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/json",
    "application/jsonp",
    "application/json-seq",
    "json",
    "text/html;application/json",
  ])("%s is 415", async (type) => {
    expectRefusal(await post(bodyOf(), { "Content-Type": type }), 415, "COM0014");
  });
});

describe("a member", () => {
  test.each([
    [{ slug: "x" }, "name is missing"],
    [{ name: "A", slug: "x", owner: {} }, "owner.email is missing"],
    [{ name: "A", slug: "x", owner: 7 }, "owner has a value of the wrong type"],
    [{ name: "A", slug: "x", owner: { email: "a@b.example", password: 1 } }, "owner.password has a value"],
    [{ name: "A", slug: "x", owner: { email: "a@b.example", admin: true } }, "unknown member in owner"],
    [{ name: "A", slug: "x", colour: "red" }, "unknown member in the body"],
  ])("of %j is named by its path: %s", async (body, words) => {
    const answer = await call("POST", "/v1/teams", { body });
    expect(expectRefusal(answer, 400, "COM0005").error_description).toContain(words);
  });

  test.each(["toString", "constructor", "__proto__", "hasOwnProperty", "Name", " name", "name\\u0000"])(
    "called %j is unknown, though JavaScript may know it",
    async (name) => {
      expectRefusal(await post(bodyOf(`,"${name}":{"name":"B"}`)), 400, "COM0005");
    },
  );

  test("that comes from the prototype is no member", async () => {
    expectRefusal(await post('{"__proto__":{"name":"A","slug":"proto"}}'), 400, "COM0005");
  });
});
