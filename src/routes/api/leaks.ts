import * as v from "valibot";
import type { Refusal } from "../../domain/refusal.ts";
import { isRegionCode } from "../../domain/region.ts";
import { err, ok, type Result } from "../../domain/result.ts";
import { GITHUB_REPORTS_PATH, PASSED_ON, type SignedReport } from "../../operations/leaks/pass-on.ts";
import { reportByGitHub, type Label } from "../../operations/leaks/report-by-github.ts";
import { reportLeak } from "../../operations/leaks/report-leak.ts";
import { readBytes, readJsonBytes, validateList } from "../body.ts";
import { isoTime } from "./present.ts";
import { route, type Route } from "./route.ts";

const reportBody = v.strictObject({ token: v.string(), url: v.optional(v.nullable(v.string()), null) });

/** GitHub's, not ours: it may gain members. */
const githubBody = v.pipe(
  v.array(
    v.looseObject({
      token: v.string(),
      type: v.optional(v.pipe(v.string(), v.maxLength(200)), ""),
      url: v.optional(v.nullable(v.string()), null),
      source: v.optional(v.nullable(v.string()), null),
    }),
  ),
  v.maxLength(1_000),
);

const MAX_GITHUB_BYTES = 1024 * 1024;

/** The names of both headers, in whatever case GitHub writes them. */
const KEY_HEADER = "Github-Public-Key-Identifier";
const SIGNATURE_HEADER = "Github-Public-Key-Signature";
/** Far more than either has. */
const MAX_HEADER = 300;

export const leakRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/leaks",
    summary: "Burn a credential that was found where it should not be; having it is reason enough.",
    access: { kind: "anyone" },
    body: reportBody,
    answers: { status: 200, body: "ReportedLeak" },
    refuses: [401, 404, 429],
    handle: async ({ deps, request, body, moment }) => {
      const ip = request.headers.get("CF-Connecting-IP");
      const reported = await reportLeak(deps, { ...body, ip }, moment);
      if (!reported.ok) return reported;
      const leaked = reported.value;
      const { effectiveBy, receipt } =
        leaked.status === "revoked" ? leaked : { effectiveBy: null, receipt: null };
      const { status } = leaked;
      return ok({ status: 200, body: { status, effective_by: isoTime(effectiveBy), receipt } });
    },
  }),
  route({
    method: "POST",
    path: GITHUB_REPORTS_PATH,
    summary: "What GitHub's secret scanning has found, signed by GitHub.",
    access: { kind: "anyone" },
    ownBody: githubBody,
    query: { [PASSED_ON]: "The regions that have passed the report on; it goes to none of them." },
    anyAccept: true,
    answers: { status: 200, body: "LeakLabels" },
    refuses: [401, 413],
    handle: async ({ deps, request, query, moment }) => {
      const signed = await readSigned(request);
      if (!signed.ok) return signed;
      if (!(await deps.githubKeys.verify(signed.value, signed.value.body))) {
        return err({ kind: "unknown_credential" });
      }
      const value = readJsonBytes(signed.value.body);
      const matches = value.ok ? validateList(githubBody, value.value) : value;
      if (!matches.ok) return matches;
      const report = {
        matches: matches.value,
        ip: request.headers.get("CF-Connecting-IP"),
        signed: signed.value,
        via: query.has(PASSED_ON) ? (query.get(PASSED_ON) ?? "").split(",").filter(isRegionCode) : null,
      };
      return ok({ status: 200, body: (await reportByGitHub(deps, report, moment)).map(presentLabel) });
    },
  }),
];

async function readSigned(request: Request): Promise<Result<SignedReport, Refusal>> {
  const keyId = request.headers.get(KEY_HEADER);
  const signature = request.headers.get(SIGNATURE_HEADER);
  if (keyId === null || signature === null) return err({ kind: "no_credential" });
  if (keyId.length > MAX_HEADER || signature.length > MAX_HEADER) return err({ kind: "unknown_credential" });
  const body = await readBytes(request, MAX_GITHUB_BYTES);
  return body.ok ? ok({ keyId, signature, body: body.value }) : body;
}

/** As GitHub documents it; by hash, so that no token is sent back. */
function presentLabel({ tokenHash, type, isTrue }: Label) {
  return {
    token_hash: tokenHash,
    token_type: type,
    label: isTrue ? "true_positive" : "false_positive",
  };
}
