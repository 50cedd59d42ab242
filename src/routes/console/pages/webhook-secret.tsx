import { formatTime } from "../format.ts";
import { Problem, Select } from "../parts.tsx";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { webhookProblem } from "../webhook-form.tsx";
import { fill } from "../words/fill.ts";
import { secretPage } from "./add-webhook.tsx";
import { OVERLAPS_SECONDS, USUAL_OVERLAP, type Overlap } from "./client-secret.tsx";
import { findWebhook, webhookPath } from "./webhooks.tsx";

/** A new signing secret, and for how long the former one signs beside it. */
export const webhookSecretPage: TeamPage = {
  path: "/webhooks/:id/secret",
  nav: "webhooks",
  needs: "EMM.Webhooks.MANAGE",
  show: (visit) => formPage(visit, USUAL_OVERLAP, null),
  async act(visit, form) {
    const { api, words, language } = visit;
    const { webhooks: text, clients } = words;
    const overlap = OVERLAPS_SECONDS.find((seconds) => seconds === form.get("overlap")) ?? USUAL_OVERLAP;
    const found = await findWebhook(visit);
    if (!found.ok) return { refusal: found.error };
    const body = { overlap_seconds: Number(overlap) };
    const rotated = await api.post("WebhookSecret", `${webhookPath(visit)}/secrets`, body);
    if (!rotated.ok) return formPage(visit, overlap, webhookProblem(visit, rotated.error));
    const { secret, previous_expires_at: until } = rotated.value.body;
    const former =
      overlap === "0"
        ? text.rotatedNow
        : fill(text.rotatedText, { time: `${formatTime(until, language)} UTC` });
    return secretPage(visit, clients.rotatedTitle, found.value.webhook, secret ?? "", former);
  },
};

async function formPage(visit: TeamVisit, overlap: Overlap, problem: string | null): Promise<Outcome> {
  const { words, base } = visit;
  const { webhooks: text, clients } = words;
  const found = await findWebhook(visit);
  if (!found.ok) return { refusal: found.error };
  const { id, url } = found.value.webhook;
  return {
    title: fill(clients.rotateTitle, { name: url }),
    status: problem === null ? 200 : 400,
    content: (
      <>
        <Problem text={problem} words={words} />
        <p>{text.rotateText}</p>
        <form method="post">
          <Select
            label={clients.overlap}
            name="overlap"
            value={overlap}
            options={OVERLAPS_SECONDS.map((seconds) => [seconds, clients.overlaps[seconds]] as const)}
          />
          <div class="buttons">
            <button type="submit">{clients.rotateYes}</button>
            <a class="button quiet" href={`${base}/webhooks/${id}`}>
              {words.frame.cancel}
            </a>
          </div>
        </form>
      </>
    ),
  };
}
