/**
 * The sandbox's own endpoint: what other processes may ask of it and tell it.
 * Every request carries the control token, which is made when the sandbox starts.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Crypto from "node:crypto"
import * as Api from "./Api.ts"
import * as Ledger from "./Ledger.ts"
import * as Message from "./Message.ts"
import type { Sandbox } from "./Sandbox.ts"
import * as Settings from "./Settings.ts"

/** The path below which the controls are. */
export const mount = "/__sandbox"

const Where = Schema.Struct({
  dress: Schema.optionalKey(Ledger.Dress),
  endpoint: Schema.optionalKey(Ledger.Endpoint),
  grantType: Schema.optionalKey(Schema.String),
  client: Schema.optionalKey(Schema.String)
})

/**
 * Answers a request to the controls.
 *
 * | request | does |
 * | --- | --- |
 * | `GET /ledger` | all lines that are kept |
 * | `GET /counts` | how often what happened |
 * | `GET /settings`, `POST /settings` | reads, changes |
 * | `POST /approve { url }` | logs in, answers the callback's address |
 * | `POST /hold { where }` | holds the next request, answers its id |
 * | `GET /hold/ID` | waits until a request is held |
 * | `POST /hold/ID/release`, `POST /hold/ID/drop` | ends the wait |
 * | `POST /drop-answer { where, times }` | processes the next request and does not answer |
 * | `POST /fail { where, times, status, processed }` | answers the next request with a failure |
 * | `POST /refuse-token { token }` | the API refuses this token, or the next, once |
 * | `POST /withdraw { token }` | the person ends the grant of this token |
 * | `POST /clear` | forgets the faults that wait |
 */
export const answer = Effect.fnUntraced(function*(
  sandbox: Sandbox["Service"],
  request: Message.Request
): Effect.fn.Return<Message.Answer> {
  if (!isAllowed(sandbox, request)) {
    return Message.oauthError(401, "invalid_token", "the control token is missing or wrong")
  }
  const handler = routes.find(({ method, path }) => method === request.method && path.test(request.url.pathname))
  if (handler === undefined) return Message.oauthError(404, "not_found", "the sandbox has no such control")
  const id = handler.path.exec(request.url.pathname)?.[1] ?? ""
  return yield* handler.run(sandbox, request, id)
})

interface Route {
  readonly method: "GET" | "POST"
  readonly path: RegExp
  readonly run: (sandbox: Sandbox["Service"], request: Message.Request, id: string) => Effect.Effect<Message.Answer>
}

const get = (path: string, run: Route["run"]): Route => ({ method: "GET", path: pattern(path), run })

const post = <S extends Schema.ConstraintDecoder<unknown>>(
  path: string,
  schema: S,
  run: (sandbox: Sandbox["Service"], input: S["Type"], id: string) => Effect.Effect<Message.Answer>
): Route => ({
  method: "POST",
  path: pattern(path),
  run: (sandbox, request, id) => {
    const text = new TextDecoder().decode(request.body)
    return Schema.decodeUnknownEffect(Schema.fromJsonString(schema))(text === "" ? "{}" : text, {
      onExcessProperty: "error"
    }).pipe(
      Effect.matchEffect({
        onFailure: (error) => Effect.succeed(Message.oauthError(400, "invalid_request", error.message)),
        onSuccess: (input) => run(sandbox, input, id)
      })
    )
  }
})

const pattern = (path: string): RegExp => new RegExp(`^${mount}${path.replace(":id", "(\\d+)")}$`)

const ok = Message.json(200, {})

const unknownHold = Message.oauthError(404, "not_found", "there is no such hold")

const routes: ReadonlyArray<Route> = [
  get("/ledger", (sandbox) => Effect.map(sandbox.ledger.entries, (entries) => Message.json(200, entries))),
  get("/counts", (sandbox) => Effect.map(sandbox.ledger.counts, (counts) => Message.json(200, counts))),
  get("/settings", (sandbox) => Effect.flatMap(sandbox.settings, settingsAnswer)),
  post(
    "/settings",
    Settings.SettingsChange,
    (sandbox, input) => Effect.andThen(sandbox.configure(input), Effect.flatMap(sandbox.settings, settingsAnswer))
  ),
  post("/approve", Schema.Struct({ url: Schema.String }), (sandbox, { url }) =>
    sandbox.approve(url).pipe(
      Effect.match({
        onFailure: (error) => Message.oauthError(400, "not_approved", error.message),
        onSuccess: (callback) => Message.json(200, { callback })
      })
    )),
  post(
    "/hold",
    Schema.Struct({ where: Schema.optionalKey(Where) }),
    (sandbox, { where }) => Effect.map(sandbox.hold(where), ({ id }) => Message.json(200, { id }))
  ),
  get("/hold/:id", (sandbox, _, id) => {
    const held = sandbox.held(id)
    return held === undefined
      ? Effect.succeed(unknownHold)
      : Effect.map(held.arrived, (subject) => Message.json(200, subject))
  }),
  post("/hold/:id/release", Schema.Struct({}), (sandbox, _, id) => {
    const held = sandbox.held(id)
    return held === undefined ? Effect.succeed(unknownHold) : Effect.as(held.release, ok)
  }),
  post("/hold/:id/drop", Schema.Struct({}), (sandbox, _, id) => {
    const held = sandbox.held(id)
    return held === undefined ? Effect.succeed(unknownHold) : Effect.as(held.drop, ok)
  }),
  post(
    "/drop-answer",
    Schema.Struct({ where: Schema.optionalKey(Where), times: Schema.optionalKey(Schema.Int) }),
    (sandbox, input) => Effect.as(sandbox.dropAnswer(input), ok)
  ),
  post(
    "/fail",
    Schema.Struct({
      where: Schema.optionalKey(Where),
      times: Schema.optionalKey(Schema.Int),
      status: Schema.Int.check(Schema.isBetween({ minimum: 400, maximum: 599 })),
      processed: Schema.optionalKey(Schema.Boolean),
      headers: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
    }),
    (sandbox, input) => Effect.as(sandbox.fail(input), ok)
  ),
  post(
    "/refuse-token",
    Schema.Struct({ token: Schema.optionalKey(Schema.RedactedFromValue(Schema.String)) }),
    (sandbox, { token }) => Effect.as(sandbox.refuseToken(token), ok)
  ),
  post(
    "/withdraw",
    Schema.Struct({ token: Schema.RedactedFromValue(Schema.String) }),
    (sandbox, { token }) => Effect.map(sandbox.withdraw(token), (withdrawn) => Message.json(200, { withdrawn }))
  ),
  post("/clear", Schema.Struct({}), (sandbox) => Effect.as(sandbox.clear, ok))
]

const settingsAnswer = (settings: Settings.Settings): Effect.Effect<Message.Answer> =>
  Schema.encodeEffect(Settings.Settings)(settings).pipe(
    Effect.orDie,
    Effect.map((encoded) => Message.json(200, encoded))
  )

const isAllowed = (sandbox: Sandbox["Service"], request: Message.Request): boolean =>
  Crypto.timingSafeEqual(
    Buffer.from(Message.digest(Api.bearerToken(request) ?? "")),
    Buffer.from(Message.digest(Redacted.value(sandbox.control.token)))
  )
