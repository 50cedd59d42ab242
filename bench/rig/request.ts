export interface RequestParts {
  readonly method?: "GET" | "POST";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>>;
}

/** A request of ASCII characters as it goes over the wire, made before anything is measured. */
export function renderRequest({ method = "POST", path, headers = {}, body, form }: RequestParts): string {
  const text = form === undefined ? jsonText(body) : new URLSearchParams(form).toString();
  const type = form === undefined ? "application/json" : "application/x-www-form-urlencoded";
  const all = {
    Host: "localhost",
    ...headers,
    ...(text === "" ? {} : { "Content-Type": type }),
    ...(method === "GET" ? {} : { "Content-Length": String(text.length) }),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${text}`;
}

function jsonText(body: unknown): string {
  return body === undefined ? "" : JSON.stringify(body);
}
