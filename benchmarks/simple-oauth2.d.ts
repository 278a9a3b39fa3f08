// The part that is used here of a package without types.
declare module "simple-oauth2" {
  interface SimpleToken {
    readonly token: { readonly access_token: string }
    readonly refresh: () => Promise<SimpleToken>
  }

  class AuthorizationCode {
    constructor(options: {
      readonly client: { readonly id: string; readonly secret: string }
      readonly auth: { readonly tokenHost: string; readonly tokenPath: string }
    })
    createToken(token: Record<string, string>): SimpleToken
  }
}
