/** Whether an `Accept` header takes JSON (RFC 9110, section 12.5.1); a range with weight 0 excludes it. */
export function acceptsJson(accept: string | null): boolean {
  if (accept === null || accept.trim() === "") return true;
  let best = { specificity: -1, taken: false };
  for (const element of accept.split(",")) {
    const [range = "", ...parameters] = element.split(";").map((part) => part.trim().toLowerCase());
    const specificity = ["*/*", "application/*", "application/json"].indexOf(range);
    if (specificity <= best.specificity) continue;
    best = { specificity, taken: !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter)) };
  }
  return best.taken;
}
