/** The scenes of the demonstration. */
import { AuthorizedHttpClient, Login, TokenService, TokenSource } from "@effect-oauth/core"
import type { OAuthError } from "@effect-oauth/core"
import { FrameIo, FrameIoLegacy } from "@effect-oauth/frameio"
import { LoopbackLogin } from "@effect-oauth/node"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Sandbox from "../sandbox/Sandbox.ts"
import * as OtherProcess from "./OtherProcess.ts"
import * as Stage from "./Stage.ts"
import type { Story } from "./Story.ts"
import type { Visit } from "./Visit.ts"

/** What the scenes share. */
export interface Props {
  readonly story: Story
  readonly visit: Visit
  readonly sandbox: Sandbox.Sandbox["Service"]
  readonly directory: string
}

/** Whose grant it is, throughout. */
const account = "ada"

/** Logs in at V4: Adobe takes no address on this machine, so the answer's address is pasted. */
export const loginV4 = Effect.fnUntraced(function*({ sandbox, story, visit, ...props }: Props) {
  const client = clientOf({ sandbox, ...props }, "v4")
  yield* Effect.gen(function*() {
    const login = yield* Login.Login
    const [redirectUri = ""] = sandbox.registrations["v4-web-app"].redirectUris
    const { url } = yield* login.begin({ account, redirectUri, scopes: FrameIo.scopes })
    yield* story.say(`The browser goes to ${new URL(url).origin}${new URL(url).pathname}`)
    const completed = yield* login.complete(yield* visit.paste(url))
    yield* story.say("and ends at an address that is pasted back; its code was exchanged, the grant is in a file.")
    yield* story.show("V4 (Adobe IMS) gave a grant that can be renewed", completed.renewable, true)
  }).pipe(Effect.provide(Stage.layer(client)))
  return client
})

/** Logs in by the legacy rules, by loopback: with a secret and without PKCE, then the other way round. */
export const loginLegacy = Effect.fnUntraced(function*(
  { sandbox, story, visit, ...props }: Props,
  provider: "legacy-confidential" | "legacy-public"
) {
  const client = clientOf({ sandbox, ...props }, provider)
  yield* Effect.scoped(Effect.gen(function*() {
    const login = yield* Login.Login
    const { callback, redirectUri } = yield* LoopbackLogin.listen({ title: "effect-oauth" })
    const { state, url } = yield* login.begin({ account, redirectUri, scopes: FrameIoLegacy.scopes })
    yield* story.say(`${redirectUri} waits for the browser`)
    const [answer] = yield* Effect.all([callback(state), visit.loopback(url)], { concurrency: "unbounded" })
    const completed = yield* login.complete(answer)
    yield* story.show(
      provider === "legacy-public"
        ? "an app registered with PKCE: no secret, client_id in the body, no Authorization header"
        : "an app registered without PKCE: its secret by HTTP Basic",
      completed.renewable,
      true
    )
  })).pipe(Effect.provide(Stage.layer(client)))
})

/** Calls the API with the token. */
export const callApi = Effect.fnUntraced(function*({ story }: Props) {
  const service = yield* TokenService.TokenService
  const me = yield* FrameIo.me(yield* AuthorizedHttpClient.make(service.key(account)))
  yield* story.show(`GET /v4/me knows whose token it is: ${me.name}`, me.name.length > 0, true)
})

/** Lets the token end, and asks for it fifty times at once. */
export const expire = Effect.fnUntraced(function*({ sandbox, story }: Props) {
  const service = yield* TokenService.TokenService
  const status = Option.getOrUndefined(yield* service.status(service.key(account)))
  const now = yield* Clock.currentTimeMillis
  const left = status === undefined || Option.isNone(status.expiresAt)
    ? 0
    : Math.max(0, status.expiresAt.value.epochMilliseconds - now)
  yield* story.say(`The token ends in ${(left / 1000).toFixed(1)} s. Waiting for it …`)
  // the next one outlives fifty calls on a machine that is busy
  yield* sandbox.configure({ accessToken: "5 minutes" })
  yield* Effect.sleep(Duration.millis(left + 50))
  const before = yield* sandbox.ledger.counts
  const client = yield* AuthorizedHttpClient.make(service.key(account))
  const calls = yield* Effect.all(Array.from({ length: 50 }, () => FrameIo.me(client)), { concurrency: "unbounded" })
  const after = yield* sandbox.ledger.counts
  yield* story.show("50 parallel calls were answered", calls.length, 50)
  yield* story.show("and the server saw exactly one refresh", after.refreshes - before.refreshes, 1)
})

/** Kills a process that has claimed the grant, while its request waits unprocessed at the server. */
export const killBeforeRotation = Effect.fnUntraced(function*({ sandbox, story }: Props, client: Stage.Client) {
  yield* killWhileHeld(
    { sandbox, story },
    client,
    "Another process claims the grant and presents its token; the server has not looked at it.",
    "drop"
  )
  yield* story.say(waits({ patience: true }))
  const before = yield* sandbox.ledger.counts
  const { elapsed, outcome } = yield* timed(usable)
  const after = yield* sandbox.ledger.counts
  yield* story.show("the claim was passed and the grant renewed", outcome, "renewed")
  yield* story.show(`after ${seconds(elapsed)}, by one refresh`, after.rotations - before.rotations, 1)
  yield* story.show("not before lease, settle time and patience had passed", elapsed >= restMillis, true)
})

