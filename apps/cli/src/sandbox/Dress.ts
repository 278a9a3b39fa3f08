/**
 * A dress makes an oidc-provider look like another server: it rewrites requests
 * before the provider sees them, and answers before the client does. Tokens,
 * their rotation and the detection of reuse stay the provider's own.
 */
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { IncomingHttpHeaders } from "node:http"
import type { Configuration, JWK } from "oidc-provider"
import type * as Account from "./Account.ts"
import type { Engine } from "./Engine.ts"
import type * as Ledger from "./Ledger.ts"
import * as Message from "./Message.ts"
import * as Registration from "./Registration.ts"
import * as Settings from "./Settings.ts"

/** A request on its way through a dress. */
export interface Exchange {
  readonly endpoint: Ledger.Endpoint
  /** The parameters of the query (GET) or of the form (POST): a dress changes them in place. */
  readonly parameters: URLSearchParams
  /** The query of a POST. */
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
}

/** How a server looks. */
export interface Dress {
  readonly name: Ledger.Dress
  /** The path below which it stands. */
  readonly mount: string
  readonly engine: Engine
  /** What a path below the mount is for; nothing if there is no such path. */
  readonly endpoint: (path: string) => Ledger.Endpoint | undefined
  /** Changes the parameters, or answers by itself. */
  readonly request: (exchange: Exchange) => Effect.Effect<Message.Answer | undefined>
  /** Changes an answer. */
  readonly answer: (exchange: Exchange, answer: Message.Answer) => Message.Answer
  /** Changes the parameters that the browser brings back to the client. */
  readonly callback: (parameters: URLSearchParams) => void
}

/** What all dresses are made of. */
export interface Cloth {
  readonly origin: string
  readonly settings: () => Settings.Settings
  readonly accounts: Account.Accounts
  readonly registrations: Registration.Registrations
  readonly keys: ReadonlyArray<JWK>
  readonly cookieKey: string
}

type Features = NonNullable<Configuration["features"]>

type DeviceFlow = NonNullable<Features["deviceFlow"]>

/** The paths of a server, below its mount. */
export type Paths = Readonly<Record<string, Ledger.Endpoint>>

/** Looks a path up; what is below the path of an authorization or device page is a page. */
export const endpoints = (paths: Paths) => (path: string): Ledger.Endpoint | undefined => {
  if (Object.hasOwn(paths, path)) return paths[path]
  if (/^\/interaction\/[\w-]+$/.test(path)) return "page"
  const parent = path.slice(0, path.lastIndexOf("/"))
  const above = Object.hasOwn(paths, parent) ? paths[parent] : undefined
  return above === "authorization" || above === "page" ? "page" : undefined
}

/**
 * What every provider of the sandbox is configured with: our clients, lifetimes
 * from the settings, rotation always, a new grant for every login, and no
 * default that would speak up on the console.
 */
