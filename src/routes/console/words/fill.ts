import type { Child } from "hono/jsx";
import type { Language } from "../../../domain/language.ts";
import { formatNumber } from "../format.ts";

declare const NAMES: unique symbol;

/**
 * A text with places to fill in by name, such as `"Signed in as {email}"`. In truth a string: to the compiler
 * it is none, so that nothing shows it before `fill` has had it.
 */
export interface Template<Names extends string> {
  readonly [NAMES]: Names;
}

/** The same once for each way of counting that the language has (`Intl.PluralRules`); `{count}` is the number. */
export interface Plural<Names extends string> {
  readonly other: Template<Names>;
  readonly zero?: Template<Names>;
  readonly one?: Template<Names>;
  readonly two?: Template<Names>;
  readonly few?: Template<Names>;
  readonly many?: Template<Names>;
}

/** The names of a text's places. */
type NamesIn<Text> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

type WrittenText<Text> = [NamesIn<Text>] extends [never] ? string : Template<NamesIn<Text>>;

/** What texts in English demand of every language: the same members, with the same places to fill in. */
export type Written<Texts> = Texts extends string
  ? WrittenText<Texts>
  : Texts extends { readonly one: infer One; readonly other: infer Other }
    ? Plural<NamesIn<One> | NamesIn<Other>>
    : { readonly [Name in keyof Texts]: Written<Texts[Name]> };

type Values<Names extends string> = Readonly<Record<NoInfer<Names>, string>>;

const RIGHT_TO_LEFT = /[\u0590-\u08ff]/;
const LATIN = /\p{Script=Latin}/u;

/** A text with these values in its places. */
export function fill<Names extends string>(template: Template<Names>, values: Values<Names>): string {
  const text = template as unknown as string;
  const isRightToLeft = RIGHT_TO_LEFT.test(text);
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name as Names];
    const isAlike = isRightToLeft === RIGHT_TO_LEFT.test(value) && !(isRightToLeft && LATIN.test(value));
    // Written in the other direction, or in both, it would turn around what stands beside it.
    return isAlike ? value : `\u2068${value}\u2069`;
  });
}

/** The same with more than a string in its places, such as a name that is marked. */
export function fillWith<Names extends string>(
  template: Template<Names>,
  values: Readonly<Record<NoInfer<Names>, Child>>,
): Child[] {
  const parts = (template as unknown as string).split(/\{(\w+)\}/);
  return parts.map((part, index) => (index % 2 === 0 ? part : values[part as Names]));
}

/** The form of a text that is right for so many, with the number in it. */
export function fillCount<Names extends string>(
  plural: Plural<Names>,
  count: number,
  language: Language,
  ...more: Exclude<Names, "count"> extends never ? [] : [values: Values<Exclude<Names, "count">>]
): string {
  const template = plural[new Intl.PluralRules(language).select(count)] ?? plural.other;
  return fill(template, { ...more[0], count: formatNumber(count, language) } as Values<Names>);
}
