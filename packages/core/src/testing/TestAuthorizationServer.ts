/**
 * An authorization server in memory: real grants, real rotation, no sockets.
 *
 * It speaks through `OAuthHttpClient` and `HttpClient`, does nothing that
 * `TestClock` does not know of, gives the same tokens in every run, keeps a
 * ledger of what it issued and was shown, and has every fault on a switch.
 *
 * It is long because every option and every view of the server is told here.
 * What the server does is in `internal`.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { AuthorizationDetails } from "../AuthorizationDetails.ts"
import * as AuthorizationServer from "../AuthorizationServer.ts"
import * as ClientAuthentication from "../ClientAuthentication.ts"
import * as Dialect from "../Dialect.ts"
import type * as OAuthHttpClient from "../OAuthHttpClient.ts"
import * as RotationPolicy from "../RotationPolicy.ts"
import type { Scopes } from "../Scopes.ts"
import type { TokenSet } from "../TokenSet.ts"
import type { Fault } from "./Fault.ts"
import type { IdTokenSigner, Members } from "./IdTokenSigner.ts"
import { makeAuthorizations } from "./internal/authorizations.ts"
import { endpointOf, makeEndpoints } from "./internal/endpoints.ts"
import { makeExchanges } from "./internal/exchanges.ts"
import { makeGrants } from "./internal/grants.ts"
import { makeProofs } from "./internal/proofs.ts"
import { makeRegistrations } from "./internal/registrations.ts"
import type * as Ledger from "./Ledger.ts"
import * as TestClient from "./TestClient.ts"
import * as TestHttp from "./TestHttp.ts"

/**
 * What the person at the login page does: agrees, unless there is an `error`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Decision {
  /** `"user-1"` unless said otherwise. */
  readonly subject?: string | undefined
  /** What is granted of what was asked for; all of it unless said otherwise. */
  readonly scopes?: Scopes | undefined
  /** What is granted in detail of what was asked for; all of it unless said otherwise. */
  readonly authorizationDetails?: ((asked: AuthorizationDetails) => AuthorizationDetails) | undefined
  /** The code of the error instead: `"access_denied"`. */
  readonly error?: string | undefined
  readonly description?: string | undefined
  /** Further claims of the person, in ID tokens and at the UserInfo endpoint. */
  readonly claims?: Members | undefined
}

/**
 * How token answers look where servers differ.
 *
 * @category models
 * @since 0.1.0
 */
export interface AnswerShape {
  /** `"Bearer"` unless said otherwise. */
  readonly tokenType?: string | undefined
  readonly expiresIn?: "number" | "string" | "omitted" | undefined
  readonly scope?: "always" | "when-narrowed" | "never" | undefined
  /** Whether a renewal that keeps the refresh token says so by repeating it. */
  readonly keptRefreshToken?: "omitted" | "repeated" | undefined
  /** Members that stand last, and so also replace others. */
  readonly members?: Readonly<Record<string, Schema.Json>> | undefined
}

/**
 * What the API does with a request whose token it accepts.
 *
 * @category models
 * @since 0.1.0
 */
export type Api = (
  request: TestHttp.Request,
  token: { readonly token: string; readonly subject: string; readonly scopes: Scopes }
) => TestHttp.Answer

/**
 * How a server is an OpenID provider.
 *
 * @category models
 * @since 0.1.0
 */
export interface OpenId {
  readonly signer: IdTokenSigner
  /** Changes what is signed, to break a rule. */
  readonly claims: (claims: Members) => Members
}

/**
 * How clients register.
 *
 * @category models
 * @since 0.1.0
 */
export interface Registration {
  /** The bearer token without which none registers. */
  readonly initialAccessToken?: string | undefined
  /** The one software statement that is believed. */
  readonly softwareStatement?: string | undefined
  /** Whether every read and update gives another secret and another token: `"always"`. They stay, unless said so. */
  readonly rotation?: "always" | undefined
  /** How many seconds a secret lives; for ever. */
  readonly expiresIn?: number | undefined
}