export const configuration = (
  cloth: Cloth,
  options: {
    readonly name: Ledger.Dress
    readonly mount: string
    readonly clients: ReadonlyArray<Registration.Registration>
    readonly scopes: ReadonlyArray<string>
    /** The scope without which there is no refresh token. */
    readonly offlineScope: string
    readonly routes: NonNullable<Configuration["routes"]>
    readonly features: Features
    readonly claims: NonNullable<Configuration["claims"]>
  }
): Configuration => ({
  clients: options.clients.map(Registration.metadata),
  scopes: [...options.scopes],
  claims: options.claims,
  routes: options.routes,
  jwks: { keys: cloth.keys },
  cookies: {
    keys: [cloth.cookieKey],
    names: {
      session: `sandbox_${options.name}_session`,
      interaction: `sandbox_${options.name}_interaction`,
      resume: `sandbox_${options.name}_resume`
    }
  },
  clockTolerance: 0,
  features: {
    devInteractions: { enabled: false },
    dPoP: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    resourceIndicators: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    userinfo: { enabled: false },
    ...options.features
  },
  interactions: { url: (_, interaction) => `${options.mount}/interaction/${interaction.uid}` },
  findAccount: (_, id) => {
    const account = cloth.accounts.find(id)
    if (account === undefined) return undefined
    return { accountId: id, claims: () => ({ sub: id, ...claimsOf(account) }) }
  },
  loadExistingGrant: (ctx) => {
    const grantId = ctx.oidc.result?.consent?.grantId
    return Promise.resolve(grantId === undefined ? undefined : ctx.oidc.provider.Grant.find(grantId))
  },
  issueRefreshToken: (_, client, code) =>
    Promise.resolve(
      cloth.settings().refreshTokens === "asked" && client.grantTypeAllowed("refresh_token") &&
        code.scopes.has(options.offlineScope)
    ),
  expiresWithSession: () => Promise.resolve(false),
  rotateRefreshToken: () => cloth.settings().rotation === "always",
  clientBasedCORS: (_, origin, client) => (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin),
  renderError: (ctx, out) => {
    ctx.type = "html"
    ctx.body = Message.document(
      "That did not work",
      `<p><strong>${Message.escape(out.error)}</strong></p><p>${Message.escape(out.error_description ?? "")}</p>`
    )
  },
  ttl: {
    AccessToken: () => Settings.seconds(cloth.settings().accessToken),
    ClientCredentials: () => Settings.seconds(cloth.settings().accessToken),
    RefreshToken: () => Settings.seconds(cloth.settings().refreshToken),
    AuthorizationCode: () => 60,
    DeviceCode: () => 120,
    IdToken: () => 3600,
    Interaction: () => 600,
    Session: () => 3600,
    Grant: () => Duration.toSeconds(Duration.days(3650))
  }
})

/** What the device pages look like, for a provider that has them. */
export const deviceFlow = (mask: string, charset: "digits" | "base-20"): DeviceFlow => ({
  enabled: true,
  mask,
  charset,
  userCodeInputSource: (ctx, form, _, error) => {
    ctx.body = Message.document(
      "Connect a device",
      `<p>${error === undefined ? "Enter the code that the device shows." : "There is no such code."}</p>
${form}<button type="submit" form="op.deviceInputForm">Continue</button>`
    )
  },
  userCodeConfirmSource: (ctx, form, client, _, code) => {
    ctx.body = Message.document(
      "Connect this device?",
      `<p>${Message.escape(client.clientName ?? client.clientId)} shows <strong>${Message.escape(code)}</strong>.</p>
${form}<button autofocus type="submit" form="op.deviceConfirmForm">Connect</button>`
    )
  },
  successSource: (ctx) => {
    ctx.body = Message.document("Connected", "<p>The device will notice. You can close this page.</p>")
  }
})

/** Splits a scope at spaces, or at commas too, and joins it by spaces. */
export const respaceScope = (parameters: URLSearchParams, separator: RegExp): ReadonlyArray<string> => {
  const scope = (parameters.get("scope") ?? "").split(separator).filter((token) => token !== "")
  if (parameters.has("scope")) parameters.set("scope", scope.join(" "))
  return scope
}

/** Sends the browser back to the client with an error (RFC 6749, section 4.1.2.1). */
export const errorCallback = (
  parameters: URLSearchParams,
  redirectUri: string,
  error: string,
  description: string
): Message.Answer => {
  const url = new URL(redirectUri)
  url.searchParams.set("error", error)
  url.searchParams.set("error_description", description)
  const state = parameters.get("state")
  if (state !== null) url.searchParams.set("state", state)
  return Message.redirect(url.href)
}

/** The client that a request names, in the form or by Basic authentication. */
export const clientId = (exchange: Pick<Exchange, "parameters" | "headers">): string | undefined =>
  Message.basicCredentials(exchange.headers)?.[0] ?? exchange.parameters.get("client_id") ?? undefined

/** Lower case, as both of Frame.io's servers write it. */
export const bearer = (body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  "token_type" in body ? { ...body, token_type: "bearer" } : body

const claimsOf = (account: Account.Account): Record<string, unknown> => ({
  account_type: "ind",
  name: `${account.givenName} ${account.familyName}`,
  given_name: account.givenName,
  family_name: account.familyName,
  email: account.email,
  email_verified: true,
  address: { country: "US" }
})
