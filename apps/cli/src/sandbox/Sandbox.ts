/**
 * A real authorization server on this machine, dressed as Frame.io: something to
 * try a client against, with every fault on a switch and no account anywhere.
 *
 * The server is oidc-provider (https://github.com/panva/node-oidc-provider), once
 * for each of the servers that Frame.io has, and once as it is. Tokens, rotation
 * and the detection of reuse are its own; the dresses rewrite paths, parameters
 * and answers.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as MutableRef from "effect/MutableRef"
import * as Redacted from "effect/Redacted"
import * as Crypto from "node:crypto"
import type { OutgoingHttpHeaders } from "node:http"
import type { JWK } from "oidc-provider"
import * as Account from "./Account.ts"
import * as Api from "./Api.ts"
import * as Browser from "./Browser.ts"
import * as Control from "./Control.ts"
import type * as Dress from "./Dress.ts"
import * as Camera from "./dresses/Camera.ts"
import * as Ims from "./dresses/Ims.ts"
import * as Legacy from "./dresses/Legacy.ts"
import * as Oidc from "./dresses/Oidc.ts"
import * as Faults from "./Faults.ts"
import * as Front from "./Front.ts"
import * as Ledger from "./Ledger.ts"
import * as Message from "./Message.ts"
import * as Registration from "./Registration.ts"
import * as Server from "./Server.ts"
import * as Settings from "./Settings.ts"

/** Where everything is. */
export interface Endpoints {
  readonly v4: {
    readonly issuer: string
    readonly discovery: string
    readonly authorization: string
    readonly token: string
    readonly revocation: string
    readonly userinfo: string
    readonly me: string
  }
  readonly legacy: {
    readonly authorization: string
    readonly token: string
    readonly me: string
  }
  readonly camera: {
    readonly deviceAuthorization: string
    readonly token: string
    readonly revocation: string
    readonly me: string
  }
  readonly oidc: {
    readonly issuer: string
    readonly discovery: string
    readonly authorization: string
    readonly token: string
    readonly revocation: string
    readonly introspection: string
    readonly userinfo: string
    readonly deviceAuthorization: string
  }
}

/** Which requests, and how many of them. */
export interface Aim {
  /** Refresh requests unless told otherwise. */
  readonly where?: Faults.Where | undefined
  /** Once unless told otherwise. */
  readonly times?: number | undefined
}

/** The sandbox. */
export class Sandbox extends Context.Service<Sandbox, {
  /** `http://127.0.0.1:PORT`: stands for all of Frame.io's hosts. */
  readonly origin: string
  readonly endpoints: Endpoints
  /** The clients that are registered, with their secrets: what to paste. */
  readonly registrations: Registration.Registrations
  /** Who logs in, unless a `login_hint` names somebody else. */
  readonly account: Account.Account
  readonly settings: Effect.Effect<Settings.Settings>
  /** Changes settings; what is left out stays. Tokens keep the lifetime they were issued with. */
  readonly configure: (input: Settings.Input) => Effect.Effect<void>
  /** Does what a person's browser does with an authorization request, and says where it ended: the callback. */
  readonly approve: (authorizationRequest: string) => Effect.Effect<string, Browser.BrowserError>
  /** Does what a person's browser does with a `verification_uri_complete`. */
  readonly approveDevice: (verificationUri: string) => Effect.Effect<void, Browser.BrowserError>
  /** Holds the next refresh request, or the next as told, before anything is done with it. */
  readonly hold: (where?: Faults.Where) => Effect.Effect<Faults.Held>
  /** What was given by `hold` under that id, if it still waits. */
  readonly held: (id: string) => Faults.Held | undefined
  /** Processes the next refresh request, then ends the connection without an answer. */
  readonly dropAnswer: (aim?: Aim) => Effect.Effect<void>
  /** Answers the next refresh request with a failure, by a page or by an OAuth error; processed or not. */
  readonly fail: (
    options: Aim & {
      readonly status: number
      readonly error?: string | undefined
      readonly processed?: boolean | undefined
      readonly headers?: OutgoingHttpHeaders | undefined
    }
  ) => Effect.Effect<void>
  /** The API takes this access token, or the next that comes, for unknown: once. */
  readonly refuseToken: (accessToken?: Redacted.Redacted) => Effect.Effect<void>
  /**
   * Makes a grant and its first tokens without a login, for when there have to
   * be thousands. Not for `camera`, whose clients are devices.
   */
  readonly issue: (
    client: Exclude<Registration.Name, "camera">,
    options?: { readonly account?: string | undefined; readonly scopes?: ReadonlyArray<string> | undefined }
  ) => Effect.Effect<{ readonly accessToken: Redacted.Redacted; readonly refreshToken: Redacted.Redacted }>
  /** The person ends the grant of a token at the server; false if there is none. */
  readonly withdraw: (token: Redacted.Redacted) => Effect.Effect<boolean>
  /** Forgets faults that wait, and lets held requests through. */
  readonly clear: Effect.Effect<void>
  readonly ledger: Ledger.Ledger
  /** How other processes reach the controls. */
  readonly control: { readonly url: string; readonly token: Redacted.Redacted }
}>()("@effect-oauth/cli/sandbox/Sandbox") {}

