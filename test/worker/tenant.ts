import { exports } from "cloudflare:workers";
import { vi } from "vitest";
import { call, expectAnswer, makeTeam, ORIGIN, unique, type AnswerBody, type Worker } from "./support.ts";

/** A request comes to another host than the region's own. */
export function atHost(host: string, at?: Worker): Worker {
  return async (request) => {
    const { method, headers, redirect } = request;
    const hasBody = method !== "GET" && method !== "HEAD";
    const moved = new Request(request.url.replace(ORIGIN, `https://${host}`), {
      method,
      headers,
      redirect,
      ...(hasBody ? { body: await request.arrayBuffer() } : {}),
    });
    return at === undefined ? exports.default.fetch(moved) : at(moved);
  };
}

export type Domain = AnswerBody<"Domain">["domain"];

/** Names a domain as a team's, which proves nothing. */
export async function nameDomain(team: string, name = `${unique("auth")}.example.org`): Promise<Domain> {
  const answer = await call("POST", `/v1/teams/${team}/domains`, { body: { name } });
  return expectAnswer(answer, 201, "Domain").domain;
}

/** Proves it: the world's DNS says what it has to. */
export async function proveDomain(team: string, { id, dns_record }: Domain): Promise<void> {
  vi.stubGlobal("fetch", async () =>
    Response.json({ Status: 0, Answer: [{ type: 16, data: `"${dns_record.value}"` }] }),
  );
  try {
    expectAnswer(await call("POST", `/v1/teams/${team}/domains/${id}/verify`), 200, "Domain");
  } finally {
    vi.unstubAllGlobals();
  }
}

export interface TenantPlace {
  readonly team: AnswerBody<"Team">["team"];
  readonly domain: Domain;
  readonly issuer: string;
  /** Answers what comes to the domain. */
  readonly at: Worker;
}

/** A team that is met on a domain of its own. */
export async function makeTenant(more: object = {}): Promise<TenantPlace> {
  const team = await makeTeam(more);
  const domain = await nameDomain(team.id);
  await proveDomain(team.id, domain);
  return { team, domain, issuer: `https://${domain.name}`, at: atHost(domain.name) };
}
