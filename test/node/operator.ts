/** As `.dev.vars.example` has it. */
export const OPERATOR_KEY = "jtn-dev-operator-key";

export interface Verdict {
  readonly allowed: boolean;
  readonly reason: string | null;
}

interface Created {
  readonly team: { readonly id: string };
  readonly key: string;
  readonly access_token: { readonly id: string };
  readonly token: string;
}

/** An operator who has just registered a team and a service, and uses the API as the contract tells. */
export class Operator {
  readonly #url: string;
  #team = "";
  #serviceKey = "";

  readonly #key: string;

  private constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  /** @param slug of the team; one of its own for each operator */
  static async setUp(url: string, slug: string, plan = "standard", key = OPERATOR_KEY): Promise<Operator> {
    const operator = new Operator(url, key);
    const created = await operator.#post<Created>("/v1/teams", { name: slug, slug, plan });
    operator.#team = created.team.id;
    operator.#serviceKey = (await operator.#post<Created>("/v1/services", { name: slug })).key;
    return operator;
  }

  /** The same operator, served from elsewhere. */
  at(url: string): Operator {
    const moved = new Operator(url, this.#key);
    moved.#team = this.#team;
    moved.#serviceKey = this.#serviceKey;
    return moved;
  }

  /** Issues a token that may see devices. @param limit checks in an hour; none: as many as it likes */
  async issue(limit?: number): Promise<{ readonly id: string; readonly token: string }> {
    const { access_token: shown, token } = await this.#post<Created>(
      `/v1/teams/${this.#team}/access-tokens`,
      {
        name: "a token",
        permissions: ["EMM.Devices.VIEW"],
        ...(limit === undefined ? {} : { rate_limit: { limit, window_seconds: 3600 } }),
      },
    );
    return { id: shown.id, token };
  }

  async revoke(id: string): Promise<void> {
    await this.#post(`/v1/teams/${this.#team}/access-tokens/${id}/revoke`, undefined);
  }

  /** Asks as the service whether a token may see devices. */
  check(token: string): Promise<Verdict> {
    return this.#post("/v1/check", { token, permissions: ["EMM.Devices.VIEW"] }, this.#serviceKey);
  }

  async slugs(): Promise<string[]> {
    const response = await fetch(`${this.#url}/v1/teams`, {
      headers: { Authorization: `Bearer ${this.#key}` },
    });
    const list: { readonly teams: readonly { readonly slug: string }[] } = JSON.parse(await response.text());
    return list.teams.map(({ slug }) => slug);
  }

  async #post<T>(path: string, body: unknown, credential = this.#key): Promise<T> {
    const response = await fetch(`${this.#url}${path}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${credential}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${JSON.stringify(answer)}`);
    return answer as T;
  }
}