/** How a sandbox is started. */
export interface Options {
  /** Any free port unless told otherwise. */
  readonly port?: number | undefined
  readonly settings?: Settings.Input | undefined
  /** Redirect URIs that clients have besides their own. */
  readonly redirectUris?: { readonly [K in Registration.Name]?: ReadonlyArray<string> | undefined } | undefined
}

/** Starts a sandbox. When its scope closes, the sandbox stops, and all connections with it. */
export const make = Effect.fnUntraced(function*(options: Options = {}) {
  const server = yield* Server.listen(options.port ?? 0)
  const { origin } = server
  const settings = MutableRef.make(Settings.change(Settings.defaults, options.settings ?? {}))
  const current = () => MutableRef.get(settings)
  const accounts = Account.make()
  const registrations = Registration.make(options.redirectUris)
  const faults = yield* Faults.make
  const ledger = yield* Ledger.make
  const cloth: Dress.Cloth = {
    origin,
    settings: current,
    accounts,
    registrations,
    keys: [yield* signingKey],
    cookieKey: Crypto.randomBytes(32).toString("base64url")
  }
  const ims = yield* Ims.make(cloth)
  const legacy = yield* Legacy.make(cloth)
  const camera = yield* Camera.make(cloth)
  const oidc = yield* Oidc.make(cloth)
  const dresses = [ims, legacy, camera, oidc]

  const approveDevice = (verificationUri: string) => Effect.asVoid(Browser.visit(verificationUri, origin))
  const inBackground = yield* FiberSet.makeRuntime()

  const sandbox = Sandbox.of({
    origin,
    endpoints: endpointsOf(origin),
    registrations,
    account: Account.ada,
    settings: Effect.sync(current),
    configure: (input) => Effect.sync(() => void MutableRef.update(settings, (self) => Settings.change(self, input))),
    approve: Effect.fnUntraced(function*(authorizationRequest) {
      const { page, url } = yield* Browser.visit(authorizationRequest, origin)
      if (page === undefined) return url
      return yield* new Browser.BrowserError({ message: `the login ended on a page of the sandbox: ${url}` })
    }),
    approveDevice,
    hold: faults.hold,
    held: faults.held,
    dropAnswer: (aim) => faults.add({ _tag: "DropAnswer" }, aim?.where ?? Faults.refreshes, aim?.times),
    fail: ({ error, headers, processed, status, times, where }) =>
      faults.add(
        { _tag: "Fail", status, error, processed: processed ?? false, headers: headers ?? {} },
        where ?? Faults.refreshes,
        times
      ),
    refuseToken: (accessToken) =>
      faults.add(
        {
          _tag: "RefuseToken",
          presented: accessToken === undefined ? undefined : Message.digest(Redacted.value(accessToken))
        },
        { endpoint: "api" }
      ),
    issue: Effect.fnUntraced(function*(name, options) {
      const { clientId, scopes } = registrations[name]
      for (const { engine } of dresses) {
        const client = yield* Effect.promise(() => engine.provider.Client.find(clientId))
        if (client === undefined) continue
        const account = accounts.named(options?.account ?? "")
        const tokens = yield* engine.issue(client, account.id, (options?.scopes ?? scopes).join(" "))
        return {
          accessToken: Redacted.make(tokens.accessToken),
          refreshToken: Redacted.make(tokens.refreshToken)
        }
      }
      return yield* Effect.die(new Error(`no server of the sandbox knows ${clientId}`))
    }),
    withdraw: Effect.fnUntraced(function*(token) {
      for (const { engine } of dresses) {
        if (yield* engine.withdraw(Redacted.value(token))) return true
      }
      return false
    }),
    clear: faults.clear,
    ledger,
    control: {
      url: origin + Control.mount,
      token: Redacted.make(Crypto.randomBytes(32).toString("base64url"))
    }
  })

  const front = Front.make({
    origin,
    settings: current,
    accounts,
    dresses,
    faults,
    ledger,
    api: Api.make({
      v4: [ims.engine.store],
      v2: [legacy.engine.store, camera.engine.store],
      accounts,
      callsPerMinute: () => current().callsPerMinute
    }),
    deviceAsked: (verificationUri) =>
      Effect.sync(() => {
        if (current().approval !== "automatic") return
        inBackground(
          Effect.delay(approveDevice(verificationUri), current().deviceApproval).pipe(
            Effect.catch((error) => Effect.logWarning(`No device was approved: ${error.message}`))
          )
        )
      })
  })

  yield* server.serve((request) =>
    request.url.pathname.startsWith(`${Control.mount}/`) ? Control.answer(sandbox, request) : front(request)
  )
  return sandbox
})

