import {
  AuthorizedHttpClient,
  type GrantKey,
  Login,
  type OAuthError,
  Target,
  TokenService,
  TokenStore
} from "@effect-oauth/core"
import { TestHttp } from "@effect-oauth/core/testing"
import { type DescribedAnswers, type Description, GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Layer, Option, Redacted, type Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Wire from "../../core/test/support/Wire.ts"

describe("DescribedDialect", () => {
  describe("requests", () => {
    const rows: ReadonlyArray<readonly [name: string, Options, code: string, refresh: string]> = [
      [
        "are forms with the RFC's names",
        {},
        "POST /token grant_type=authorization_code&code=c-1&redirect_uri=https%3A%2F%2Fapp.test%2Fcb&code_verifier=~",
        "POST /token grant_type=refresh_token&refresh_token=r-1"
      ],
      [
        "have the server's names of parameters",
        {
          dialect: {
            requests: {
              token: { names: { client_id: "client_key" } },
              authorizationCode: { names: { code: "auth_code" }, omit: ["redirect_uri", "grant_type"] }
            }
          },
          clientAuthentication: "post"
        },
        "POST /token auth_code=c-1&code_verifier=~&client_key=app&client_secret=s",
        "POST /token grant_type=refresh_token&refresh_token=r-1&client_key=app&client_secret=s"
      ],
      [
        "are JSON",
        { dialect: { requests: { token: { encoding: "json" } } } },
        "POST /token {\"grant_type\":\"authorization_code\",\"code\":\"c-1\",\"redirect_uri\":\"https://app.test/cb\",\"code_verifier\":\"~\"}",
        "POST /token {\"grant_type\":\"refresh_token\",\"refresh_token\":\"r-1\"}"
      ],
      [
        "are JSON with objects in it",
        {
          dialect: {
            requests: {
              token: {
                encoding: "json-by-path",
                names: { code: "data.code", refresh_token: "data.tokens.refresh", redirect_uri: "data.uri" },
                parameters: { "data.site": "one" }
              }
            }
          }
        },
        "POST /token {\"grant_type\":\"authorization_code\",\"data\":{\"code\":\"c-1\",\"uri\":\"https://app.test/cb\",\"site\":\"one\"},\"code_verifier\":\"~\"}",
        "POST /token {\"grant_type\":\"refresh_token\",\"data\":{\"tokens\":{\"refresh\":\"r-1\"},\"site\":\"one\"}}"
      ],
      [
        "carry the server's name of the redirect URI",
        { dialect: { authorization: { redirectName: "Our-App-1" } } },
        "POST /token grant_type=authorization_code&code=c-1&redirect_uri=Our-App-1&code_verifier=~",
        "POST /token grant_type=refresh_token&refresh_token=r-1"
      ],
      [
        "are a GET, for one grant",
        { dialect: { requests: { refreshToken: { method: "GET" } } } },
        "POST /token grant_type=authorization_code&code=c-1&redirect_uri=https%3A%2F%2Fapp.test%2Fcb&code_verifier=~",
        "GET /token?grant_type=refresh_token&refresh_token=r-1 "
      ],
      [
        "carry parameters of their own",
        {
          dialect: {
            requests: { token: { parameters: { action: "requesttoken" } }, refreshToken: { parameters: { b: "2" } } }
          }
        },
        "POST /token grant_type=authorization_code&code=c-1&redirect_uri=https%3A%2F%2Fapp.test%2Fcb&code_verifier=~&action=requesttoken",
        "POST /token grant_type=refresh_token&refresh_token=r-1&action=requesttoken&b=2"
      ],
      [
        "present the access token where that is what is renewed",
        {
          dialect: {
            refreshToken: { presents: "access_token", grantType: "fb_exchange_token" },
            requests: { refreshToken: { names: { refresh_token: "fb_exchange_token" } } }
          },
          answers: [{ access_token: "a-1", token_type: "bearer", expires_in: 3600 }]
        },
        "POST /token grant_type=authorization_code&code=c-1&redirect_uri=https%3A%2F%2Fapp.test%2Fcb&code_verifier=~",
        "POST /token grant_type=fb_exchange_token&fb_exchange_token=a-1"
      ],
      [
        "go where the callback says, of the places that are named",
        {
          tokenEndpoint: "{accounts-server}/token",
          variables: { "accounts-server": { from: "grant", oneOf: ["https://as.test", "https://eu.test"] } },
          dialect: { authorizationResponse: { keep: ["accounts-server"] } },
          callback: { "accounts-server": "https://eu.test" }
        },
        "POST https://eu.test/token grant_type=authorization_code&code=c-1&redirect_uri=https%3A%2F%2Fapp.test%2Fcb&code_verifier=~",
        "POST https://eu.test/token grant_type=refresh_token&refresh_token=r-1"
      ]
    ]

    it.effect("are renewals at their own endpoint, wherever codes are exchanged", () =>
      Effect.gen(function*() {
        const { key, sent } = yield* login({
          tokenEndpoint: "{accounts-server}/token",
          refreshEndpoint: "https://as.test/refresh",
          variables: { "accounts-server": { from: "grant", oneOf: ["https://as.test", "https://eu.test"] } },
          dialect: { authorizationResponse: { keep: ["accounts-server"] } },
          callback: { "accounts-server": "https://eu.test" }
        })

        yield* sent.refresh(key)

        assert.strictEqual(sent.lines()[1], "POST /refresh grant_type=refresh_token&refresh_token=r-1")
      }).pipe(Effect.scoped))

    for (const [name, options, code, refresh] of rows) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const { key, sent } = yield* login(options)

          yield* sent.refresh(key)

          assert.deepStrictEqual(sent.lines(), [code, refresh])
        }).pipe(Effect.scoped))
    }

    it.effect("say what all of them have, and what each has goes before it", () =>
      Effect.gen(function*() {
        const { key, sent } = yield* login({
          variables: { app: {} },
          values: { app: "my-app" },
          dialect: {
            requests: {
              all: {
                headers: { "User-Agent": "{app}", "x-which": "all" },
                parameters: { app: "{app}", other: "{\"x\":1}" }
              },
              token: { headers: { "X-Which": "token" } },
              refreshToken: { headers: { "x-which": "renewal" }, parameters: { app: "other" } }
            }
          }
        })

        yield* sent.refresh(key)

        assert.deepStrictEqual(sent.requests.map(({ headers }) => [headers["user-agent"], headers["x-which"]]), [
          ["my-app", "token"],
          ["my-app", "renewal"]
        ])
        assert.deepStrictEqual(
          sent.requests.map(({ body }) => [...new URLSearchParams(body)].slice(-2)),
          [[["app", "my-app"], ["other", "{\"x\":1}"]], [["app", "other"], ["other", "{\"x\":1}"]]]
        )
      }).pipe(Effect.scoped))

    it.effect("leave out what proves the client", () =>
      Effect.gen(function*() {
        const { sent } = yield* login({ dialect: { requests: { token: { credentials: "omitted" } } } })

        assert.isUndefined(sent.requests[0]?.headers["authorization"])
      }).pipe(Effect.scoped))

    it.effect("carry headers of their own", () =>
      Effect.gen(function*() {
        const { sent } = yield* login({ dialect: { requests: { token: { headers: { "User-Agent": "app/1" } } } } })

        assert.strictEqual(sent.requests[0]?.headers["user-agent"], "app/1")
      }).pipe(Effect.scoped))

    it.effect("exchange the first token for the one to keep", () =>
      Effect.gen(function*() {
        const { key, sent } = yield* login({
          dialect: {
            authorizationCode: {
              then: { grantType: "ig_exchange_token", parameter: "access_token", parameters: { long: "1" } }
            },
            requests: { then: { method: "GET" } }
          },
          answers: [{ access_token: "short", token_type: "bearer" }, { access_token: "long", token_type: "bearer" }]
        })

        assert.strictEqual(
          sent.lines()[1],
          "GET /token?grant_type=ig_exchange_token&access_token=short&long=1 "
        )
        assert.strictEqual(yield* sent.token(key), "long")
      }).pipe(Effect.scoped))

    it.effect("refuse a place that is not named, and send nothing", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(login({
          tokenEndpoint: "{accounts-server}/token",
          variables: { "accounts-server": { from: "grant", oneOf: ["https://as.test"] } },
          dialect: { authorizationResponse: { keep: ["accounts-server"] } },
          callback: { "accounts-server": "https://evil.test" }
        }))

        assert.strictEqual(fieldOf(error), "variables.accounts-server")
      }).pipe(Effect.scoped))

    it.effect("pass through the application's hook last", () =>
      Effect.gen(function*() {
        const { sent } = yield* login({
          dialect: { requests: { token: { names: { code: "auth_code" } } } },
          onRequest: (request) =>
            Effect.succeed({
              ...request,
              headers: { ...request.headers, "x-names": request.parameters.map(([name]) => name).join() }
            })
        })

        assert.strictEqual(
          sent.requests[0]?.headers["x-names"],
          "grant_type,auth_code,redirect_uri,code_verifier"
        )
      }).pipe(Effect.scoped))
  })

  describe("the authorization request", () => {
    const rows: ReadonlyArray<readonly [name: string, Options, url: string]> = [
      [
        "has the server's names",
        { dialect: { authorization: { names: { client_id: "client_key" } } } },
        "client_key=app"
      ],
      [
        "has the server's response type",
        { dialect: { authorization: { responseType: "auth_code" } } },
        "response_type=auth_code"
      ],
      [
        "leaves the plus in a scope as it is",
        { dialect: { authorization: { scopeSeparator: "+", scopeEncoding: "raw" } } },
        "scope=read+write%3Ball&"
      ],
      [
        "fills the places of its address",
        {
          authorizationEndpoint: "https://{shop}.test/authorize",
          variables: { shop: {} },
          values: { shop: "my-shop" }
        },
        "https://my-shop.test/authorize?"
      ]
    ]

    for (const [name, options, part] of rows) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const url = yield* Effect.provide(begin, app(options).layer)

          assert.include(url, part)
        }))
    }
  })

  describe("the callback", () => {
    it.effect("has the server's names", () =>
      Effect.gen(function*() {
        const { key, sent } = yield* login({
          dialect: { authorizationResponse: { names: { code: "spapi_oauth_code" } } },
          callback: { spapi_oauth_code: "c-1" }
        })

        assert.strictEqual(yield* sent.token(key), "a-1")
      }).pipe(Effect.scoped))

    it.effect("is refused when it brings a parameter by both names", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(login({
          dialect: { authorizationResponse: { names: { code: "spapi_oauth_code" } } },
          callback: { spapi_oauth_code: "c-1", code: "c-2" }
        }))

        assert.strictEqual(error.reason._tag === "CallbackRejected" && error.reason.problem, "duplicate-parameter")
      }).pipe(Effect.scoped))
  })

  describe("answers", () => {
    const rows: ReadonlyArray<
      readonly [name: string, DescribedAnswers.Answers, TestHttp.Answer, expiresAt?: DateTime.Utc]
    > = [
      ["are a form", { format: "form" }, form("access_token=a-1&token_type=bearer&refresh_token=r-1")],
      [
        "are JSON, whatever their type says",
        { format: "json-by-any-type" },
        { status: 200, headers: { "content-type": "text/javascript" }, body: JSON.stringify(tokens) }
      ],
      ["have another status", { statuses: [201] }, TestHttp.json(tokens, { status: 201 })],
      ["hold the tokens further down", { path: "data.tokens" }, TestHttp.json({ data: { tokens } })],
      [
        "say success in a member",
        { success: { path: "ok", equals: [true] } },
        TestHttp.json({ ok: true, error: "none", ...tokens })
      ],
      [
        "have names of their own",
        { names: { access_token: "accessToken", refresh_token: "more.refresh", token_type: "kind" } },
        TestHttp.json({ accessToken: "a-1", more: { refresh: "r-1" }, kind: "Bearer" })
      ],
      [
        "have token types of their own",
        { tokenTypes: { "User Access Token": "Bearer" } },
        TestHttp.json({ ...tokens, token_type: "User Access Token" })
      ],
      ["write the scope as an array", { scope: "array" }, TestHttp.json({ ...tokens, scope: ["read", "write;all"] })],
      ["tell no scope that counts", { scope: "ignored" }, TestHttp.json({ ...tokens, scope: 7 })],
      [
        "tell a lifetime in milliseconds",
        { lifetime: "milliseconds" },
        TestHttp.json({ ...tokens, expires_in: 7_200_000 }),
        seconds(7200)
      ],
      [
        "tell a lifetime in minutes",
        { lifetime: "minutes" },
        TestHttp.json({ ...tokens, expires_in: "120" }),
        seconds(7200)
      ],
      [
        "tell a lifetime as a clock with days",
        { lifetime: "D:HH:MM:SS" },
        TestHttp.json({ ...tokens, expires_in: "1:02:03:04" }),
        seconds(93_784)
      ],
      [
        "tell a lifetime as a clock",
        { lifetime: "D:HH:MM" },
        TestHttp.json({ ...tokens, expires_in: "177:05:38" }),
        seconds(15_313_080)
      ],
      [
        "tell a lifetime in the token",
        { lifetime: "jwt" },
        TestHttp.json({ ...tokens, access_token: jwt({ iat: 1000, exp: 4600 }) }),
        seconds(3600)
      ],
      [
        "tell a lifetime in the token, which does not say when it was issued",
        { lifetime: "jwt" },
        TestHttp.json({ ...tokens, access_token: jwt({ exp: start / 1000 + 60 }) }),
        seconds(60)
      ],
      [
        "tell a lifetime in hours",
        { lifetime: "hours" },
        TestHttp.json({ ...tokens, expires_in: 2 }),
        seconds(7200)
      ],
      [
        "tell a lifetime in days, as a text",
        { lifetime: "days" },
        TestHttp.json({ ...tokens, expires_in: "2" }),
        seconds(172_800)
      ],
      [
        "tell when the token ends, in seconds",
        { expiresAt: { name: "expires_at", form: "seconds" } },
        TestHttp.json({ ...tokens, expires_at: start / 1000 + 60, expires_in: 1 }),
        seconds(60)
      ],
      [
        "tell a lifetime in a form, which has only texts",
        { format: "form", names: { expires_in: "expires" } },
        form("access_token=a-1&token_type=bearer&refresh_token=r-1&expires=60"),
        seconds(60)
      ],
      [
        "tell when the token ends, as a text",
        { expiresAt: { name: "expiresAt", form: "iso" } },
        TestHttp.json({ ...tokens, expiresAt: "2030-01-01T01:00:00Z" }),
        seconds(3600)
      ]
    ]

    for (const [name, answers, answer, expiresAt] of rows) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const { key, sent } = yield* login({ dialect: { answers }, answers: [answer] })

          const status = yield* sent.status(key)
          assert.deepStrictEqual(Option.getOrUndefined(status.expiresAt), expiresAt)
          assert.deepStrictEqual(status.scopes, ["read", "write;all"])
          assert.isTrue(status.renewable)
          if (answers.lifetime !== "jwt") assert.strictEqual(yield* sent.token(key), "a-1")
        }).pipe(Effect.scoped))
    }

    const errors: ReadonlyArray<
      readonly [name: string, DescribedAnswers.Answers, TestHttp.Answer, code: string]
    > = [
      [
        "bring their error further down",
        { error: "errors.0.errorType" },
        TestHttp.json({ errors: [{ errorType: "x" }] }),
        "x"
      ],
      [
        "bring an error of the server's own",
        { errorCodes: { bad_refresh_token: "invalid_grant" } },
        TestHttp.json({ error: "bad_refresh_token" }),
        "invalid_grant"
      ],
      [
        "bring an error that is a name of every object",
        { errorCodes: { bad_refresh_token: "invalid_grant" } },
        TestHttp.json({ error: "constructor" }),
        "constructor"
      ],
      [
        "bring an error with a status that leaves most open",
        { errorStatuses: [500] },
        TestHttp.json({ error: "invalid_grant" }, { status: 500 }),
        "invalid_grant"
      ],
      [
        "bring an error with a status that is not described",
        { errorStatuses: [500] },
        TestHttp.json({ error: "invalid_grant" }, { status: 502 }),
        "AnswerLost"
      ],
      [
        "break down with a status whose errors are believed, and without an error",
        { errorStatuses: [500] },
        TestHttp.json({ message: "no" }, { status: 500 }),
        "AnswerLost"
      ],
      [
        "bring nothing but a status",
        { errorsByStatus: { 401: "invalid_grant" } },
        TestHttp.empty(401),
        "invalid_grant"
      ],
      [
        "bring an error of their own with a status that stands for another",
        { errorsByStatus: { 401: "invalid_grant" } },
        TestHttp.json({ error: "invalid_client" }, { status: 401 }),
        "invalid_client"
      ],
      ["bring a number for an error", { error: "errcode" }, TestHttp.json({ errcode: 40_029 }), "40029"],
      [
        "say failure in a member",
        { success: { path: "status", equals: [0] } },
        TestHttp.json({ status: 503, error: "no" }),
        "no"
      ]
    ]

    for (const [name, answers, answer, code] of errors) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(login({ dialect: { answers }, answers: [answer] }))

          assert.strictEqual(
            error.reason._tag === "RequestRefused" ? String(error.reason.code) : error.reason._tag,
            code
          )
        }).pipe(Effect.scoped))
    }

    const kept: ReadonlyArray<
      readonly [name: string, NonNullable<Description.Encoded["dialect"]>, TestHttp.Answer, TestHttp.Answer]
    > = [
      [
        "that says failure",
        { answers: { success: { path: "ok", equals: [true] } } },
        TestHttp.json({ ok: true, ...tokens }),
        TestHttp.json({ ok: false, error: "odd", ...others })
      ],
      [
        "that has another shape than is described",
        { answers: { path: "data" } },
        TestHttp.json({ data: tokens }),
        TestHttp.json(others)
      ]
    ]

    for (const [name, dialect, first, second] of kept) {
      it.effect(`keep the refresh token of one ${name}, and give nobody its access token`, () =>
        Effect.gen(function*() {
          const { key, sent } = yield* login({ dialect, answers: [first, second] })

          const error = yield* Effect.flip(sent.refresh(key))
          yield* TestClock.adjust("1 hour")
          yield* Effect.flip(sent.refresh(key))

          assert.strictEqual(error.reason._tag, "ResponseInvalid")
          assert.deepStrictEqual(sent.lines().slice(1), [
            "POST /token grant_type=refresh_token&refresh_token=r-1",
            "POST /token grant_type=refresh_token&refresh_token=r-2"
          ])
        }).pipe(Effect.scoped))
    }

    const refreshLifetimes: ReadonlyArray<
      readonly [name: string, DescribedAnswers.Answers, Readonly<Record<string, Schema.Json>>]
    > = [
      [
        "in minutes",
        { refreshTokenExpiresIn: { name: "refreshExpiresIn", form: "minutes" } },
        { refreshExpiresIn: "120" }
      ],
      [
        "as a clock, further down",
        { refreshTokenExpiresIn: { name: "more.refresh", form: "D:HH:MM" } },
        { more: { refresh: "0:02:00" } }
      ],
      [
        "as an instant",
        { refreshTokenExpiresAt: { name: "refresh_until", form: "milliseconds" } },
        { refresh_until: start + 7_200_000 }
      ]
    ]

    for (const [name, answers, told] of refreshLifetimes) {
      it.effect(`tell a refresh token's lifetime ${name}`, () =>
        Effect.gen(function*() {
          const { key, sent } = yield* login({ dialect: { answers }, answers: [{ ...tokens, ...told }] })

          const { body } = Option.getOrThrow(Option.fromUndefinedOr((yield* sent.record(key)).grant))
          assert.strictEqual(body._tag === "Open" && body.refreshTokenExpiresAt, start + 7_200_000)
        }).pipe(Effect.scoped))
    }

    const lookedUp = (told: TestHttp.Answer): Options => ({
      introspectionEndpoint: "https://as.test/introspect",
      dialect: { answers: { lifetime: "introspection" }, response: { defaultLifetime: "1 hour" } },
      answers: [{ ...tokens, expires_in: 1 }, told]
    })

    for (
      const [name, told, lifetime] of [
        ["is asked for", TestHttp.json({ active: true, exp: start / 1000 + 60 }), 60],
        ["is as declared, where the server does not say", TestHttp.json({ active: true }), 3600],
        ["is as declared, where the question is refused", TestHttp.empty(500), 3600]
      ] as const
    ) {
      it.effect(`leave the lifetime open: it ${name}`, () =>
        Effect.gen(function*() {
          const { key, sent } = yield* login(lookedUp(told))

          const status = yield* sent.status(key)
          assert.deepStrictEqual(Option.getOrUndefined(status.expiresAt), seconds(lifetime))
          assert.strictEqual(sent.lines()[1], "POST /introspect token=a-1&token_type_hint=access_token")
        }).pipe(Effect.scoped))
    }

    it.effect("keep their refresh token where the exchange that follows gives nothing", () =>
      Effect.gen(function*() {
        const { key, sent } = yield* login({
          dialect: {
            authorizationCode: {
              then: {
                endpoint: "https://rest.test/login",
                grantType: "session",
                parameter: "access_token",
                repeated: "at-renewals"
              }
            },
            requests: { then: { method: "GET", omit: ["grant_type"], credentials: "omitted" } },
            answers: { names: { access_token: "session" } }
          },
          answers: [
            tokens,
            { session: "s-1", token_type: "Bearer" },
            others,
            TestHttp.empty(500),
            { ...others, refresh_token: "r-3" },
            { session: "s-3", token_type: "Bearer" }
          ]
        })

        const first = yield* sent.token(key)
        const error = yield* Effect.flip(sent.refresh(key))
        yield* TestClock.adjust("1 hour")
        yield* sent.refresh(key)

        assert.deepStrictEqual([first, yield* sent.token(key)], ["s-1", "s-3"])
        assert.strictEqual(error.reason._tag, "ResponseInvalid")
        assert.deepStrictEqual(sent.lines().slice(1), [
          "GET https://rest.test/login?access_token=a-1 ",
          "POST /token grant_type=refresh_token&refresh_token=r-1",
          "GET https://rest.test/login?access_token=a-2 ",
          "POST /token grant_type=refresh_token&refresh_token=r-2",
          "GET https://rest.test/login?access_token=a-2 "
        ])
        assert.isUndefined(sent.requests[1]?.headers["authorization"])
      }).pipe(Effect.scoped))

    for (
      const [policy, granted] of [
        ["exact", "read"],
        ["exact", "read write;all more"],
        ["subset", "read more"],
        ["superset", "read more"]
      ] as const
    ) {
      it.effect(`of a login that grant "${granted}" are refused where the scope is to be ${policy}`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(login(scoped(policy, granted)))

          assert.deepStrictEqual(
            error.reason._tag === "ResponseInvalid" && [error.reason.problem, error.reason.field],
            [
              "mismatch",
              "scope"
            ]
          )
        }).pipe(Effect.scoped))
    }

    for (
      const [policy, granted] of [
        ["any", "other"],
        ["exact", "write;all read"],
        ["subset", "read"],
        ["superset", "read write;all more"],
        ["exact", undefined]
      ] as const
    ) {
      it.effect(`of a login that grant ${granted} are kept where the scope is to be ${policy}`, () =>
        Effect.gen(function*() {
          const { key, sent } = yield* login(scoped(policy, granted))

          assert.strictEqual(yield* sent.token(key), "a-1")
        }).pipe(Effect.scoped))
    }

    it.effect("are not repaired where they are no UTF-8", () =>
      Effect.gen(function*() {
        const body = new Uint8Array([...new TextEncoder().encode("{\"access_token\":\"a"), 0xff, 0x22, 0x7d])
        const error = yield* Effect.flip(login({
          dialect: { answers: { path: "data" } },
          answers: [{ status: 200, headers: { "content-type": "application/json" }, body }]
        }))

        assert.strictEqual(error.reason._tag === "ResponseInvalid" && error.reason.problem, "encoding")
      }).pipe(Effect.scoped))

    it.effect("fail by a status that is described, and not otherwise", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(login({
          dialect: { answers: { statuses: [201] } },
          answers: [TestHttp.json(tokens, { status: 202 })]
        }))

        assert.strictEqual(error.reason._tag, "ResponseInvalid")
      }).pipe(Effect.scoped))

    it.effect("bring the tokens of other parts of the account", () =>
      Effect.gen(function*() {
        const { key, sent } = yield* login({
          dialect: {
            authorizationCode: { parts: { user: "authed_user" } },
            answers: { tokenTypes: { bot: "Bearer", user: "Bearer" } }
          },
          answers: [{
            ...tokens,
            token_type: "bot",
            authed_user: { access_token: "u-1", token_type: "user", refresh_token: "ur-1" }
          }]
        })

        assert.strictEqual(yield* sent.token(key), "a-1")
        assert.strictEqual(yield* sent.token(yield* sent.key("user")), "u-1")
      }).pipe(Effect.scoped))

    it.effect("stay as they came when the application's hook throws", () =>
      Effect.gen(function*() {
        const { key, sent } = yield* login({
          onAnswer: () => {
            throw new Error("broken")
          }
        })

        assert.strictEqual(yield* sent.token(key), "a-1")
      }).pipe(Effect.scoped))
  })

  describe("the least time between two renewals", () => {
    it.effect("is waited for, and the token is given meanwhile", () =>
      Effect.gen(function*() {
        const { key, sent } = yield* login({
          minInterval: "1 day",
          answers: [{ ...tokens, expires_in: 100_000 }, { ...others, expires_in: 100_000 }]
        })

        const error = yield* Effect.flip(sent.refresh(key))
        const meanwhile = yield* sent.token(key)
        yield* TestClock.adjust("1 day")
        yield* sent.refresh(key)

        assert.strictEqual(error.reason._tag === "RenewalPending" && error.reason.why, "backing-off")
        assert.deepStrictEqual([meanwhile, yield* sent.token(key)], ["a-1", "a-2"])
        assert.lengthOf(sent.requests, 2)
      }).pipe(Effect.scoped))

    it.effect("is waited for by the target that has a token, and by no other", () =>
      Effect.gen(function*() {
        const { key, sent } = yield* login({
          minInterval: "1 day",
          answers: [{ ...tokens, expires_in: 100_000 }, { ...others, expires_in: 100_000 }]
        })

        assert.strictEqual(yield* sent.token(key, Target.make({ resource: "https://other.example" })), "a-2")
      }).pipe(Effect.scoped))

    it.effect("is no longer than the token lives", () =>
      Effect.gen(function*() {
        const { key, sent } = yield* login({
          minInterval: "1 day",
          answers: [{ ...tokens, expires_in: 60 }, { ...others, expires_in: 60 }]
        })

        yield* TestClock.adjust("1 minute")

        assert.strictEqual(yield* sent.token(key), "a-2")
      }).pipe(Effect.scoped))
  })

  describe("the origins of a grant's own", () => {
    const salesforce = (instance: string): Options => ({
      dialect: { response: { apiOrigins: ["instance_url"] } },
      answers: [{ ...tokens, instance_url: instance }]
    })

    it.effect("are those that look like the provider's", () =>
      Effect.gen(function*() {
        const { key, sent } = yield* login({
          dialect: {
            response: { apiOrigins: ["instance_url"] },
            answers: { originPatterns: { instance_url: "https://[a-z0-9]+\\.sf\\.test" } }
          },
          answers: [{ ...tokens, instance_url: "https://evil.test/na1.sf.test" }]
        })

        const error = yield* Effect.flip(sent.get(key, "https://evil.test/data"))

        assert.include(String(error), "evil.test")
        assert.deepStrictEqual((yield* sent.status(key)).kept, {})
      }).pipe(Effect.scoped))

    it.effect("get the token", () =>
      Effect.gen(function*() {
        const { key, sent } = yield* login(salesforce("https://na1.sf.test/x"))

        yield* sent.get(key, "https://na1.sf.test/data")

        assert.strictEqual(sent.requests.at(-1)?.headers["authorization"], "Bearer a-1")
        assert.deepStrictEqual((yield* sent.status(key)).kept, { instance_url: "https://na1.sf.test/x" })
      }).pipe(Effect.scoped))

    for (
      const [instance, url] of [
        ["https://na1.sf.test", "https://na2.sf.test/data"],
        ["http://na1.sf.test", "http://na1.sf.test/data"],
        ["na1.sf.test", "https://na1.sf.test/data"]
      ] as const
    ) {
      it.effect(`are https and those of the grant: ${url} of ${instance} gets nothing`, () =>
        Effect.gen(function*() {
          const { key, sent } = yield* login(salesforce(instance))

          const error = yield* Effect.flip(sent.get(key, url))

          assert.strictEqual(error._tag === "OAuthError" ? error.reason._tag : error._tag, "RequestNotAllowed")
          assert.strictEqual(sent.requests.length, 1)
        }).pipe(Effect.scoped))
    }
  })

  describe("variables", () => {
    const template = { tokenEndpoint: "https://{tenant}.test/token" }
    const rows: ReadonlyArray<readonly [name: string, Options, field: string]> = [
      ["nobody supplies", { ...template, variables: { tenant: {} } }, "variables.tenant"],
      ["nobody declares", template, "tokenEndpoint"],
      ["has no place for", { values: { tenant: "x" } }, "variables.tenant"],
      [
        "would leave their place",
        { ...template, variables: { tenant: {} }, values: { tenant: "evil.com/" } },
        "variables.tenant"
      ],
      [
        "is not one of those allowed",
        { ...template, variables: { tenant: { oneOf: ["a", "b"] } }, values: { tenant: "c" } },
        "variables.tenant"
      ],
      [
        "comes from outside unchecked",
        { ...template, variables: { tenant: { from: "grant", default: "a" } } },
        "variables.tenant"
      ]
    ]

    for (const [name, options, field] of rows) {
      it.effect(`refuse a value that ${name}`, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(Layer.build(app(options).provider))

          assert.strictEqual(fieldOf(error), field)
        }).pipe(Effect.scoped))
    }
  })
})

