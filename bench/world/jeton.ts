import { createHash, createHmac } from "node:crypto";
import { randomBase62 } from "../../src/domain/base62.ts";
import { sealCredential, untaggedCredential } from "../../src/domain/token.ts";
import { renderRequest } from "../rig/request.ts";

const TAG_KEY = "jtn-dev-tag-key-0000000000000000";
const OPERATOR_KEY = "jtn-dev-operator-key";

/** Settings of every Jeton here: the contract's defaults, with development secrets. */
export const VARS = { DEVELOPMENT: "true", OPERATOR_KEY, TAG_KEYS: TAG_KEY };

export const PERMISSION = "EMM.DeviceCommands.LOCK";
export const STRICT_PERMISSION = "EMM.DeviceCommands.WIPE";
const PERMISSIONS = [PERMISSION, "EMM.Devices.VIEW"];

export interface IssuedToken {
  readonly id: string;
  readonly text: string;
}

/** What an integration has in hand: a team, a service's key, and calls that make and end tokens. */
export class Jeton {
  readonly url: string;
  readonly team: string;
  readonly serviceKey: string;

  private constructor(url: string, team: string, serviceKey: string) {
    this.url = url;
    this.team = team;
    this.serviceKey = serviceKey;
  }

  /** Sets up a team and a service over the API, as an operator would. */
  static async setUp(url: string): Promise<Jeton> {
    const { team } = await post<{ team: { id: string } }>(url, "/v1/teams", { name: "Bench", slug: "bench" });
    const { key } = await post<{ key: string }>(url, "/v1/services", { name: "device-api" });
    return new Jeton(url, team.id, key);
  }

  async issue(extra: Readonly<Record<string, unknown>> = {}): Promise<IssuedToken> {
    const body = {
      name: "Continuous integration",
      profile_id: "profile-1",
      permissions: PERMISSIONS,
      ...extra,
    };
    const path = `/v1/teams/${this.team}/access-tokens`;
    const { access_token: row, token } = await post<{ access_token: { id: string }; token: string }>(
      this.url,
      path,
      body,
    );
    return { id: row.id, text: token };
  }

  async issueMany(count: number, extra: Readonly<Record<string, unknown>> = {}): Promise<IssuedToken[]> {
    const tokens: IssuedToken[] = [];
    while (tokens.length < count) tokens.push(await this.issue(extra));
    return tokens;
  }

  /** Has no effect on the team but that every cached copy of its tokens dies. */
  async touchTeam(): Promise<void> {
    const name = `Bench ${Math.random()}`;
    await send(this.url, "PATCH", `/v1/teams/${this.team}`, { name });
  }

  checkRequest(token: string, permissions: readonly string[] = [PERMISSION]): string {
    return renderRequest({
      path: "/v1/check",
      headers: { Authorization: `Bearer ${this.serviceKey}` },
      body: { token, permissions, team: this.team, ip: "203.0.113.7" },
    });
  }

  forwardAuthRequest(token: string): string {
    return renderRequest({
      method: "GET",
      path: `/v1/forward-auth?permission=${PERMISSION}&team=${this.team}`,
      headers: {
        Authorization: `Bearer ${token}`,
        "X-Jeton-Service-Key": this.serviceKey,
        "X-Jeton-Client-IP": "203.0.113.7",
      },
    });
  }

  issueRequest(): string {
    return renderRequest({
      path: `/v1/teams/${this.team}/access-tokens`,
      headers: { Authorization: `Bearer ${OPERATOR_KEY}` },
      body: { name: "Continuous integration", profile_id: "profile-1", permissions: PERMISSIONS },
    });
  }

  revokeRequest(id: string): string {
    return renderRequest({
      path: `/v1/teams/${this.team}/access-tokens/${id}/revoke`,
      headers: { Authorization: `Bearer ${OPERATOR_KEY}` },
    });
  }
}

/** A token as this region makes it; nobody has stored it yet. */
export function makeToken(): string {
  const untagged = untaggedCredential("pat", "us", randomBase62(24, randomBytes));
  return sealCredential(untagged, createHmac("sha256", TAG_KEY).update(untagged).digest());
}

/** Right in shape, region and checksum, and made by somebody who does not have the tag key. */
export function forgeToken(): string {
  const untagged = untaggedCredential("pat", "us", randomBase62(24, randomBytes));
  return sealCredential(untagged, createHmac("sha256", "a guess").update(untagged).digest());
}

export function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

function post<T>(url: string, path: string, body: unknown): Promise<T> {
  return send(url, "POST", path, body);
}

async function send<T>(url: string, method: string, path: string, body: unknown): Promise<T> {
  const headers = { Authorization: `Bearer ${OPERATOR_KEY}`, "Content-Type": "application/json" };
  const response = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
