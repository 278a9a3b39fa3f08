/** Errors, limits and words of a server, and what of them is shown. */
import {
  AuthorizedHttpClient,
  ClientAuthentication,
  type OAuthError,
  TokenRequest,
  type TokenResponse
} from "@effect-oauth/core"
import { Fault, TestAuthorizationServer } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Effect, Exit, Fiber, Option, Redacted } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { inspect } from "node:util"
import * as Client from "../src/Client.ts"
import * as Server from "../src/HostileServer.ts"
import * as InMemory from "./support/InMemory.ts"

const unprintable =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]|\p{Surrogate}|[\u{e0000}-\u{e0fff}]/u

const year = 365 * 86_400

for (const [client, http] of Object.entries(Client.clients)) {
  const judge = Effect.fnUntraced(function*(script: Server.Script) {
    const server = yield* Server.listen(() => script)
    return yield* Effect.provide(Client.present(), Client.layer(server.origin, { http }))
  })

  describe(`an error, by ${client}`, () => {
    const waits: Readonly<Record<string, number | undefined>> = {
      "120": 120,
      "0": 0,
      "Fri, 31 Dec 1999 23:59:59 GMT": 0,
      "-1": undefined,
      "1e9": undefined,
      "120, 120": undefined,
      "": undefined,
      "soon": undefined,
      "12 0": undefined,
      "0x10": undefined,
      "1.5": undefined,
      [String(10 * year)]: 86_400,
      "99999999999999999999999999999999999999": 86_400,
      "Sun, 06 Nov 2094 08:49:37 GMT": 86_400
    }
    for (const [text, seconds] of Object.entries(waits)) {
      for (const status of [429, 503]) {
        it.live(`${status} that asks to wait "${text}" is believed for ${seconds ?? "nothing"} [E01]`, () =>
          Effect.gen(function*() {
            const judgement = yield* judge(Server.answer(status, { "retry-after": text }))

            const wait = unavailableOf(judgement)
            assert.strictEqual(wait === undefined ? undefined : Math.round(Duration.toSeconds(wait)), seconds)
          }))
      }
    }

    it.live("429 that says nothing of waiting is the same without it [E01]", () =>
      Effect.gen(function*() {
        assert.isUndefined(unavailableOf(yield* judge(Server.answer(429, {}))))
      }))

    const codes: Readonly<Record<string, string>> = {
      invalid_grant: "Refused: RequestRefused invalid_grant",
      invalid_client: "Refused: RequestRefused invalid_client",
      unauthorized_client: "Refused: RequestRefused unauthorized_client",
      invalid_scope: "Refused: RequestRefused invalid_scope",
      unsupported_grant_type: "Refused: RequestRefused unsupported_grant_type",
      invalid_request: "Refused: RequestRefused invalid_request",
      temporarily_unavailable: "NotProcessed: ServerUnavailable",
      server_error: "Ambiguous: AnswerLost status"
    }
    for (const [code, expected] of Object.entries(codes)) {
      it.live(`${code} is told from the others, and only invalid_grant ends a grant [E02]${code.includes("_error") || code.startsWith("temp") ? " [E03]" : ""}`, () =>
        Effect.gen(function*() {
          const judgement = yield* judge(Server.refusal(code))

          assert.strictEqual(Client.judged(judgement), expected)
          assert.strictEqual(judgement._tag === "Refused" && judgement.endsGrant, code === "invalid_grant")
        }))
    }

    for (const status of [500, 502, 503, 504, 520, 599]) {
      it.live(`${status} is passing, with an OAuth error in it or without [E03]`, () =>
        Effect.gen(function*() {
          const scripts = [Server.page(status), Server.refusal("invalid_grant", status), Server.answer(status, {})]
          for (const script of scripts) {
            const judgement = yield* judge(script)

            assert.include(["Ambiguous", "NotProcessed"], judgement._tag)
            assert.isTrue("reason" in judgement && judgement.reason.isTransient)
          }
        }))
    }

    const harmful = {
      "line breaks": "fine\r\nSet-Cookie: a=b",
      "terminal sequences": "\u001b]0;owned\u0007\u001b[31mred\u009b31m",
      "turned writing": "abc\u202edcb\u2066x",
      "nothing to see": "a\u200b\u200d\ufeff\u{e0041}b",
      "a megabyte": "x".repeat(900_000),
      "half a character": "a\ud800b"
    }
    for (const [name, text] of Object.entries(harmful)) {
      it.live(`with ${name} in its words is shown without [E05]`, () =>
        Effect.gen(function*() {
          const judgement = yield* judge(Server.refusal("invalid_request", 400, { error_description: text }))

          const shown = judgement._tag === "Refused" ? judgement.reason.message : assert.fail(judgement._tag)
          assert.isBelow(shown.length, 500)
          assert.notMatch(shown, unprintable)
        }))
    }

    for (const error of [1, null, ["invalid_grant"], { code: "invalid_grant" }, true, ""]) {
      it.live(`that is no text decides nothing: ${JSON.stringify(error)} [E05]`, () =>
        Effect.gen(function*() {
          const judgement = yield* judge(Server.json({ error }, { status: 400 }))

          assert.strictEqual(Client.judged(judgement), "Ambiguous: AnswerLost status")
        }))
    }

    for (
      const uri of ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", " https://x", "//evil.example", 7]
    ) {
      it.live(`has no page at ${JSON.stringify(uri)} [E05]`, () =>
        Effect.gen(function*() {
          const judgement = yield* judge(Server.refusal("invalid_request", 400, { error_uri: uri }))

          assert.isTrue(judgement._tag === "Refused" && judgement.reason.uri === undefined)
        }))
    }
  })
}

