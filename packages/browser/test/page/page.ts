/** What the page can do, for the test to ask. */
import {
  BrowserStorage,
  IndexedDbDpopKey,
  IndexedDbPendingAuthorizations,
  IndexedDbTokenStore,
  RedirectLogin
} from "@effect-oauth/browser"
import { Dpop, Login, TokenService, type TokenSet } from "@effect-oauth/core"
import { PendingAuthorizationsContract, TokenStoreContract } from "@effect-oauth/core/testing"
import { Cause, Effect, Exit, Layer, ManagedRuntime, Option, Redacted } from "effect"
import { SecureRandom } from "effect/crypto"
import { type Kind, layer } from "./application.ts"
import * as Records from "./records.ts"

const kind = (location.pathname.split("/")[1] ?? "tab") as Kind
const issuer = await (await fetch("/issuer")).text()
const runtime = ManagedRuntime.make(layer(kind, issuer))

const grants = Effect.flatMap(
  TokenService.TokenService,
  (service) => Effect.succeed({ service, key: service.key("ada") })
)

const answer = async <A>(effect: Effect.Effect<A, unknown, ManagedRuntime.ManagedRuntime.Services<typeof runtime>>) => {
  const exit = await runtime.runPromiseExit(effect)
  if (Exit.isSuccess(exit)) return exit.value
  const error = Cause.squash(exit.cause)
  return `failed: ${
    typeof error === "object" && error !== null && "reason" in error ? tagOf(error.reason) : String(error)
  }`
}

const tagOf = (reason: unknown): string =>
  typeof reason === "object" && reason !== null && "_tag" in reason ? String(reason._tag) : String(reason)

const indexedDb = Layer.provide(IndexedDbTokenStore.layer({ database: "laws" }), SecureRandom.layerWebCrypto)

const stores = {
  IndexedDbTokenStore: indexedDb,
  "BrowserStorage.layerShared": BrowserStorage.layerShared({ database: "laws-shared" })
}

const keepers = {
  IndexedDbPendingAuthorizations: IndexedDbPendingAuthorizations.layer({ database: "laws" }),
  "BrowserStorage.layerTab": BrowserStorage.layerTab({ database: "laws-tab" })
}

const judge = async (run: Effect.Effect<void, unknown>): Promise<string> => {
  const exit = await Effect.runPromiseExit(run)
  return Exit.isSuccess(exit) ? "holds" : Cause.pretty(exit.cause)
}

let seen: TokenSet.AccessToken | undefined

const page = {
  storeLaw: (store: keyof typeof stores, index: number) =>
    judge(Effect.provide(TokenStoreContract.cases[index]?.run ?? Effect.die("no such law"), stores[store])),
  unreadableLaw: (index: number) =>
    judge(
      Effect.provide(TokenStoreContract.unreadable(Records.damage("laws"))[index]?.run ?? Effect.die("none"), indexedDb)
    ),
  /** What comes of it that a later release has written a key in its own way, and what lies there then. */
  laterKey: async (): Promise<readonly [string, unknown]> => {
    const open = () =>
      Effect.runPromiseExit(Effect.scoped(Layer.build(BrowserStorage.layerShared({ database: "later" }))))
    await open()
    await Records.putKey("later", "seal", { later: true })
    const exit = await open()
    const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    return [
      typeof error === "object" && error !== null && "reason" in error ? tagOf(error.reason) : "opened",
      await Records.putKey("later", "seal", { later: true })
    ]
  },
  pendingLaw: (keeper: keyof typeof keepers, index: number) =>
    judge(
      Effect.provide(PendingAuthorizationsContract.cases[index]?.run ?? Effect.die("no such law"), keepers[keeper])
    ),
  logIn: () =>
    runtime.runFork(RedirectLogin.begin({
      account: "ada",
      redirectUri: `${location.origin}/${kind}/callback`,
      scopes: ["openid", "offline_access"]
    })),
  token: () =>
    answer(
      Effect.flatMap(grants, ({ key, service }) =>
        Effect.map(service.token(key), (token) => {
          seen = token
          return `${token.type} ${Redacted.value(token.value)}`
        }))
    ),
  /** What there is instead of the token that the page was given last. */
  renew: () =>
    answer(Effect.flatMap(grants, ({ key, service }) =>
      Effect.gen(function*() {
        const token = seen ?? (yield* service.token(key))
        return `renewed ${Redacted.value((yield* service.refused(key, token)).value)}`
      }))),
  revoke: () => answer(Effect.flatMap(grants, ({ key, service }) => service.revoke(key))),
  serial: () =>
    answer(
      Effect.flatMap(grants, ({ key, service }) =>
        Effect.map(service.status(key), (status) => Option.isSome(status) ? status.value.serial : 0))
    ),
  complete: (url: string) =>
    answer(Effect.flatMap(Login.Login, (login) => Effect.map(login.complete(url), () => "completed"))),
  /** What a script of the origin finds that looks around. */
  look: () => Records.look("effect-oauth"),
  inWorker: (message: string): Promise<string> => {
    const worker = new Worker("/worker.js", { type: "module" })
    return new Promise((resolve) => {
      worker.addEventListener("message", ({ data }) => resolve(data))
      worker.addEventListener("error", ({ message }) => resolve(`failed: ${message}`))
      worker.postMessage({ message, kind, issuer })
    })
  },
  /** The thumbprints of several that ask at once. */
  thumbprints: () =>
    Effect.runPromise(Effect.all(
      Array.from({ length: 8 }, () =>
        Effect.provide(
          Effect.map(Dpop.Dpop, ({ thumbprint }) => thumbprint),
          IndexedDbDpopKey.layer({ database: "thumbprint" }),
          { local: true }
        )),
      { concurrency: "unbounded" }
    ))
}

/** The page, as the test sees it. */
export type Page = typeof page

Object.assign(globalThis, { page })

const said = document.querySelector("#said")
const completed = await answer(Effect.map(RedirectLogin.complete, Option.isSome))
if (said !== null) said.textContent = completed === true ? "logged in" : completed === false ? "ready" : completed
