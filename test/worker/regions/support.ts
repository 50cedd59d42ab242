import { vi } from "vitest";
import { base64url } from "jose";
import type { RegionCode } from "../../../src/domain/region.ts";
import {
  registrationClaims,
  REGISTRATION_TYPE,
  type EnabledClient,
} from "../../../src/domain/registration.ts";
import { defaultOrigin } from "../../../src/deployments.ts";
import type { ClientType } from "../../../src/domain/client.ts";
import { call, unique, type Answer } from "../support.ts";

/** A region that a test plays: its keys, and what it signs. */
export interface PlayedRegion {
  readonly code: RegionCode;
  readonly jwks: object;
  /** @param header beside the usual one, or in its place */
  sign(claims: object, header?: object): Promise<string>;
}

export async function playRegion(code: RegionCode): Promise<PlayedRegion> {
  const curve = { name: "ECDSA", namedCurve: "P-256" };
  const pair = (await crypto.subtle.generateKey(curve, true, ["sign", "verify"])) as CryptoKeyPair;
  const jwk = (await crypto.subtle.exportKey("jwk", pair.publicKey)) as JsonWebKey;
  const kid = unique(`key-${code}`);
  return {
    code,
    jwks: { keys: [{ kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y, kid, alg: "ES256", use: "sig" }] },
    sign: async (claims, header = {}) => {
      const parts = [{ alg: "ES256", typ: REGISTRATION_TYPE, kid, ...header }, claims];
      const input = parts.map((part) => base64url.encode(JSON.stringify(part))).join(".");
      const how = { name: "ECDSA", hash: "SHA-256" };
      const signature = await crypto.subtle.sign(how, pair.privateKey, new TextEncoder().encode(input));
      return `${input}.${base64url.encode(new Uint8Array(signature))}`;
    },
  };
}

/** Stands in for the other regions, by their origins; others are nowhere. */
export class Regions {
  readonly asked: Request[] = [];
  readonly #answers = new Map<string, (request: Request) => Promise<Response>>();

  constructor() {
    vi.stubGlobal("fetch", async (request: Request) => {
      this.asked.push(request.clone());
      const answer = this.#answers.get(new URL(request.url).origin);
      if (answer === undefined) throw new Error("nobody is there");
      return answer(request);
    });
  }

  on(region: RegionCode, answer: (request: Request) => Promise<Response>): void {
    this.#answers.set(defaultOrigin(region), answer);
  }

  /** A region that publishes its keys and does nothing else. */
  publish({ code, jwks }: PlayedRegion): void {
    this.on(code, async () => Response.json(jwks));
  }
}

/** For tests in which clients of other regions occur, and what those are told is no matter: nobody is there. */
export function noOtherRegions(): void {
  vi.stubGlobal("fetch", async () => {
    throw new Error("nobody is there");
  });
}

const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";

/** A client id of a region, as that region would make it. */
export function foreignId(region: RegionCode): string {
  const random = crypto.getRandomValues(new Uint8Array(26));
  return `cli_${region}_${Array.from(random, (byte) => DIGITS.charAt(byte % 32)).join("")}`;
}

export interface Message {
  readonly id: string;
  readonly version?: number;
  readonly type?: ClientType;
  readonly enabled?: Partial<EnabledClient> | null;
}

/** The claims by which a region registers a client. */
export function claimsOf(
  home: RegionCode,
  { id, version = 1, type = "server", enabled = {} }: Message,
): object {
  const client: EnabledClient = {
    name: "Elsewhere's app",
    team: "team_of_elsewhere",
    teamStatus: "active",
    homepageUrl: null,
    redirectUris: ["https://app.example/callback"],
    jsOrigins: [],
    permissions: [
      "EMM.Devices.VIEW",
      "EMM.EnrolmentTokens.VIEW",
      "EMM.Groups.VIEW",
      "EMM.Policies.VIEW",
      "EMM.Team.VIEW",
    ],
    jwks: null,
    regions: ["us"],
    sameSecretEverywhere: false,
    createdAt: 1_000,
    secrets: [],
    ...enabled,
  };
  return {
    iss: defaultOrigin(home),
    aud: defaultOrigin("us"),
    iat: Math.floor(Date.now() / 1000),
    ...registrationClaims({ clientId: id, type, version, enabled: enabled === null ? null : client }),
  };
}

export function post(jws: string): Promise<Answer> {
  return call("POST", "/v1/regions/clients", {
    as: null,
    body: jws,
    headers: { "Content-Type": "application/jwt" },
  });
}
