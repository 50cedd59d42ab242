import { CLIENT_TYPE_RULES } from "../../../domain/client.ts";
import { isRegionCode } from "../../../domain/region.ts";
import { clientProblem } from "../client-form.tsx";
import { regionName } from "../format.ts";
import { Problem, Select } from "../parts.tsx";
import type { Outcome, TeamPage, TeamVisit } from "../visit.ts";
import { fill } from "../words/fill.ts";
import { secretPage } from "./add-client.tsx";
import { beyondPage, clientPath, findClient } from "./clients.tsx";

export const OVERLAPS_SECONDS = ["0", "3600", "86400", "604800", "2592000"] as const;

export type Overlap = (typeof OVERLAPS_SECONDS)[number];

/** Long enough for a server to be given the new one. */
export const USUAL_OVERLAP: Overlap = "86400";

/** A new secret, and for how long the old one goes on beside it. */
export const clientSecretPage: TeamPage = {
  path: "/clients/:id/secret",
  nav: "clients",
  needs: "EMM.AccessTokens.CREATE",
  show: (visit) => formPage(visit, USUAL_OVERLAP, null),
  async act(visit, form) {
    const { api, words } = visit;
    const overlap = OVERLAPS_SECONDS.find((seconds) => seconds === form.get("overlap")) ?? USUAL_OVERLAP;
    const region = form.get("region");
    const body = { overlap_seconds: Number(overlap), ...(region === null ? {} : { regions: [region] }) };
    const rotated = await api.post("CreatedClient", `${clientPath(visit)}/secrets`, body);
    if (!rotated.ok) return formPage(visit, overlap, clientProblem(visit, rotated.error));
    const { client, client_secret: secret, client_secrets: elsewhere } = rotated.value.body;
    const { clients: text } = words;
    const old = fill(text.rotatedText, { time: text.overlaps[overlap] });
    return secretPage(visit, text.rotatedTitle, client, { secret, elsewhere }, old);
  },
};

async function formPage(visit: TeamVisit, overlap: Overlap, problem: string | null): Promise<Outcome> {
  const { words, base, language, deps } = visit;
  const { clients: text } = words;
  const found = await findClient(visit);
  if (!found.ok) return { refusal: found.error };
  const { client, isReached } = found.value;
  const back = `${base}/clients/${client.id}`;
  const keepsSecret = CLIENT_TYPE_RULES[client.type].confidential && client.jwks === null;
  // It is offered by none of our pages then.
  if (!keepsSecret && problem === null) return { redirect: back };
  if (!isReached) return beyondPage(visit, client);
  return {
    title: fill(text.rotateTitle, { name: client.name }),
    status: problem === null ? 200 : 400,
    content: (
      <>
        <Problem text={problem} words={words} />
        <p>{text.rotateText}</p>
        <form method="post">
          {client.regions.length === 0 || client.same_secret_everywhere ? null : (
            <Select
              label={text.holdsIn}
              name="region"
              value={deps.region}
              options={[deps.region, ...client.regions.filter(isRegionCode)].map(
                (code) => [code, regionName(code, language)] as const,
              )}
            />
          )}
          <Select
            label={text.overlap}
            name="overlap"
            value={overlap}
            options={OVERLAPS_SECONDS.map((seconds) => [seconds, text.overlaps[seconds]] as const)}
          />
          <div class="buttons">
            <button type="submit">{text.rotateYes}</button>
            <a class="button quiet" href={back}>
              {words.frame.cancel}
            </a>
          </div>
        </form>
      </>
    ),
  };
}
