import { AuthorizedHttpClient, Login, TokenService } from "@effect-oauth/core"
import { Fault, TestAuthorizationServer, TestClient } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Layer, Logger, Option, Redacted, References, Stream, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { inspect } from "node:util"
import * as App from "./support/App.ts"

describe("Secrets", () => {
  it.effect("are in no log, span, event, error or status of a grant with proofs [I11]", () =>
    lives(App.layerDpop({ clients: [TestClient.publicClient], dpopNonces: "required" })))

  it.effect("are in no log, span, event, error or status of a grant's whole life [I11] [6749-10.3-a] [2.1-1.4-b] [2.1-2.1-a]", () =>
    lives(App.layer()))
})

const lives = (app: ReturnType<typeof App.layer>) =>
  Effect.gen(function*() {
    const heard = yield* Heard.make
    const life = Effect.gen(function*() {
      const service = yield* TokenService.TokenService
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const logins = yield* Login.Login
      yield* Effect.forkScoped(Stream.runForEach(service.events, (event) => heard.note(event)))
      yield* Effect.yieldNow

      const begun = yield* logins.begin({ account: "ada", redirectUri: "https://app.test/cb", scopes: ["read"] })
      const answer = yield* server.authorize(begun.url)
      const { key } = yield* logins.complete(answer)
      yield* heard.note(yield* Effect.exit(logins.complete(answer)))
      const client = yield* AuthorizedHttpClient.make(key)
      yield* client.get("https://api.test/things")
      yield* heard.note(yield* Effect.exit(client.get("https://elsewhere.test/things")))
      yield* server.inject(Fault.connectionRefused, { endpoint: "api" })
      yield* heard.note(yield* Effect.exit(client.get("https://api.test/things")))

      const faults = [
        Fault.connectionRefused,
        Fault.answerLost("reset"),
        Fault.page("unprocessed"),
        Fault.notJson("processed"),
        Fault.without("token_type"),
        Fault.unavailable(),
        Fault.refusal("invalid_client", 401),
        Fault.refusal("invalid_grant")
      ]
      for (const fault of faults) {
        yield* server.inject(fault)
        const fiber = yield* Effect.forkChild(Effect.exit(service.refresh(key)))
        yield* TestClock.adjust("2 hours")
        yield* heard.note(yield* Fiber.await(fiber))
      }
      yield* heard.note(yield* service.status(key))
      yield* heard.note(yield* Effect.exit(service.revoke(key)))
      yield* heard.note(yield* Effect.exit(service.token(key)))
      yield* heard.note([service, logins, client])
      return yield* secretsOf(answer)
    })
    const secrets = yield* life.pipe(
      Effect.provide(Layer.provideMerge(app, heard.layer)),
      Effect.scoped
    )

    const all = heard.text()
    assert.isAbove(secrets.length, 5)
    assert.isAbove(all.length, 1_000)
    for (const secret of secrets) {
      for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64url")]) {
        const at = all.indexOf(form)
        assert.strictEqual(at, -1, `found ${form.slice(0, 12)}… behind: ${all.slice(Math.max(0, at - 300), at)}`)
      }
    }
  })

// Every token, code and verifier that went over the wire.
const secretsOf = Effect.fnUntraced(function*(answer: string) {
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  const sent = (yield* server.exchanges).flatMap(({ headers, parameters }) => [
    parameters["code"],
    parameters["code_verifier"],
    parameters["refresh_token"],
    parameters["client_secret"],
    headers["authorization"]?.replace(/^\w+ /, ""),
    headers["dpop"]
  ])
  const live = (yield* server.families).flatMap(({ accessTokens, refreshToken }) => [
    ...accessTokens.map(Redacted.value),
    ...(refreshToken === undefined ? [] : [Redacted.value(refreshToken)])
  ])
  const callback = new URL(answer).searchParams
  return [...new Set([...sent, ...live, callback.get("code"), callback.get("state")])]
    .filter((secret): secret is string => typeof secret === "string" && secret.length > 5)
})

// Everything that anybody could print, in every way to print it.
const Heard = {
  make: Effect.sync(() => {
    const texts: Array<string> = []
    const note = (value: unknown) =>
      Effect.sync(() => {
        texts.push(String(value), inspect(value, { depth: 12, showHidden: true }))
        texts.push(
          JSON.stringify(value, (_, inner: unknown) => typeof inner === "bigint" ? String(inner) : inner) ?? ""
        )
        if (Exit.isExit(value) && Exit.isFailure(value)) {
          texts.push(Cause.pretty(value.cause))
          for (const error of Cause.prettyErrors(value.cause)) {
            texts.push(error.stack ?? "", inspect(error, { depth: 12 }))
          }
        }
        if (Option.isOption(value) && Option.isSome(value)) {
          texts.push(inspect(value.value, { depth: 12 }))
        }
      })
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        const attribute = span.attribute.bind(span)
        span.attribute = (key, value) => {
          texts.push(`${key}=${inspect(value, { depth: 8 })}`)
          attribute(key, value)
        }
        texts.push(options.name, inspect(options.annotations, { depth: 8 }), inspect(options.links, { depth: 8 }))
        const end = span.end.bind(span)
        span.end = (time, exit) => {
          // a tracer exports how a span failed, and never what it gave
          if (Exit.isFailure(exit)) texts.push(inspect(exit, { depth: 12 }), Cause.pretty(exit.cause))
          end(time, exit)
        }
        return span
      }
    })
    const logger = Logger.make((options) => {
      texts.push(inspect(options.message, { depth: 12 }), Cause.pretty(options.cause))
    })
    return {
      note,
      text: () => texts.join("\n"),
      layer: Layer.mergeAll(
        Layer.succeed(Tracer.Tracer, tracer),
        Logger.layer([logger]),
        Layer.succeed(References.MinimumLogLevel, "All")
      )
    }
  })
}
