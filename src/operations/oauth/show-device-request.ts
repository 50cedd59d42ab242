import type { OAuthRefusal } from "../../domain/oauth-refusal.ts";
import { exceeding } from "../../domain/permission.ts";
import type { Refusal } from "../../domain/refusal.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import type { Deps } from "../deps.ts";
import type { Moment } from "../moment.ts";
import { enterUserCode } from "./enter-user-code.ts";
import type { Consenter, Place } from "./list-places.ts";
import { scopesInWords, type ScopeInWords } from "./scopes-in-words.ts";

/** What somebody who has entered a user code is asked to decide. */
export interface DeviceRequest {
  readonly app: { readonly name: string; readonly homepageUrl: string | null };
  readonly scopes: readonly ScopeInWords[];
  readonly offline: boolean;
  readonly teams: readonly OfferedTeam[];
}

export interface OfferedTeam {
  readonly id: string;
  readonly name: string;
  /** What the device asks for and the person does not hold here. */
  readonly missing: readonly string[];
  /** Why this session may not act here at all, null: it may. */
  readonly refusal: Refusal | null;
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
    offline: code.accessType === "offline",
    teams: who.places.map((place) => offer(place, code.permissions)),
  });
}

function offer({ teamId, name, holder, refusal }: Place, permissions: readonly string[]): OfferedTeam {
  const missing = holder === null ? [] : exceeding(holder, permissions);
  return { id: teamId, name, missing, refusal };
}