/**
 * What the server is like. Everything has a default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The provider's name in the description, `"test"`. */
  readonly provider?: string | undefined
  /** An origin, `"https://as.test"`. */
  readonly issuer?: string | undefined
  /** `"https://api.test"`. */
  readonly apiOrigin?: string | undefined
  /** Tokens repeat with the seed. */
  readonly seed?: number | undefined
  /** What the server does, and says that it does: `RotationPolicy.rotating()`. */
  readonly rotation?: RotationPolicy.RotationPolicy | undefined
  /** What the server says that it does, where it does something else. */
  readonly declaredRotation?: RotationPolicy.RotationPolicy | undefined
  /** The server speaks the dialect that its description declares. */
  readonly dialect?: Dialect.Deviations | undefined
  /** `TestClient.confidential` and `TestClient.publicClient`. The first is the one that `ClientAuthentication` speaks for. */
  readonly clients?: readonly [TestClient.Client, ...ReadonlyArray<TestClient.Client>] | undefined
  /** One hour. */
  readonly accessTokenLifetime?: Duration.Input | undefined
  /** For ever. */
  readonly refreshTokenLifetime?: Duration.Input | undefined
  /** One minute. */
  readonly codeLifetime?: Duration.Input | undefined
  /**
   * Whether authorization requests may be pushed (RFC 9126), or must be. A
   * reference counts once, for a minute. Not offered unless said so.
   */
  readonly pushedRequests?: "offered" | "required" | undefined
  /** The types of authorization details that the server knows (RFC 9396). None unless named. */
  readonly authorizationDetailsTypes?: ReadonlyArray<string> | undefined
  /** Whether clients may register, and how (RFC 7591, RFC 7592). They may not unless said so. */
  readonly registration?: Registration | undefined
  /** Whether a login gives a refresh token: always, never, or with a scope. */
  readonly refreshTokens?: "always" | "never" | { readonly scope: string } | undefined
  /** Whether a renewal ends the access tokens before it; they are kept. */
  readonly previousAccessTokens?: "kept" | "ended" | undefined
  /** Passwords by user name (RFC 6749, section 4.3). */
  readonly passwords?: Readonly<Record<string, string>> | undefined
  readonly answers?: AnswerShape | undefined
  /** The error code for a refresh token that was used before: `"invalid_grant"`. */
  readonly reuseError?: string | undefined
  /** Echoes the request unless said otherwise. */
  readonly api?: Api | undefined
  /** Given, ID tokens are signed and the server publishes its keys; without, they bear no signature. */
  readonly openid?: Partial<OpenId> & Pick<OpenId, "signer"> | undefined
  /**
   * Whether token requests need a DPoP proof (RFC 9449): `"optional"`, a proof
   * that is there binds the tokens to its key. `ES256` is what the server knows.
   */
  readonly dpop?: "optional" | "required" | undefined
  /** Whether proofs need the server's nonce, and at the API the API's: `"none"`. */
  readonly dpopNonces?: "none" | "required" | undefined
}

/**
 * What one login gave, as the server knows it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Family {
  readonly id: string
  readonly client: string
  readonly subject: string
  readonly scopes: Scopes
  /** Whether it was revoked, by whomever. */
  readonly revoked: boolean
  /** The refresh token that would be accepted now. */
  readonly refreshToken?: Redacted.Redacted | undefined
  /** The access tokens that would be accepted now. */
  readonly accessTokens: ReadonlyArray<Redacted.Redacted>
}

/**
 * The server did not send the browser back: it showed a page of its own (RFC
 * 6749, section 4.1.2.1).
 *
 * @category errors
 * @since 0.1.0
 */
export class NotRedirected extends Data.TaggedError("NotRedirected")<{ readonly problem: string }> {
  override get message(): string {
    return this.problem
  }
}

