import * as v from "valibot";
import { ok } from "../../domain/result.ts";
import { SIGN_IN_METHODS } from "../../domain/sign-in-method.ts";
import { showTeam, type TeamRow } from "../../operations/show-team.ts";
import { updateSecurity, type TeamSecurity } from "../../operations/update-security.ts";
import { etagOf, ifMatch } from "./etag.ts";
import { definedMembers } from "./fields.ts";
import { route, type Answer, type Route } from "./route.ts";

const MIN_SESSION_MINUTES = 5;
const MAX_SESSION_MINUTES = 30 * 24 * 60;

const updateBody = v.strictObject({
  require_2fa: v.optional(v.boolean()),
  sign_in_methods: v.optional(v.pipe(v.array(v.picklist(SIGN_IN_METHODS)), v.minLength(1), v.maxLength(10))),
  android_enterprise_id: v.optional(v.nullable(v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,100}$/)))),
  session_minutes: v.optional(
    v.pipe(v.number(), v.safeInteger(), v.minValue(MIN_SESSION_MINUTES), v.maxValue(MAX_SESSION_MINUTES)),
  ),
});

export const securityRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/teams/{team}/security",
    summary: "How a team's members sign in.",
    access: { kind: "team", permission: "EMM.Team.VIEW" },
    answers: { status: 200, body: "Security" },
    handle: async ({ deps, params }) => {
      const team = await showTeam(deps, params["team"] ?? "");
      return team.ok ? ok(answer(team.value)) : team;
    },
  }),
  route({
    method: "PATCH",
    path: "/v1/teams/{team}/security",
    summary: "Change how a team's members sign in.",
    access: { kind: "team", permission: "EMM.Team.SECURITY" },
    body: updateBody,
    answers: { status: 200, body: "Security" },
    handle: async ({ deps, params, body, actor, request }) => {
      const change: TeamSecurity = definedMembers({
        requireTwoFactor: body.require_2fa,
        signInMethods:
          body.sign_in_methods && SIGN_IN_METHODS.filter((it) => body.sign_in_methods?.includes(it)),
        androidEnterpriseId: body.android_enterprise_id,
        sessionMinutes: body.session_minutes,
      });
      const team = await updateSecurity(deps, params["team"] ?? "", change, ifMatch(request), actor);
      return team.ok ? ok(answer(team.value)) : team;
    },
  }),
];

function answer(team: TeamRow): Answer {
  const security = {
    require_2fa: team.requireTwoFactor,
    sign_in_methods: team.signInMethods,
    android_enterprise_id: team.androidEnterpriseId,
    session_minutes: team.sessionMinutes,
  };
  return { status: 200, body: { security }, headers: { ETag: etagOf(team) } };
}