/** The twin: killed after the rotation, with a server that answers a spent token again for a while. */
export const killAfterRotationInWindow = Effect.fnUntraced(
  function*({ sandbox, story }: Props, client: Stage.Client) {
    yield* sandbox.configure({ replayWindow: "30 seconds" })
    yield* killWhileHeld(
      { sandbox, story },
      client,
      "The same, but the server rotates after the process is dead: the new pair reached nobody.",
      "release"
    )
    yield* story.say(waits({ patience: false }))
    const { elapsed, outcome } = yield* timed(usable)
    const { replays } = yield* sandbox.ledger.counts
    yield* story.show(`inside its window the server gave the pair again, after ${seconds(elapsed)}`, outcome, "renewed")
    yield* story.show("a replay, and no reuse", replays, 1)
    yield* sandbox.configure({ replayWindow: 0 })
  }
)

/** The honest twin: no window, and the newest pair reached nobody. */
export const killAfterRotation = Effect.fnUntraced(function*({ sandbox, story }: Props, client: Stage.Client) {
  yield* killWhileHeld({ sandbox, story }, client, "Once more, with a server that has no such window.", "release")
  yield* story.say(waits({ patience: true }))
  const { outcome } = yield* timed(usable)
  yield* story.show("nobody can save that pair, and the error says so: RotationLost", outcome, "RotationLost")
  const service = yield* TokenService.TokenService
  const error = yield* Effect.flip(service.token(service.key(account)))
  yield* story.say(`“${error.reason.message}”`)
})

/** Lets the API refuse a token that has not ended. */
export const refuse = Effect.fnUntraced(function*({ sandbox, story }: Props) {
  const service = yield* TokenService.TokenService
  const key = service.key(account)
  const source = yield* TokenSource.fromGrant(key)
  const { value } = yield* source.token
  yield* sandbox.refuseToken(value)
  const before = yield* sandbox.ledger.entries
  const me = yield* FrameIo.me(yield* AuthorizedHttpClient.make(key))
  const since = (yield* sandbox.ledger.entries).slice(before.length)
  const calls = since.map((entry) => entry.endpoint === "api" ? `api ${entry.status}` : entry.grantType)
  yield* story.show(`${me.name} was answered all the same`, me.name.length > 0, true)
  yield* story.show("one refusal, one renewal, one replay", calls, ["api 401", "refresh_token", "api 200"])
})

/** Revokes, here and at the server. */
export const revoke = Effect.fnUntraced(function*({ sandbox, story }: Props) {
  const service = yield* TokenService.TokenService
  const key = service.key(account)
  const { value } = yield* service.token(key)
  const remote = yield* service.revoke(key)
  yield* story.show("the server was told", remote, "done")
  const error = yield* Effect.flip(service.token(key))
  yield* story.show("the next use gets a typed end", reasonOf(error), "Revoked")
  yield* story.say(`“${error.reason.message}”`)
  const http = yield* HttpClient.HttpClient
  const response = yield* http.get(sandbox.endpoints.v4.me, {
    headers: { authorization: `Bearer ${Redacted.value(value)}` }
  })
  yield* story.show("and the old token opens nothing", response.status, 401)
})

/** Plays scenes with the services of a client. */
export const as = Effect.fnUntraced(function*(client: Stage.Client) {
  const context = yield* Layer.build(Stage.layer(client))
  return <A, E>(scene: Effect.Effect<A, E, Stage.Services>): Effect.Effect<A, E> =>
    Effect.provideContext(scene, context)
})

/** A client of the sandbox. */
export const clientOf = (
  { directory, sandbox }: Pick<Props, "directory" | "sandbox">,
  provider: Stage.Client["provider"]
): Stage.Client => {
  const { clientId, clientSecret } = sandbox.registrations[provider === "v4" ? "v4-web-app" : provider]
  return {
    provider,
    directory,
    origin: sandbox.origin,
    clientId,
    ...(clientSecret === undefined ? {} : { clientSecret })
  }
}

// A process presents the grant's token, is killed while the server holds the request, and the
// request is dropped, or processed for nobody.
const killWhileHeld = Effect.fnUntraced(function*(
  { sandbox, story }: Pick<Props, "sandbox" | "story">,
  client: Stage.Client,
  what: string,
  then: "drop" | "release"
) {
  const held = yield* sandbox.hold()
  yield* Effect.scoped(Effect.gen(function*() {
    const other = yield* OtherProcess.start({ account, client })
    yield* held.arrived
    yield* story.say(what)
    yield* other.kill
    yield* story.say(
      then === "drop"
        ? "It is killed (kill -9), and its request dropped."
        : "It is killed (kill -9); the server goes on."
    )
  }))
  yield* held[then]
  yield* Effect.sleep(Duration.millis(100))
})

// A newer token than the one that the killed process presented for.
const usable = Effect.gen(function*() {
  const service = yield* TokenService.TokenService
  const key = service.key(account)
  const outcome = yield* Effect.result(Effect.retry(service.refresh(key), {
    while: (error) => error.isTransient,
    schedule: Schedule.spaced("100 millis")
  }))
  return outcome._tag === "Success" ? "renewed" : reasonOf(outcome.failure)
})

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const start = yield* Clock.currentTimeMillis
    const outcome = yield* effect
    return { outcome, elapsed: (yield* Clock.currentTimeMillis) - start }
  })

const reasonOf = (error: OAuthError.OAuthError): string =>
  error.reason._tag === "ReauthorizationRequired" ? error.reason.why : error.reason._tag

const waits = (options: { readonly patience: boolean }): string => {
  const parts = [
    `its lease (${seconds(Duration.toMillis(Stage.lease))})`,
    `the settle time (${seconds(Duration.toMillis(Stage.settle))})`,
    ...(options.patience ? [`the patience (${seconds(Duration.toMillis(Stage.patience))})`] : [])
  ]
  return `The next one waits out ${parts.join(" + ")}: short here, to be watched …`
}

const restMillis = Duration.toMillis(Stage.settle) + Duration.toMillis(Stage.patience)

const seconds = (millis: number): string => `${(millis / 1000).toFixed(2)} s`
