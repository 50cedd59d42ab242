import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { enterUserCode } from "./enter-user-code.ts";
import type { Consenter } from "./list-places.ts";
import { scopesInWords, type ScopeInWords } from "./scopes-in-words.ts";
import { weighPlaces, type TeamChoice } from "./weigh-places.ts";

/** What somebody who has entered a user code is asked to decide. */
export interface DeviceRequest {
  readonly app: { readonly name: string; readonly homepageUrl: string | null };
  readonly scopes: readonly ScopeInWords[];
  readonly lasts: "online" | "offline";
  readonly choices: readonly TeamChoice[];
}

/** The request that a user code stands for, as it concerns whoever is signed in. */
export async function showDeviceRequest(
  deps: Deps,
  who: Consenter,
  { userCode, ip }: { readonly userCode: string; readonly ip: string | null },
  moment: Moment,
): Promise<Result<DeviceRequest, OAuthRefusal>> {
  const entered = await enterUserCode(deps, userCode, { userId: who.userId, ip });
  if (!entered.ok) return err(entered.error);
  const { code, client } = entered.value;
  return ok({
    app: { name: client.name, homepageUrl: client.homepageUrl },
    scopes: await scopesInWords(deps, code.permissions, moment),
    lasts: code.accessType,
    choices: weighPlaces(who.places, code.permissions),
  });
}
