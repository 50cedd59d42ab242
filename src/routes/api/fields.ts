import * as v from "valibot";

/** 1 to 100 characters, of which at least one shows; no control characters. */
export const nameSchema = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(100),
  v.check((text) => text.trim() !== "" && !/\p{Cc}/u.test(text)),
);

/** Lower case letters, digits and single hyphens between them: it stands in addresses of the console. */
export const slugSchema = v.pipe(v.string(), v.maxLength(63), v.regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/));
