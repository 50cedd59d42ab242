import type { ScopeInWords } from "../../operations/oauth/scopes-in-words.ts";
import { textOf } from "../console/catalogue-texts.ts";
import type { Words } from "../console/words/index.ts";

/**
 * What an application asks for, in words, by what it is about; what can do the most damage comes first and is
 * marked (contract, section 11).
 */
export function ScopeList({
  scopes,
  words,
}: {
  readonly scopes: readonly ScopeInWords[];
  readonly words: Words;
}) {
  const strictFirst = scopes
    .map((scope) => inLanguage(scope, words))
    .toSorted((one, other) => Number(other.strict) - Number(one.strict));
  return (
    <div class="scopes">
      {[...Map.groupBy(strictFirst, ({ resource }) => resource)].map(([resource, some]) => (
        <div>
          <p class="help">{resource}</p>
          <ul>
            {some.map(({ permission, description, strict }) => (
              <li>
                {strict ? <strong class="flag">{words.consent.strict}</strong> : null}
                {description} <code class="muted">{permission}</code>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </div>
  );
}

/** What a built-in catalogue says, in the reader's language. */
function inLanguage(scope: ScopeInWords, words: Words): ScopeInWords {
  const { permission, resource, description } = scope;
  const section = permission.slice(0, permission.lastIndexOf("."));
  return {
    ...scope,
    resource: textOf(words, section, resource),
    description: textOf(words, permission, description),
  };
}