/**
 * An authorization server in memory, seen from behind.
 *
 * @category services
 * @since 0.1.0
 */
export class TestAuthorizationServer extends Context.Service<TestAuthorizationServer, {
  /** What a provider package would supply. */
  readonly description: AuthorizationServer.AuthorizationServer["Service"]

  /** The other half: the first client unless another is named. */
  readonly clientAuthentication: (clientId?: string) => ClientAuthentication.ClientAuthentication["Service"]

  /**
   * An HTTP client that reaches this server and its API and nothing else. `by`
   * is its name in the ledger.
   */
  readonly httpClient: (by: string) => HttpClient.HttpClient

  /**
   * What its HTTP clients do with each request, without a client: for whoever
   * counts the time of many thousand exchanges.
   */
  readonly exchange: (
    by: string
  ) => (request: TestHttp.Request) => Effect.Effect<TestHttp.Answer, TestHttp.ConnectionFailed>

  /**
   * Follows an authorization URL as a browser and a person do, and succeeds with
   * the address that the browser is sent back to.
   */
  readonly authorize: (url: string | URL, decision?: Decision) => Effect.Effect<string, NotRedirected>

  /**
   * What the person does with a user code (RFC 8628). Dies when there is none.
   */
  readonly decideDevice: (userCode: string, decision?: Decision) => Effect.Effect<void>

  /**
   * A grant as if a login had just given it.
   */
  readonly issue: (options?: {
    readonly clientId?: string | undefined
    readonly subject?: string | undefined
    readonly scopes?: Scopes | undefined
    /** Thumbprint of the DPoP key that the tokens are bound to. */
    readonly thumbprint?: string | undefined
  }) => Effect.Effect<TokenSet>

  /**
   * Puts a fault in line: each is the fate of one exchange with `endpoint`
   * (`"token"`), in order. `undefined` lets one exchange pass.
   */
  readonly inject: (
    faults: Fault | ReadonlyArray<Fault | undefined>,
    options?: { readonly endpoint?: Ledger.Endpoint | undefined }
  ) => Effect.Effect<void>

  /**
   * Decides the fate of every exchange for which no fault is in line. The last
   * one called decides.
   */
  readonly injectBy: (decide: (exchange: Ledger.Exchange) => Fault | undefined) => Effect.Effect<void>

  /**
   * Answers in the server's place wherever the function gives an answer; the
   * server then does not see the request. The last one called answers.
   */
  readonly respondWith: (respond: (exchange: Ledger.Exchange) => TestHttp.Answer | undefined) => Effect.Effect<void>

  /**
   * Ends a token at the provider's side: of a refresh token the whole family, of
   * an access token that token. Dies when the token is not known.
   */
  readonly revoke: (token: string | Redacted.Redacted) => Effect.Effect<void>

  /** Makes the server and its API want other DPoP nonces from now on. */
  readonly renewNonces: Effect.Effect<void>

  /** Whether a token would be accepted now. */
  readonly isLive: (token: string | Redacted.Redacted) => Effect.Effect<boolean>

  /** A token's name in the ledger. Dies when the token is not known. */
  readonly nameOf: (token: string | Redacted.Redacted) => Effect.Effect<string>

  /** What logins gave, in order. */
  readonly families: Effect.Effect<ReadonlyArray<Family>>

  /** Everything that clients sent, or tried to. */
  readonly exchanges: Effect.Effect<ReadonlyArray<Ledger.Exchange>>

  /** What happened. */
  readonly ledger: Effect.Effect<ReadonlyArray<Ledger.Entry>>
}>()("@effect-oauth/core/testing/TestAuthorizationServer") {}

