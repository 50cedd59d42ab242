import { OPERATOR_KEY } from "../node/operator.ts";

/** What the tests do by the API, as the operator unless they say as whom. */
export class Api {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  get<T>(path: string): Promise<T> {
    return this.#ask("GET", path, undefined, OPERATOR_KEY);
  }

  /** @param as another credential; null: none */
  post<T>(path: string, body: object, as: string | null = OPERATOR_KEY): Promise<T> {
    return this.#ask("POST", path, body, as);
  }

  /** Signs in as people do, and gives the session's cookie. */
  async session({ email, password }: SignIn): Promise<Cookie> {
    const response = await fetch(`${this.url}/signin`, {
      method: "POST",
      redirect: "manual",
      headers: { "Sec-Fetch-Site": "same-origin" },
      body: new URLSearchParams({ email, password }),
    });
    const [line = ""] = response.headers.getSetCookie();
    const [pair = ""] = line.split(";");
    const [name = "", value = ""] = pair.split("=", 2);
    if (response.status !== 303 || value === "") throw new Error(`sign-in of ${email}: ${response.status}`);
    return { name, value };
  }

  async #ask<T>(method: string, path: string, body: object | undefined, as: string | null): Promise<T> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        "Content-Type": "application/json",
        ...(as === null ? {} : { Authorization: `Bearer ${as}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }
}

export interface SignIn {
  readonly email: string;
  readonly password: string;
}

export interface Cookie {
  readonly name: string;
  readonly value: string;
}

export interface Made {
  readonly id: string;
}

/** A person who has joined a team with a password of their own. */
export async function joinTeam(
  api: Api,
  team: string,
  { email, password, role = "owner" }: SignIn & { readonly role?: string },
): Promise<SignIn & { readonly user: string; readonly member: string }> {
  const { invitation_link: link } = await api.post<{ invitation_link: string }>(`/v1/teams/${team}/members`, {
    email,
    role,
  });
  const invitation = link.slice(link.lastIndexOf("/") + 1);
  const { member } = await api.post<{ member: Made & { user: string } }>(
    "/v1/invitations/accept",
    { invitation, password },
    null,
  );
  return { email, password, user: member.user, member: member.id };
}
