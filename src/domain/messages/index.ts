import type { Language } from "../language.ts";
import { ar } from "./ar.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";
import type { Messages } from "./en.ts";
import { fr } from "./fr.ts";
import { hi } from "./hi.ts";
import { ja } from "./ja.ts";
import { zh } from "./zh.ts";

export type { Messages } from "./en.ts";

/** All texts, by language. */
export const MESSAGES: Readonly<Record<Language, Messages>> = { en, ja, fr, ar, zh, hi, de };
