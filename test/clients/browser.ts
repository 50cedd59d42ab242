/** A page, or (null) an address elsewhere. */
export interface Shown {
  readonly url: string;
  readonly html: string | null;
}

/** A person's browser, as far as pages without script need one: cookies, links, redirects and forms. */
export class Browser {
  readonly #origin: string;
  readonly #person: { readonly email: string; readonly password: string };
  readonly #cookies = new Map<string, string>();

  constructor(origin: string, person: { readonly email: string; readonly password: string }) {
    this.#origin = origin;
    this.#person = person;
  }

  /** Goes to a page, signs in when asked to, and stays where the way ends: at a page, or on its way to elsewhere. */
  async visit(url: string): Promise<Shown> {
    let response = await this.#send("GET", url);
    let at = url;
    for (let steps = 0; steps < 10; steps += 1) {
      const next = response.headers.get("Location");
      if (next === null) {
        const html = await response.text();
        if (!new URL(at).pathname.startsWith("/signin")) return { url: at, html };
        response = await this.#submit(at, html, { ...this.#person });
        continue;
      }
      at = new URL(next, at).href;
      if (new URL(at).origin !== this.#origin) return { url: at, html: null };
      response = await this.#send("GET", at);
    }
    throw new Error(`no end at ${at}`);
  }

  /** Presses a button of a page's form; where that leads, a page of this origin or an address elsewhere. */
  async press(page: Shown, fields: Record<string, string>): Promise<Shown> {
    const response = await this.#submit(page.url, page.html ?? "", fields);
    const next = response.headers.get("Location");
    return next === null
      ? { url: page.url, html: await response.text() }
      : { url: new URL(next, page.url).href, html: null };
  }

  /** Lets an application have what it asks for; where it goes then. */
  async accept(authorizationUrl: string): Promise<string> {
    const page = await this.visit(authorizationUrl);
    return page.html === null ? page.url : (await this.press(page, { decision: "accept" })).url;
  }

  async #submit(at: string, html: string, fields: Record<string, string>): Promise<Response> {
    const forms = [...html.matchAll(/<form([^>]*)>(.*?)<\/form>/gs)];
    const wanted = Object.keys(fields);
    const form = forms.find(([, , inner = ""]) => wanted.every((name) => inner.includes(`name="${name}"`)));
    if (form === undefined) throw new Error(`no form with ${wanted.join(", ")} at ${at}: ${html}`);
    const [, attributes = "", inner = ""] = form;
    const action = /action="([^"]*)"/.exec(attributes)?.[1] ?? at;
    const body = new URLSearchParams();
    for (const [input] of inner.matchAll(/<input[^>]*>/g)) {
      const name = /name="([^"]*)"/.exec(input)?.[1];
      const isHidden = input.includes('type="hidden"');
      const isChosen = input.includes('type="radio"') && input.includes("checked");
      if (name !== undefined && (isHidden || isChosen))
        body.set(name, unescaped(/value="([^"]*)"/.exec(input)?.[1] ?? ""));
    }
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    return this.#send("POST", new URL(unescaped(action), at).href, body);
  }

  async #send(method: string, url: string, body?: URLSearchParams): Promise<Response> {
    const response = await fetch(url, {
      method,
      redirect: "manual",
      headers: {
        Cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; "),
        ...(method === "POST" ? { Origin: this.#origin, "Sec-Fetch-Site": "same-origin" } : {}),
      },
      ...(body === undefined ? {} : { body }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ""] = cookie.split(";");
      const [name = "", value = ""] = pair.split("=", 2);
      if (/max-age=0/i.test(cookie)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }
}

function unescaped(text: string): string {
  return text
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}