describe("an error", () => {
  it.live("429 is told to the caller at once, and nobody asks before its time [E01]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => Server.answer(429, { "retry-after": String(10 * year) }))

      yield* Effect.gen(function*() {
        const { key, service } = yield* Client.adopted({ expiresIn: Duration.zero })

        const told = yield* Effect.forEach(Array.from({ length: 5 }), () => Client.outcome(service.token(key)))

        const { retryAt } = Option.getOrThrow(yield* service.status(key))
        assert.deepStrictEqual(new Set(told.slice(1)), new Set(["RenewalPending backing-off"]))
        assert.strictEqual(told[0], "ServerUnavailable")
        assert.isBelow(Option.getOrThrow(retryAt).epochMilliseconds, Date.now() + 3_700_000)
        assert.lengthOf(server.received, 1)
      }).pipe(Effect.provide(Client.layer(server.origin)))
    }))

  it.effect("429 with a wait of ten years holds an hour, and no timer is set on it [E01]", () =>
    Effect.gen(function*() {
      const server = yield* TestAuthorizationServer.TestAuthorizationServer
      const { key, service } = yield* Client.adopted({
        ...(yield* server.issue()),
        receivedAt: 0,
        expiresIn: Duration.zero
      })
      yield* server.inject(Fault.unavailable({ status: 429, retryAfter: String(10 * year) }))
      yield* Client.outcome(service.token(key))

      yield* TestClock.adjust("59 minutes")
      const before = yield* Client.outcome(service.token(key))
      yield* TestClock.adjust("2 minutes")
      const fiber = yield* Effect.forkChild(Client.outcome(service.token(key)))
      yield* TestClock.adjust("1 second")

      assert.deepStrictEqual([before, yield* Fiber.join(fiber)], ["RenewalPending backing-off", "success"])
    }).pipe(Effect.provide(InMemory.layer())))

  it.live("of the client's own making rests, is loud, and keeps the grant [E02]", () =>
    Effect.gen(function*() {
      for (const code of ["invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type"]) {
        const server = yield* Server.listen(() => Server.refusal(code, 401))

        yield* Effect.gen(function*() {
          const { key, service } = yield* Client.adopted({ expiresIn: Duration.zero })

          const told = [yield* Client.outcome(service.token(key)), yield* Client.outcome(service.token(key))]

          assert.deepStrictEqual(told, [`RequestRefused ${code}`, "RenewalPending backing-off"])
          assert.strictEqual(Option.getOrThrow(yield* service.status(key)).state._tag, "Active")
          assert.lengthOf(server.received, 1)
        }).pipe(Effect.provide(Client.layer(server.origin)))
      }
    }))

  for (const code of ["temporarily_unavailable", "server_error", "access_denied"]) {
    it.live(`${code} in the redirect is told as the server's, and asked about nowhere [E03]`, () =>
      Effect.gen(function*() {
        const server = yield* Server.listen(() => Server.tokens())

        yield* Effect.gen(function*() {
          const login = yield* Client.begun()

          const error = yield* Effect.flip(login.complete({ error: code }))

          assert.strictEqual(Client.reasonOf(error), `AuthorizationRefused ${code}`)
          assert.lengthOf(server.received, 0)
        }).pipe(Effect.provide(Client.layer(server.origin)))
      }))
  }

  it.live("shows no secret in any way to print it [E06]", () =>
    Effect.gen(function*() {
      const canary = (name: string) => `canary-${name}-7f3a9c`
      const scripts: Readonly<Record<string, Server.Script>> = {
        reset: Server.reset,
        page: Server.page(),
        refusal: Server.refusal("invalid_request", 400, { error_description: canary("echo") }),
        half: Server.json(`{"access_token":"${canary("access")}`),
        wrong: Server.tokens({ access_token: canary("access"), refresh_token: canary("next"), token_type: "mac" }),
        "bad token": Server.tokens({ access_token: `${canary("access")}\r\n` }),
        redirect: Server.redirect(`https://evil.example/?t=${canary("location")}`)
      }
      const requests = [
        TokenRequest.refreshToken({ refreshToken: Redacted.make(canary("refresh")) }),
        TokenRequest.authorizationCode({
          code: Redacted.make(canary("code")),
          codeVerifier: Redacted.make(canary("verifier")),
          redirectUri: "https://app.example/cb"
        })
      ]
      for (const [name, script] of Object.entries(scripts)) {
        const server = yield* Server.listen(() => script)
        for (const request of requests) {
          const exit = yield* Effect.flatMap(Client.present(request), (judgement) =>
            "reason" in judgement ? Effect.fail(Client.error(judgement.reason)) : Effect.die(judgement)).pipe(
              Effect.provide(Client.layer(server.origin, {
                authentication: ClientAuthentication.layerPost({
                  clientId: "app",
                  clientSecret: Redacted.make(canary("secret"))
                })
              })),
              Effect.exit
            )

          const all = everyWay(exit).replaceAll(canary("echo"), "")
          assert.strictEqual(
            all.indexOf("canary-"),
            -1,
            `${name}: ${all.slice(Math.max(0, all.indexOf("canary-") - 80))}`
          )
          assert.include(server.received[0]?.body ?? "", "canary-")
        }
      }
    }))

  it.live("of an API shows no token, also where an application prints the failed request [E06]", () =>
    Effect.gen(function*() {
      const server = yield* Server.listen(() => Server.reset)

      yield* Effect.gen(function*() {
        const { key } = yield* Client.adopted({
          accessToken: Redacted.make("canary-access-7f3a9c"),
          expiresIn: Duration.hours(1)
        })
        const api = yield* AuthorizedHttpClient.make(key)

        const exit = yield* Effect.exit(api.get(`${server.origin}/api`))

        assert.include(server.received[0]?.headers["authorization"] ?? "", "canary-")
        assert.notInclude(everyWay(exit), "canary-")
      }).pipe(Effect.provide([Client.layer(server.origin), FetchHttpClient.layer]))
    }))

  it.live("of credentials that the server does not decode is no reason to try them in another form [E07]", () =>
    Effect.gen(function*() {
      const secret = Redacted.make("s+c ret%ü:")
      const server = yield* Server.listen((request) =>
        request.headers["authorization"] === `Basic ${Buffer.from("a b:s+c ret%ü:").toString("base64")}`
          ? Server.tokens()
          : Server.refusal("invalid_client", 401)
      )
      const by = (authentication: ClientAuthentication.Made) =>
        Effect.provide(
          Client.present(),
          Client.layer(server.origin, { authentication: ClientAuthentication.layer(authentication) })
        )

      const encoded = yield* by(ClientAuthentication.basic({ clientId: "a b", clientSecret: secret }))
      const asked = server.received.length
      const raw = yield* by(ClientAuthentication.basicRaw({ clientId: "a b", clientSecret: secret }))

      assert.deepStrictEqual([Client.judged(encoded), Client.judged(raw), asked], [
        "Refused: RequestRefused invalid_client",
        "Granted",
        1
      ])
      assert.strictEqual(
        server.received[0]?.headers["authorization"],
        `Basic ${Buffer.from("a+b:s%2Bc+ret%25%C3%BC%3A").toString("base64")}`
      )
    }))
})

const unavailableOf = (judgement: TokenResponse.Judgement): Duration.Duration | undefined =>
  judgement._tag === "NotProcessed" ? judgement.reason.retryAfter : assert.fail(judgement._tag)

/** An outcome in every way that anybody prints one. */
const everyWay = (exit: Exit.Exit<unknown, unknown>): string => {
  const error = Exit.isFailure(exit) ? Option.getOrUndefined(Cause.findErrorOption(exit.cause)) : undefined
  const { reason }: { readonly reason?: unknown } = Object(error) as OAuthError.OAuthError
  return [
    String(exit),
    inspect(exit, { depth: 20, showHidden: true }),
    JSON.stringify(exit, (_, value: unknown) => typeof value === "bigint" ? String(value) : value),
    ...(Exit.isFailure(exit) ? [Cause.pretty(exit.cause)] : []),
    ...[error, reason].flatMap((value) => [
      String(value),
      inspect(value, { depth: 20, showHidden: true }),
      JSON.stringify(value) ?? "",
      value instanceof Error ? `${value.message}${value.stack}${inspect(value.cause)}` : ""
    ])
  ].join("\n")
}
