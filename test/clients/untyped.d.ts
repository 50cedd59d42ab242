declare module "simple-oauth2" {
  interface Token extends Record<string, unknown> {
    readonly access_token: string;
    readonly refresh_token?: string;
  }
  interface AccessToken {
    readonly token: Token;
    expired(): boolean;
    refresh(params?: object): Promise<AccessToken>;
    revoke(type: "access_token" | "refresh_token"): Promise<void>;
  }
  interface Config {
    readonly client: { readonly id: string; readonly secret: string };
    readonly auth: Record<string, string>;
    readonly options?: Record<string, string>;
  }
  export class AuthorizationCode {
    constructor(config: Config);
    authorizeURL(params: object): string;
    getToken(params: object): Promise<AccessToken>;
    createToken(token: object): AccessToken;
  }
  export class ClientCredentials {
    constructor(config: Config);
    getToken(params: object): Promise<AccessToken>;
  }
}

declare module "passport" {
  interface Passport {
    use(strategy: object): void;
    authenticate(
      name: string,
      options: object,
    ): (request: object, response: object, next: (error?: unknown) => void) => void;
    initialize(): (request: object, response: object, next: () => void) => void;
  }
  const passport: Passport;
  export default passport;
}

declare module "passport-zoho-crm" {
  type Verify = (
    accessToken: string,
    refreshToken: string | undefined,
    profile: { readonly id: string; readonly displayName?: string },
    done: (error: unknown, user?: object) => void,
  ) => void;
  export class Strategy {
    constructor(options: object, verify: Verify);
  }
}

declare module "@zohocrm/nodejs-sdk-8.0" {
  interface OAuthToken {
    getToken(): Promise<string>;
    getAccessToken(): string;
    getRefreshToken(): string;
    setExpiresIn(milliseconds: string): void;
    refreshAccessToken(token: OAuthToken, url: string): Promise<OAuthToken>;
    revokeRefreshToken(token: string, url: string): Promise<boolean>;
  }
  interface Builder {
    environment(environment: object): Builder;
    token(token: OAuthToken): Builder;
    store(store: object): Builder;
    resourcePath(path: string): Builder;
    logger(logger: object): Builder;
    initialize(): Promise<void>;
  }
  export class OAuthBuilder {
    clientId(id: string): this;
    clientSecret(secret: string): this;
    grantToken(token: string): this;
    redirectURL(url: string): this;
    findUser(find: boolean): this;
    build(): OAuthToken;
  }
  export const DataCenter: { setEnvironment(url: string, accountsUrl: string, fileUrl: string): object };
  /** Its constructor gives a promise. */
  export const InitializeBuilder: new () => Promise<Builder>;
  export const FileStore: new (path: string) => object;
  export const Logger: { getInstance(level: string, path: string): object };
  export const Levels: { readonly OFF: string };
  export const Org: { OrgOperations: new () => { getOrganization(): Promise<object> } };
}