/**
 * Makes a server. It lives as long as its scope.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (
  options?: Options
) => Effect.Effect<TestAuthorizationServer["Service"], never, Scope.Scope> = Effect.fnUntraced(
  function*(options = {}) {
    const clock = yield* Clock.Clock
    const scope = yield* Effect.scope
    const now = () => clock.currentTimeMillisUnsafe()

    const issuer = options.issuer ?? "https://as.test"
    const apiOrigin = options.apiOrigin ?? "https://api.test"
    const seed = options.seed ?? 1
    const dialect = Dialect.make(options.dialect ?? {})
    const rotation = options.rotation ?? RotationPolicy.rotating()
    const [first, ...others] = options.clients ?? [TestClient.confidential, TestClient.publicClient]
    const clients = new Map([first, ...others].map((client) => [client.clientId, client]))
    const millis = (input: Duration.Input | undefined, otherwise: number) =>
      input === undefined ? otherwise : Duration.toMillis(Duration.fromInputUnsafe(input))

    const unfinished = new WeakMap<TestHttp.Answer, Effect.Effect<TestHttp.Answer>>()
    const exchanges = makeExchanges({
      clock,
      scope,
      endpointOf: (url) => endpointOf({ issuer, apiOrigin }, url),
      tokenNamed: (value) => grants.find(value),
      finish: (answer) => unfinished.get(answer) ?? Effect.succeed(answer),
      process: (exchange) => exchange.endpoint === "elsewhere" ? undefined : serve(exchange, exchange.endpoint)
    })
    const grants = makeGrants(
      {
        seed,
        rotation,
        accessTokenLifetime: millis(options.accessTokenLifetime, 3_600_000),
        refreshTokenLifetime: millis(options.refreshTokenLifetime, Infinity),
        previousAccessTokens: options.previousAccessTokens ?? "kept",
        revocation: dialect.revocation
      },
      now,
      (kind, token, details) => exchanges.note(kind, { family: token.family.id, token: token.id, ...details })
    )
    const authorizations = makeAuthorizations(
      {
        issuer,
        seed,
        clients,
        pkce: dialect.authorization.pkce === "none" ? "optional" : "required",
        scopeSeparator: dialect.authorization.scopeSeparator,
        codeLifetime: millis(options.codeLifetime, 60_000),
        detailsTypes: options.authorizationDetailsTypes ?? [],
        pushedRequests: options.pushedRequests ?? "absent"
      },
      now
    )
    const proofs = makeProofs({ seed, nonces: options.dpopNonces ?? "none", tolerance: 60_000 }, now)
    const serve = makeEndpoints(
      {
        issuer,
        apiOrigin,
        dialect,
        clients,
        passwords: options.passwords ?? {},
        shape: options.answers ?? {},
        refreshTokens: options.refreshTokens ?? "always",
        reuseError: options.reuseError ?? "invalid_grant",
        dpop: options.dpop ?? "optional",
        pushedRequests: options.pushedRequests ?? "absent",
        detailsTypes: options.authorizationDetailsTypes ?? [],
        api: options.api ?? echo,
        openid: options.openid === undefined ? undefined : { claims: (claims) => claims, ...options.openid }
      },
      grants,
      authorizations,
      proofs,
      options.registration === undefined
        ? undefined
        : makeRegistrations({ issuer, seed, clients, registration: options.registration }, now),
      now,
      (code, token) => exchanges.note("refused", { family: token?.family.id, token: token?.id, detail: code }),
      (token) => exchanges.note("used", { family: token.family.id, token: token.id }),
      (answer, by) => {
        unfinished.set(answer, by)
        return answer
      }
    )

    const description = Result.getOrThrow(AuthorizationServer.make({
      provider: options.provider ?? "test",
      issuer,
      authorizationEndpoint: `${issuer}/authorize`,
      tokenEndpoint: `${issuer}/token`,
      revocationEndpoint: `${issuer}/revoke`,
      introspectionEndpoint: `${issuer}/introspect`,
      deviceAuthorizationEndpoint: `${issuer}/device`,
      ...(options.pushedRequests === undefined ? {} : { pushedAuthorizationRequestEndpoint: `${issuer}/par` }),
      userinfoEndpoint: `${issuer}/userinfo`,
      authorizationDetailsTypes: options.authorizationDetailsTypes,
      ...(options.registration === undefined ? {} : { registrationEndpoint: `${issuer}/register` }),
      ...(options.openid === undefined ? {} : {
        jwksUri: `${issuer}/jwks`,
        endSessionEndpoint: `${issuer}/logout`,
        idTokenAlgorithms: options.openid.signer.algorithms,
        authorizationResponseAlgorithms: options.openid.signer.algorithms
      }),
      dialect: options.dialect,
      rotation: options.declaredRotation ?? rotation,
      apiOrigins: [apiOrigin]
    }))

    const known = (token: string | Redacted.Redacted) => {
      const found = grants.find(plain(token))
      if (found === undefined) throw new Error("This server did not issue that token")
      return found
    }

    return TestAuthorizationServer.of({
      description,

      clientAuthentication: (clientId = first.clientId) => {
        const client = clients.get(clientId)
        if (client === undefined) throw new Error(`No client "${clientId}" is registered`)
        return TestClient.authentication(client)
      },

      httpClient: (by) => TestHttp.makeClient(exchanges.exchange(by)),

      exchange: exchanges.exchange,

      authorize: (url, decision = {}) =>
        Effect.suspend(() => {
          const outcome = authorizations.authorize(String(url), decision)
          if (outcome._tag === "Page") return Effect.fail(new NotRedirected({ problem: outcome.problem }))
          const { signed } = outcome
          if (signed === undefined) return Effect.succeed(outcome.url)
          const { openid } = options
          if (openid === undefined) return Effect.fail(new NotRedirected({ problem: "there is nothing to sign with" }))
          return Effect.map(openid.signer.sign(signed.parameters), (jwt) => {
            const back = new URL(signed.redirectUri)
            if (signed.mode === "fragment.jwt") back.hash = `response=${jwt}`
            else back.searchParams.set("response", jwt)
            return back.href
          })
        }),

      decideDevice: (userCode, decision = {}) =>
        Effect.sync(() => {
          if (!authorizations.decideDevice(userCode, decision)) throw new Error(`No device shows "${userCode}"`)
        }),

      issue: ({ clientId = first.clientId, scopes = [], subject = "user-1", thumbprint } = {}) =>
        Effect.sync(() => {
          const bound = clients.get(clientId)?.authentication === "none" ? thumbprint : undefined
          const family = grants.open({ client: clientId, subject, scopes, thumbprint: bound })
          const { access, refresh } = grants.first(family, { refresh: options.refreshTokens !== "never", thumbprint })
          return {
            accessToken: Redacted.make(access.value),
            tokenType: thumbprint === undefined ? "Bearer" : "DPoP",
            receivedAt: now(),
            expiresIn: Duration.millis(access.expiresAt - now()),
            scopes,
            ...(thumbprint === undefined ? {} : { thumbprint }),
            ...(refresh === undefined ? {} : {
              refreshToken: Redacted.make(refresh.value),
              ...(bound === undefined ? {} : { refreshTokenThumbprint: bound })
            })
          }
        }),

      inject: (faults, { endpoint = "token" } = {}) =>
        Effect.sync(() => exchanges.queue("name" in faults ? [faults] : faults, endpoint)),

      injectBy: (decide) => Effect.sync(() => exchanges.decideBy(decide)),

      respondWith: (respond) => Effect.sync(() => exchanges.respondWith(respond)),

      revoke: (token) =>
        Effect.sync(() => {
          const found = known(token)
          if (found.kind === "access") grants.end(found, "provider")
          else grants.endFamily(found.family, "provider")
        }),

      isLive: (token) =>
        Effect.sync(() => {
          const found = grants.find(plain(token))
          return found !== undefined && grants.isLive(found)
        }),

      renewNonces: Effect.sync(() => proofs.renewNonces()),

      nameOf: (token) => Effect.sync(() => known(token).id),

      families: Effect.sync(() =>
        grants.families.map((family): Family => ({
          id: family.id,
          client: family.client,
          subject: family.subject,
          scopes: family.scopes,
          revoked: family.revokedAt !== undefined,
          ...(family.current !== undefined && grants.isLive(family.current)
            ? { refreshToken: Redacted.make(family.current.value) }
            : {}),
          accessTokens: family.tokens.filter((token) => token.kind === "access" && grants.isLive(token))
            .map((token) => Redacted.make(token.value))
        }))
      ),

      exchanges: Effect.sync(() => [...exchanges.log]),

      ledger: Effect.sync(() => [...exchanges.ledger])
    })
  }
)

/**
 * A server, and everything that a client needs to speak with it: its
 * description, credentials of its first client, and HTTP clients that reach it
 * and nothing else (named `client` in the ledger).
 *
 * **Example** (An answer that is lost after the rotation)
 *
 * ```ts import.meta.vitest
 * import { TokenEndpoint, TokenRequest } from "@effect-oauth/core"
 * import { Fault, Ledger, TestAuthorizationServer } from "@effect-oauth/core/testing"
 * import { Effect, Layer, Redacted } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const server = yield* TestAuthorizationServer.TestAuthorizationServer
 *   const endpoint = yield* TokenEndpoint.TokenEndpoint
 *   const { refreshToken = Redacted.make("") } = yield* server.issue()
 *   yield* server.inject(Fault.answerLost("reset"))
 *
 *   const judgement = yield* endpoint.exchange(TokenRequest.refreshToken({ refreshToken }))
 *
 *   judgement._tag // => "Ambiguous"
 *   yield* server.isLive(refreshToken) // => false
 *   Ledger.ofKind(yield* server.ledger, "rotated").length // => 1
 *   Ledger.ofKind(yield* server.ledger, "received").length // => 0
 * })
 *
 * await Effect.runPromise(Effect.provide(
 *   program,
 *   Layer.provideMerge(TokenEndpoint.layer, TestAuthorizationServer.layer())
 * ))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: Options
): Layer.Layer<
  | TestAuthorizationServer
  | AuthorizationServer.AuthorizationServer
  | ClientAuthentication.ClientAuthentication
  | OAuthHttpClient.OAuthHttpClient
  | HttpClient.HttpClient
> =>
  Layer.mergeAll(layerDescription, layerClient("client")).pipe(
    Layer.provideMerge(layerServer(options))
  )

/**
 * A server alone, for tests with several clients.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerServer = (options?: Options): Layer.Layer<TestAuthorizationServer> =>
  Layer.effect(TestAuthorizationServer, make(options))

/**
 * What a provider package would supply for the server in context.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerDescription: Layer.Layer<
  AuthorizationServer.AuthorizationServer | ClientAuthentication.ClientAuthentication,
  never,
  TestAuthorizationServer
> = Layer.effectContext(
  Effect.map(
    TestAuthorizationServer,
    (server) =>
      Context.make(AuthorizationServer.AuthorizationServer, server.description).pipe(
        Context.add(ClientAuthentication.ClientAuthentication, server.clientAuthentication())
      )
  )
)

/**
 * HTTP clients of one process, with its name in the ledger.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerClient = (
  by: string
): Layer.Layer<OAuthHttpClient.OAuthHttpClient | HttpClient.HttpClient, never, TestAuthorizationServer> =>
  Layer.unwrap(Effect.map(TestAuthorizationServer, (server) => TestHttp.layerClient(server.httpClient(by))))

const plain = (token: string | Redacted.Redacted): string => typeof token === "string" ? token : Redacted.value(token)

const echo: Api = (request, token) => TestHttp.json({ method: request.method, url: request.url, ...token })
