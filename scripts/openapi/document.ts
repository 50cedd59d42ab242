import manifest from "../../package.json" with { type: "json" };
import { defaultOrigin, DEPLOYMENTS } from "../../src/deployments.ts";
import { REGION_CODES } from "../../src/domain/region.ts";
import { ANSWER_SCHEMAS } from "../../src/routes/api/answer-schemas.ts";
import type { Route } from "../../src/routes/api/route.ts";
import { OAUTH_ERROR, OAUTH_TAG, oauthPaths } from "./oauth.ts";
import { describeOperation } from "./operation.ts";
import { PARAMETERS } from "./parameters.ts";
import { ERROR_ANSWERS } from "./refusals.ts";
import { answerSchema, type Json } from "./schemas.ts";
import { SECURITY_SCHEMES } from "./security.ts";
import { tagOf } from "./names.ts";
import { describeWebhooks, TAG_DESCRIPTIONS, WEBHOOK_PARAMETERS, WEBHOOK_RESPONSES } from "./webhooks.ts";

const DESCRIPTION = `\
Issues access tokens and checks them, one deployment per region.

Times are ISO 8601 in UTC with milliseconds, durations are whole seconds. Unknown members of a body are \
refused, unknown query parameters are ignored; answers may gain members. A method that a path does not take \
is answered 405 \`COM0001\` with \`Allow\`, and a path that does not exist 404 \`COM0008\`. \
\`Accept-Language\` chooses the language of \`localized_error_description\`.`;

/** The JSON API and the OAuth server as an OpenAPI 3.1 document; the same routes always give the same document. */
export function describeApi(routes: readonly Route[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    paths[route.path] = {
      ...paths[route.path],
      [route.method.toLowerCase()]: describeOperation(route, routes),
    };
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Jeton",
      version: manifest.version,
      description: DESCRIPTION,
      license: { name: manifest.license, identifier: manifest.license },
    },
    // The Worker that serves this document puts the addresses in that its own settings name.
    servers: REGION_CODES.map((code) => ({
      url: defaultOrigin(code),
      description: DEPLOYMENTS[code].name,
      "x-region": code,
    })),
    tags: [...new Set([...routes.map(tagOf), OAUTH_TAG])].map((name) => ({
      name,
      ...(Object.hasOwn(TAG_DESCRIPTIONS, name) ? { description: TAG_DESCRIPTIONS[name] } : {}),
    })),
    paths: { ...paths, ...oauthPaths() },
    webhooks: describeWebhooks(),
    components: {
      schemas: Object.fromEntries(
        Object.entries(ANSWER_SCHEMAS).map(([name, schema]) => [name, answerSchema(schema)]),
      ),
      responses: { ...ERROR_ANSWERS, ...WEBHOOK_RESPONSES, OAuthError: OAUTH_ERROR },
      parameters: { ...PARAMETERS, ...WEBHOOK_PARAMETERS },
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}
