import * as v from "valibot";

const MAX_NAME = 100;

/** Text that comes back as it was sent: no control characters, no half of a surrogate pair. */
function isPlain(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text);
}

/** 1 to 100 characters, however many code units each takes, of which at least one shows. */
export const nameSchema = v.pipe(
  v.string(),
  v.minLength(1),
  v.check((text) => text.trim() !== "" && isPlain(text) && Array.from(text).length <= MAX_NAME),
  v.description(`1 to ${MAX_NAME} characters, of which at least one shows; no control characters.`),
);

const MAX_DESCRIPTION = 500;

/** Up to 500 characters in one line, none at all being fine. */
export const descriptionSchema = v.pipe(
  v.string(),
  v.check((text) => isPlain(text) && Array.from(text).length <= MAX_DESCRIPTION),
  v.description(`At most ${MAX_DESCRIPTION} characters; no control characters.`),
);

/** For an account that is made with it. */
export const passwordSchema = v.pipe(v.string(), v.minLength(8), v.maxLength(128));

/** What the caller's own system calls the token's profile. */
export const profileIdSchema = v.pipe(v.string(), v.minLength(1), v.maxLength(200), v.check(isPlain));

/** Lower case letters, digits and single hyphens between them: it stands in addresses of the console. */
export const slugSchema = v.pipe(v.string(), v.maxLength(63), v.regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/));

/** An address's local part and domain together (RFC 5321, section 4.5.3.1). */
const MAX_EMAIL = 254;

export const emailSchema = v.pipe(v.string(), v.maxLength(MAX_EMAIL), v.email());

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The members that a request named; those that it left out stay as they are. */
export function definedMembers<T extends object>(members: T): Defined<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<T>;
}