interface Options extends Partial<Description.Encoded>, Omit<Description.Supplied, "variables"> {
  readonly values?: Readonly<Record<string, string>>
  /** What the browser brings back besides `state`; a code by default. */
  readonly callback?: Readonly<Record<string, string>>
  /** What the token endpoint answers, the last one again and again. */
  readonly answers?: ReadonlyArray<Schema.Json | TestHttp.Answer>
}

const start = Date.UTC(2030, 0, 1)

const seconds = (count: number) => DateTime.makeUnsafe(start + count * 1000)

const scoped = (
  scopePolicy: "any" | "exact" | "subset" | "superset",
  granted: string | undefined
): Options => ({
  dialect: { response: { scopePolicy } },
  answers: [{ ...tokens, ...(granted === undefined ? {} : { scope: granted }) }]
})

const others = { access_token: "a-2", token_type: "Bearer", refresh_token: "r-2" }

const tokens = { access_token: "a-1", token_type: "Bearer", refresh_token: "r-1" }

const form = (body: string): TestHttp.Answer => ({
  status: 200,
  headers: { "content-type": "application/x-www-form-urlencoded" },
  body
})

const jwt = (claims: Schema.Json): string => `e30.${btoa(JSON.stringify(claims)).replaceAll("=", "")}.c2ln`

