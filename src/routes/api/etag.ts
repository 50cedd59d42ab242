interface Versioned {
  readonly version: number;
}

export function etagOf({ version }: Versioned): string {
  return `"v${version}"`;
}

/** What a request's `If-Match` asks of the thing as it is now (RFC 9110, section 13.1.1). */
export function ifMatch(request: Request): (current: Versioned) => boolean {
  const header = request.headers.get("If-Match");
  if (header === null || header.trim() === "*") return () => true;
  // Weak tags never match here: the comparison is the strong one.
  const tags = header.split(",").map((tag) => tag.trim());
  return (current) => tags.includes(etagOf(current));
}
