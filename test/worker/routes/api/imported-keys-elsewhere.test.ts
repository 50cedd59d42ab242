import { beforeAll, describe, expect, test } from "vitest";
import { hashCredential } from "../../../../src/operations/credentials.ts";
import { call, check, expectAnswer, makeService, makeTeam, startWorker, type Worker } from "../../support.ts";

/*
 * Time runs here: what is promised is that an isolate which was as stale as it may be when the import began
 * knows the keys when it was answered.
 */
const BOUND = { FRESHNESS_MS: "500" };

let team = "";
let key = "";
let here: Worker;
let elsewhere: Worker;
beforeAll(async () => {
  team = (await makeTeam({ plan: "standard" })).id;
  ({ key } = await makeService());
  here = await startWorker(BOUND);
  elsewhere = await startWorker(BOUND);
});

describe("a key whose import was answered", () => {
  test("is known at once in an isolate whose filter is older than the import", async () => {
    for (let round = 0; round < 3; round += 1) {
      const token = `sk_test_${crypto.randomUUID()}`;
      const body = { keys: [{ name: "x", hash: hashCredential(token), permissions: ["EMM.Devices.VIEW"] }] };
      // The filter there is built, and as fresh as can be, without the key.
      expect((await check(key, { token }, { at: elsewhere })).reason).toBe("malformed_token");
      const answer = await call("POST", `/v1/teams/${team}/imported-keys`, { at: here, body });
      const { effective_by } = expectAnswer(answer, 201, "ImportedKeys");
      expect((await check(key, { token }, { at: elsewhere })).allowed).toBe(true);
      expect((await check(key, { token }, { at: here })).allowed).toBe(true);
      expect(Date.parse(effective_by)).toBeGreaterThan(Date.now() - 500);
    }
  });
});