const fieldOf = ({ reason }: OAuthError.OAuthError): string | undefined =>
  reason._tag === "ConfigurationInvalid" ? reason.field : undefined

/** The provider that a description makes, and its client over a server that answers as it is told. */
const app = (options: Options) => {
  const { answers = [tokens], callback: _, onAnswer, onRequest, values, ...description } = options
  const rest = [...answers]
  const wire = Wire.make(() => {
    const answer = rest.length > 1 ? rest.shift() : rest[0]
    return isAnswer(answer) ? answer : TestHttp.json(answer ?? {})
  })
  const provider = GenericRfc6749.layerDescription({
    clientId: "app",
    clientSecret: Redacted.make("s"),
    description: {
      provider: "test",
      authorizationEndpoint: "https://as.test/authorize",
      tokenEndpoint: "https://as.test/token",
      ...description
    },
    variables: values,
    onRequest,
    onAnswer
  })
  return { provider, wire, layer: wire.layer(provider) }
}

const isAnswer = (answer: Schema.Json | TestHttp.Answer | undefined): answer is TestHttp.Answer =>
  typeof answer === "object" && answer !== null && "headers" in answer

const begin = Effect.gen(function*() {
  const logins = yield* Login.Login
  const begun = yield* logins.begin({
    account: "ada",
    redirectUri: "https://app.test/cb",
    scopes: ["read", "write;all"]
  })
  return begun.url
})

