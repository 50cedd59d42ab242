import { CLIENT_TYPE_RULES } from "../../domain/client.ts";
import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { isRegionCode } from "../../domain/region.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { readClient, type ClientRow } from "../../store/client-authentication.ts";
import { hashCredential } from "../credentials.ts";
import type { Deps } from "../deps.ts";
import type { OAuthRequest } from "./request.ts";
import {
  CLIENT_ASSERTION_TYPE,
  subjectOfAssertion,
  verifyClientAssertion,
} from "./verify-client-assertion.ts";

export interface IdentifiedClient {
  readonly client: ClientRow;
  /** Of the team that registered it. */
  readonly teamStatus: "active" | "suspended";
  /** What it authenticated by, for whoever needs what only it knows; null: it is public. */
  readonly secret: string | null;
}

/**
 * Who asks: a confidential client by its secret (Basic, body or query) or its key (`private_key_jwt`), a public
 * one by its id alone; a secret that a public client sends is ignored (contract, section 6).
 */
export async function identifyClient(
  deps: Deps,
  request: OAuthRequest,
): Promise<Result<IdentifiedClient, OAuthRefusal>> {
  const { parameters } = request;
  // RFC 6749, section 2.3: one way of authenticating in each request. Basic with an empty password is none.
  const basic = request.basic === null || request.basic.secret === "" ? null : request.basic;
  const assertion = parameters.get("client_assertion");
  const secret = basic?.secret ?? parameters.get("client_secret");
  const ways = [basic?.secret, parameters.get("client_secret"), assertion].filter((way) => way != null);
  if (ways.length > 1) return err({ kind: "two_client_authentications" });
  const named = parameters.get("client_id");
  if (request.basic !== null && named !== null && request.basic.clientId !== named) {
    return err({ kind: "two_client_authentications" });
  }
  if (assertion !== null && parameters.get("client_assertion_type") !== CLIENT_ASSERTION_TYPE) {
    return err({ kind: "parameter_invalid", parameter: "client_assertion_type" });
  }
  const id = request.basic?.clientId ?? named ?? (assertion === null ? null : subjectOfAssertion(assertion));
  if (id === null) return err({ kind: "client_missing" });

  const secretHash = secret === null ? null : hashCredential(secret);
  const found = await readClient(deps.db, { id, secretHash, now: deps.clock() });
  if (found === undefined) return err(unknownClient(deps, id));
  const { client, teamStatus, secretHolds } = found;
  if (!CLIENT_TYPE_RULES[client.type].confidential) return ok({ client, teamStatus, secret: null });
  if (client.jwks !== null) {
    if (assertion === null) return err({ kind: "client_secret_missing" });
    const here = deps.origins[deps.region] + new URL(request.url).pathname;
    const verified = await verifyClientAssertion(deps, client, assertion, here);
    return verified.ok ? ok({ client, teamStatus, secret: client.id }) : verified;
  }
  if (secret === null) return err({ kind: "client_secret_missing" });
  return secretHolds ? ok({ client, teamStatus, secret }) : err({ kind: "client_secret_wrong" });
}

/** Of a client that is not enabled here, its id says where its home is. */
export function unknownClient({ region }: Pick<Deps, "region">, id: string): OAuthRefusal {
  const [, home = ""] = /^cli_([a-z]{2})_/.exec(id) ?? [];
  return isRegionCode(home) && home !== region
    ? { kind: "client_elsewhere", region: home }
    : { kind: "client_unknown" };
}
