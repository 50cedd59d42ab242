/**
 * Whether an `Accept` header takes one of these media types, such as `application/json` (RFC 9110, section
 * 12.5.1); a range with weight 0 excludes what it names.
 */
export function acceptsAny(accept: string | null, types: readonly string[]): boolean {
  if (accept === null || accept.trim() === "") return true;
  const ranges = accept.split(",").map((element) => {
    const [range = "", ...parameters] = element.split(";").map((part) => part.trim().toLowerCase());
    return { range, taken: !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter)) };
  });
  return types.some((type) => accepts(ranges, type));
}

/** The most specific range that names the type decides. */
function accepts(ranges: readonly { range: string; taken: boolean }[], type: string): boolean {
  const names = ["*/*", `${type.slice(0, type.indexOf("/"))}/*`, type];
  let best = { specificity: -1, taken: false };
  for (const { range, taken } of ranges) {
    const specificity = names.indexOf(range);
    if (specificity > best.specificity) best = { specificity, taken };
  }
  return best.taken;
}