/** Logs in, and gives what was sent and what came of it. */
const login = Effect.fnUntraced(function*(options: Options) {
  const { layer, wire } = app(options)
  yield* TestClock.setTime(start)
  const context = yield* Layer.build(layer)
  const state = yield* Effect.map(
    Effect.provideContext(begin, context),
    (url) => new URL(url).searchParams.get("state") ?? ""
  )
  const named = options.dialect?.authorizationResponse?.names !== undefined
  const query = new URLSearchParams({ ...(named ? {} : { code: "c-1" }), ...options.callback, state })
  const completed = yield* Effect.provideContext(
    Effect.flatMap(Login.Login, (logins) => logins.complete(`https://app.test/cb?${query}`)),
    context
  )
  const service = <A>(
    use: (service: TokenService.TokenService["Service"]) => Effect.Effect<A, OAuthError.OAuthError>
  ) => Effect.provideContext(Effect.flatMap(TokenService.TokenService, use), context)
  return {
    key: completed.key,
    sent: {
      requests: wire.sent,
      lines: () =>
        wire.sent.map(({ body, method, url }) =>
          `${method} ${url.replace("https://as.test", "")} ${
            body.replace(/"code_verifier":"[\w-]{43}"/, "\"code_verifier\":\"~\"")
          }`
        ),
      key: (part: string) => service(({ key }) => Effect.succeed(key("ada", part))),
      get: (key: GrantKey.GrantKey, url: string) =>
        Effect.provideContext(Effect.flatMap(AuthorizedHttpClient.make(key), (client) => client.get(url)), context),
      refresh: (key: GrantKey.GrantKey) => service(({ refresh }) => refresh(key)),
      record: (key: GrantKey.GrantKey) =>
        Effect.provideContext(Effect.flatMap(TokenStore.TokenStore, (store) => store.read(key)), context),
      status: (key: GrantKey.GrantKey) => Effect.map(service(({ status }) => status(key)), Option.getOrThrow),
      token: (key: GrantKey.GrantKey, target?: Target.Target) =>
        Effect.map(service(({ token }) => token(key, target)), ({ value }) => Redacted.value(value))
    }
  }
})
