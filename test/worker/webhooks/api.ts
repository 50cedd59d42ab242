import { call, expectAnswer, type Answer, type AnswerBody, type Sending } from "../support.ts";

export type Webhook = AnswerBody<"Webhook">["webhook"];
export type Delivery = AnswerBody<"Delivery">["delivery"];

export const HOOK = "https://receiver.example/hook";

export function webhooksPath(team: string, ...rest: readonly string[]): string {
  return [`/v1/teams/${team}/webhooks`, ...rest].join("/");
}

/** What a new webhook takes, with what the test wants of it; undefined leaves a member out. */
export function webhookBody(more: object = {}): object {
  return { url: HOOK, events: ["access_token.created"], ...more };
}

export function postWebhook(team: string, more: object = {}, sending: Sending = {}): Promise<Answer> {
  return call("POST", webhooksPath(team), { ...sending, body: webhookBody(more) });
}

export async function makeWebhook(
  team: string,
  more: object = {},
  sending: Sending = {},
): Promise<{ webhook: Webhook; id: string; secret: string }> {
  const { webhook, secret } = expectAnswer(await postWebhook(team, more, sending), 201, "CreatedWebhook");
  return { webhook, id: webhook.id, secret: secret ?? "" };
}

export async function showWebhook(team: string, id: string): Promise<Webhook> {
  return expectAnswer(await call("GET", webhooksPath(team, id)), 200, "Webhook").webhook;
}

export function patchWebhook(team: string, id: string, body: object, sending: Sending = {}): Promise<Answer> {
  return call("PATCH", webhooksPath(team, id), { ...sending, body });
}

export function rotateSecret(
  team: string,
  id: string,
  overlapSeconds = 0,
  sending: Sending = {},
): Promise<Answer> {
  const body = { overlap_seconds: overlapSeconds };
  return call("POST", webhooksPath(team, id, "secrets"), { ...sending, body });
}

export async function deliveriesOf(team: string, id: string, query = ""): Promise<Delivery[]> {
  const answer = await call("GET", webhooksPath(team, id, `deliveries${query}`));
  return expectAnswer(answer, 200, "Deliveries").deliveries;
}
