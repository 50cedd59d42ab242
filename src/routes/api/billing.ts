import * as v from "valibot";
import { PLAN_NAMES, PLANS } from "../../domain/plan.ts";
import { ok } from "../../domain/result.ts";
import { showBilling, type BillingState } from "../../operations/show-billing.ts";
import { updateBilling, type TeamBilling } from "../../operations/update-billing.ts";
import { etagOf, ifMatch } from "./etag.ts";
import { definedMembers, emailSchema, nameSchema } from "./fields.ts";
import { route, type Answer, type Route } from "./route.ts";

const updateBody = v.strictObject({
  plan: v.optional(v.picklist(PLAN_NAMES)),
  billing_contact: v.optional(v.nullable(v.strictObject({ name: nameSchema, email: emailSchema }))),
  payment_reference: v.optional(v.nullable(v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,200}$/)))),
});

export const billingRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/plans",
    summary: "The plans, and what each allows.",
    access: { kind: "anyone" },
    answers: { status: 200, body: "Plans" },
    handle: async () =>
      ok({ status: 200, body: { plans: PLAN_NAMES.map((name) => ({ name, quotas: PLANS[name] })) } }),
  }),
  route({
    method: "GET",
    path: "/v1/teams/{team}/billing",
    summary: "A team's plan, what it uses of it, and whom to bill.",
    access: { kind: "team", permission: "EMM.Billing.MANAGE" },
    answers: { status: 200, body: "Billing" },
    handle: async ({ deps, params }) => {
      const billing = await showBilling(deps, params["team"] ?? "");
      return billing.ok ? ok(answer(billing.value)) : billing;
    },
  }),
  route({
    method: "PATCH",
    path: "/v1/teams/{team}/billing",
    summary: "Change a team's plan or whom to bill.",
    access: { kind: "team", permission: "EMM.Billing.MANAGE" },
    body: updateBody,
    answers: { status: 200, body: "Billing" },
    handle: async ({ deps, params, body, actor, request }) => {
      const id = params["team"] ?? "";
      const change: TeamBilling = definedMembers({
        plan: body.plan,
        billingContact: body.billing_contact,
        paymentReference: body.payment_reference,
      });
      const changed = await updateBilling(deps, id, change, ifMatch(request), actor);
      if (!changed.ok) return changed;
      const billing = await showBilling(deps, id);
      return billing.ok ? ok(answer(billing.value)) : billing;
    },
  }),
];

function answer({ team, accessTokens, clients, webhooks }: BillingState): Answer {
  const billing = {
    plan: team.plan,
    quotas: PLANS[team.plan],
    usage: { access_tokens: accessTokens, clients, webhooks },
    billing_contact: team.billingContact,
    payment_reference: team.paymentReference,
  };
  return { status: 200, body: { billing }, headers: { ETag: etagOf(team) } };
}
