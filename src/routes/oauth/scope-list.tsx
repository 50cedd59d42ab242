import type { ScopeInWords } from "../../operations/oauth/scopes-in-words.ts";

/** What an application asks for, in words; what can do the most damage is marked (contract, section 11). */
export function ScopeList({ scopes }: { readonly scopes: readonly ScopeInWords[] }) {
  return (
    <ul class="scopes">
      {scopes.map(({ permission, resource, description, strict }) => (
        <li>
          <span class="muted">{resource}</span> {description} <code>{permission}</code>
          {strict ? <strong class="alarm"> Strict: cannot be undone, or opens a lot.</strong> : null}
        </li>
      ))}
    </ul>
  );
}