/** A sandbox for the lifetime of the layer. */
export const layer = (options?: Options): Layer.Layer<Sandbox, Server.SandboxError> =>
  Layer.effect(Sandbox, make(options))

const signingKey: Effect.Effect<JWK> = Effect.callback((resume) => {
  Crypto.generateKeyPair("rsa", { modulusLength: 2048 }, (error, _, privateKey) => {
    resume(
      error === null
        ? Effect.succeed({ ...privateKey.export({ format: "jwk" }), alg: "RS256", use: "sig" })
        : Effect.die(error)
    )
  })
})

const endpointsOf = (origin: string): Endpoints => {
  const [ims, legacy, camera, oidc] = [Ims, Legacy, Camera, Oidc].map(({ mount }) => origin + mount)
  return {
    v4: {
      issuer: `${ims}`,
      discovery: `${ims}/.well-known/openid-configuration`,
      authorization: `${ims}/authorize/v2`,
      token: `${ims}/token/v3`,
      revocation: `${ims}/revoke`,
      userinfo: `${ims}/userinfo/v2`,
      me: `${origin}/v4/me`
    },
    legacy: {
      authorization: `${legacy}/auth`,
      token: `${legacy}/token`,
      me: `${origin}/v2/me`
    },
    camera: {
      deviceAuthorization: `${camera}/device/code`,
      token: `${camera}/token`,
      revocation: `${camera}/revoke`,
      me: `${origin}/v2/me`
    },
    oidc: {
      issuer: `${oidc}`,
      discovery: `${oidc}/.well-known/openid-configuration`,
      authorization: `${oidc}/auth`,
      token: `${oidc}/token`,
      revocation: `${oidc}/token/revocation`,
      introspection: `${oidc}/token/introspection`,
      userinfo: `${oidc}/me`,
      deviceAuthorization: `${oidc}/device/auth`
    }
  }
}
