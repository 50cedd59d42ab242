import { describe, expect, test } from "vitest";
import { readExcerpt } from "../../../src/operations/webhooks/read-excerpt.ts";
import { retryAfterMs } from "../../../src/operations/webhooks/retry-after.ts";
import { sendMessage } from "../../../src/operations/webhooks/send-message.ts";

const message = { url: "https://hooks.example.com/", headers: { "webhook-id": "evt_1" }, body: "{}" };
const clock = () => 1_000;

describe("sending a message", () => {
  test("ends when the receiver has taken too long, also where nothing else would end it", async () => {
    const silent = { clock, send: () => new Promise<Response>(() => {}) };
    expect(await sendMessage(silent, message, 20)).toEqual({
      statusCode: null,
      error: "timeout",
      durationMs: 0,
      excerpt: null,
      askedMs: null,
    });
  });

  test("is told to end, so that no connection stays open", async () => {
    let signal: AbortSignal | undefined;
    const silent = {
      clock,
      send: (request: Request) => {
        signal = request.signal;
        return new Promise<Response>(() => {});
      },
    };
    await sendMessage(silent, message, 20);
    expect(signal?.aborted).toBe(true);
  });

  test("measures until the answer is there", async () => {
    let now = 0;
    const send = async () => {
      now += 1_234;
      return new Response("fine");
    };
    expect(await sendMessage({ clock: () => now, send }, message)).toMatchObject({
      statusCode: 200,
      error: null,
      durationMs: 1_234,
      excerpt: "fine",
    });
  });
});

describe("an excerpt", () => {
  test("of a body that never ends nor comes is not waited for", async () => {
    const started = Date.now();
    const headers = { "Content-Type": "text/plain" };
    const stuck = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("the beginning")),
      pull: () => new Promise(() => {}),
    });
    expect(await readExcerpt(new Response(stuck, { headers }))).toBe("the beginning");
    expect(Date.now() - started).toBeLessThan(10_000);
  });

  test.each([
    ["text/html; charset=utf-8", "x"],
    ["application/json", "x"],
    ["application/problem+json", "x"],
    ["APPLICATION/XML", "x"],
    ["application/octet-stream", null],
    ["image/svg+xml", null],
    ["application/jsonish", null],
    ["", null],
  ])("of %j is %j", async (type, expected) => {
    expect(await readExcerpt(new Response("x", { headers: { "Content-Type": type } }))).toBe(expected);
  });

  test.each([
    [new Response(null), null],
    [new Response(" \r\n\t "), null],
    [new Response("a\u0000b\u0007\u009b\u2028\ufeff\u200fc"), "a b c"],
    [
      new Response(new Uint8Array([0x61, 0xff, 0xfe, 0x62]), { headers: { "Content-Type": "text/plain" } }),
      "a��b",
    ],
  ])("is cleaned (%#)", async (response, expected) => {
    expect(await readExcerpt(response)).toBe(expected);
  });
});

describe("Retry-After", () => {
  const now = Date.UTC(2026, 10, 22, 12, 0, 0);

  test.each([
    ["120", 120_000],
    [" 120 ", 120_000],
    ["Sun, 22 Nov 2026 12:01:00 GMT", 60_000],
    ["Sunday, 22-Nov-26 12:01:00 GMT", 60_000],
    ["0", null],
    ["-5", null],
    ["1.5", null],
    ["12345678901", null],
    ["Sun, 22 Nov 2026 11:59:59 GMT", null],
    ["tomorrow", null],
    ["2027", 2_027_000],
    ["Sun, nonsense GMT", null],
    ["", null],
    [null, null],
  ])("of %j asks for %j ms", (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });
});
