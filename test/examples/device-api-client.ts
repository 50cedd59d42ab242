import { afterAll, beforeAll, expect, vi } from "vitest";
import { prepareDeviceApi } from "../../scripts/local/device-api.ts";
import { tryPort } from "../../scripts/local/port.ts";
import { startJeton, type RunningJeton } from "../running-jeton.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** As JSON says it; of an empty answer, an empty object. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Sending {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls as one caller does: with its token, or with none. */
export type Caller = (method: string, path: string, sending?: Sending) => Promise<Answer>;

export interface DeviceApi {
  readonly jeton: RunningJeton;
  as(token: string | null): Caller;
}

/** Licences of a team; fewer than the example's own, so that a test can use them up. */
export const DEVICE_LIMIT = 25;

/** Jeton and the example beside it, for the tests of one file. What is revoked is refused at the next call. */
export function useDeviceApi(): DeviceApi {
  // Each promise takes many calls, and shares its machine with other tests.
  vi.setConfig({ testTimeout: 30_000 });
  const running = {} as { jeton: RunningJeton; url: string };

  beforeAll(async () => {
    const port = (await tryPort(0)) ?? 0;
    running.url = `http://127.0.0.1:${port}`;
    running.jeton = await startJeton({
      vars: { FRESHNESS_MS: "0" },
      beside: (folders) =>
        prepareDeviceApi({ ...folders, port, vars: { DEVICE_LIMIT: String(DEVICE_LIMIT) } }),
    });
  }, 120_000);

  afterAll(() => running.jeton?.stop());

  return {
    get jeton() {
      return running.jeton;
    },
    as:
      (token) =>
      async (method, path, { body, headers = {} } = {}) => {
        const response = await fetch(running.url + path, {
          method,
          headers: {
            ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
            ...(body === undefined ? {} : { "Content-Type": "application/json" }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
        });
        const text = await response.text();
        const parsed = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
        if (response.status >= 400) expectErrorShape(response, parsed);
        return { status: response.status, headers: response.headers, body: parsed };
      },
  };
}

/** Contract, section 7: nothing else is ever said in a refusal, whoever refuses. */
function expectErrorShape({ headers }: Response, body: Readonly<Record<string, unknown>>): void {
  expect(headers.get("Content-Type")).toBe("application/json;charset=UTF-8");
  expect(headers.get("Content-Language")).toMatch(/^[a-z]{2}$/);
  for (const member of ["error_code", "error_description", "localized_error_description"]) {
    expect(body[member]).toBeTypeOf("string");
  }
}

export function expectRefusal({ status, body }: Answer, expectedStatus: number, code: string): void {
  expect([status, body["error_code"]], String(body["error_description"])).toEqual([expectedStatus, code]);
}

/** Expects success and gives one member of the answer. */
export function expectMade<T = Readonly<Record<string, unknown>>>(
  { status, body }: Answer,
  expectedStatus: number,
  member: string,
): T {
  expect(status, JSON.stringify(body)).toBe(expectedStatus);
  return body[member] as T;
}
