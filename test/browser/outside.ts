import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from "jose";

/** Everybody whom a team has to do with elsewhere, as one server on a loopback address. */
export interface Outside {
  readonly url: string;
  stop(): void;
}

/** Whom the OpenID provider vouches for, whoever comes. */
export const SSO_EMAIL = "sso@acme.example.org";

/**
 * - `/dns-query`: DNS over HTTPS; what is PUT to `/dns` is a TXT record of every name
 * - `/hook/{name}`: takes webhooks; after PUT `/hook/{name}` with a status it answers with that
 * - `/callback`: an application's page, which people are sent back to
 * - the rest: an OpenID provider that asks nobody anything
 */
export async function startOutside(): Promise<Outside> {
  const { privateKey, publicKey } = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg: "RS256" };
  const records: string[] = [];
  const statuses = new Map<string, number>();
  const nonces = new Map<string, string>();
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "", url);
    const body = await text(request);
    const json = (value: object) => {
      response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(value));
    };
    if (pathname === "/dns") {
      records.push(body);
      response.writeHead(204).end();
    } else if (pathname === "/dns-query") {
      json({ Status: 0, Answer: records.map((text) => ({ type: 16, data: JSON.stringify(text) })) });
    } else if (pathname.startsWith("/hook/")) {
      if (request.method === "PUT") statuses.set(pathname, Number(body));
      response.writeHead(request.method === "PUT" ? 204 : (statuses.get(pathname) ?? 204)).end();
    } else if (pathname === "/callback") {
      response.writeHead(200, { "Content-Type": "text/html" });
      response.end(
        `<!doctype html><html lang="en"><title>App</title><link rel="icon" href="data:,"><h1>Back</h1></html>`,
      );
    } else if (pathname === "/authorize") {
      const back = new URL(searchParams.get("redirect_uri") ?? "");
      const code = `code-${nonces.size}`;
      nonces.set(code, searchParams.get("nonce") ?? "");
      back.search = new URLSearchParams({ code, state: searchParams.get("state") ?? "" }).toString();
      response.writeHead(303, { Location: back.href }).end();
    } else if (pathname === "/token") {
      const nonce = nonces.get(new URLSearchParams(body).get("code") ?? "") ?? "";
      json({ access_token: "opaque", token_type: "Bearer", id_token: await idToken(url, nonce, privateKey) });
    } else if (pathname === "/keys") {
      json({ keys: [jwk] });
    } else if (pathname === "/.well-known/openid-configuration") {
      json({
        issuer: url,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
        jwks_uri: `${url}/keys`,
      });
    } else {
      response.writeHead(404).end();
    }
  }

  return { url, stop: () => stop(server) };
}

function idToken(issuer: string, nonce: string, key: CryptoKey): Promise<string> {
  return new SignJWT({ email: SSO_EMAIL, email_verified: true, nonce })
    .setProtectedHeader({ alg: "RS256", kid: "k1" })
    .setIssuer(issuer)
    .setAudience("jeton")
    .setSubject("somebody")
    .setIssuedAt()
    .setExpirationTime("5m")
    .sign(key);
}

function stop(server: Server): void {
  server.closeAllConnections();
  server.close();
}
