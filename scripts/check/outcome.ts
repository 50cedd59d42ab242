/** What a check says: all is well, with a few words of it, or what is wrong, in full. */
export type Outcome =
  | { readonly ok: true; readonly note: string }
  | { readonly ok: false; readonly problems: string };

export function passed(note: string): Outcome {
  return { ok: true, note };
}

export function failed(problems: string): Outcome {
  return { ok: false, problems };
}
