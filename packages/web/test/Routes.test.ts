/**
 * Every route of this package: once as it should go, and at least three times as it should not. A route that is added
 * without its cases turns this red.
 */
import type { Login } from "@effect-oauth/core"
import { type TestAuthorizationServer, TestHttp } from "@effect-oauth/core/testing"
import {
  ApiProxy,
  AuthorizationRoutes,
  BackChannelLogout,
  type BrowserSessions,
  ConnectionRoutes,
  LogoutRoutes,
  SessionLogin
} from "@effect-oauth/web"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, type Scope } from "effect"
import { HttpRouter } from "effect/http"
import * as App from "./support/App.ts"
import * as Browser from "./support/Browser.ts"

type Browsing = Effect.Success<ReturnType<typeof open>>

/** What is done, what is answered, and what is read there: in the body, or where it leads. */
type Case<R> = readonly [
  status: number,
  says: RegExp,
  does: (browser: Browsing) => Effect.Effect<Browser.Seen, unknown, R>
]

type World =
  | App.Signer
  | BrowserSessions.BrowserSessions
  | Login.Login
  | Scope.Scope
  | TestAuthorizationServer.TestAuthorizationServer

interface Row {
  readonly well: Case<World>
  readonly badly: { readonly [title: string]: Case<World> }
}

const rows: { readonly [route: string]: Row } = {
  "GET /oauth/login": {
    well: [303, /^https:\/\/as\.test\//, (browser) => browser.get("/oauth/login")],
    badly: {
      "leads to another site": [400, /address/i, (browser) => browser.get("/oauth/login?return_to=https://evil.test")],
      "leads to two places": [400, /address/i, (browser) => browser.get("/oauth/login?return_to=/a&return_to=/b")],
      "is begun by another site": [
        403,
        /<h1>/,
        (browser) => browser.visit("/oauth/login", { from: "cross-site", headers: { "sec-fetch-site": "cross-site" } })
      ]
    }
  },
  "GET /oauth/callback": {
    well: [303, /^https:\/\/app\.test\/oauth\/landed\?to=%2F$/, (browser) => Browser.login(browser)],
    badly: {
      "was declined": [
        303,
        /problem=declined$/,
        (browser) => Browser.login(browser, "/oauth/login", { error: "access_denied" })
      ],
      "belongs to another browser": [303, /problem=stale$/, (browser) =>
        Effect.gen(function*() {
          const answer = yield* Browser.agree(yield* browser.get("/oauth/login"))
          browser.cookies.clear()
          return yield* browser.get(answer)
        })],
      "came before": [303, /problem=stale$/, (browser) =>
        Effect.gen(function*() {
          const answer = yield* Browser.agree(yield* browser.get("/oauth/login"))
          yield* browser.get(answer)
          return yield* browser.get(answer)
        })],
      "is no answer": [303, /problem=/, (browser) => browser.get("/oauth/callback")]
    }
  },
  "POST /oauth/callback": {
    well: [303, /^https:\/\/app\.test\/oauth\/landed\?to=%2F$/, (browser) =>
      Effect.gen(function*() {
        return yield* posted(browser, new URL(yield* Browser.agree(yield* browser.get("/oauth/login"))).search.slice(1))
      })],
    badly: {
      "is no answer": [303, /problem=/, (browser) => posted(browser, "")],
      "is to no login of this browser": [303, /problem=stale$/, (browser) => posted(browser, "code=a&state=b")],
      "came twice": [303, /problem=stale$/, (browser) =>
        Effect.gen(function*() {
          const answer = new URL(yield* Browser.agree(yield* browser.get("/oauth/login"))).search.slice(1)
          yield* posted(browser, answer)
          return yield* posted(browser, answer)
        })]
    }
  },
  "GET /oauth/failed": {
    well: [403, /Access was declined/, (browser) => browser.get("/oauth/failed?problem=declined")],
    badly: {
      "has a problem that is made up": [400, /^(?!.*evil)/s, (browser) => browser.get("/oauth/failed?problem=evil")],
      "has a script for a problem": [
        400,
        /^(?!.*<script)/s,
        (browser) => browser.get("/oauth/failed?problem=%3Cscript%3Ealert(1)%3C/script%3E")
      ],
      "has no problem": [400, /Try again|again/, (browser) => browser.get("/oauth/failed")]
    }
  },
  "GET /oauth/landed": {
    well: [200, /content="0;url=\/albums"/, () => landing("/albums")],
    badly: {
      "leads to another site": [200, /content="0;url=\/"/, () => landing("https://evil.test")],
      "leads to a script": [200, /content="0;url=\/"/, () => landing("javascript:alert(1)")],
      "follows no login": [
        303,
        /^https:\/\/app\.test\/$/,
        (browser) => browser.visit("/oauth/landed?to=/albums", { from: "cross-site" })
      ]
    }
  },
  "POST /oauth/logout": {
    well: [
      303,
      /^https:\/\/as\.test\/end-session\?/,
      (browser) => Effect.andThen(Browser.login(browser), browser.submit("/oauth/logout"))
    ],
    badly: {
      "is sent by another site": [
        403,
        /./,
        (browser) => Effect.andThen(Browser.login(browser), browser.visit("/oauth/logout", elsewhere))
      ],
      "leads to another site": [
        400,
        /address/i,
        (browser) => browser.submit("/oauth/logout", { return_to: "https://evil.test" })
      ],
      "leads to two places": [
        400,
        /address/i,
        (browser) => browser.visit("/oauth/logout", { ...Browser.form(), body: "return_to=/a&return_to=/b" })
      ]
    }
  },
  "GET /oauth/logout": {
    well: [200, /<form method="post" action="\/oauth\/logout">/, (browser) => browser.get("/oauth/logout")],
    badly: {
      "is a link on another site, which signs nobody out": [
        200,
        /"Active"/,
        (browser) => stays(browser, { from: "cross-site" })
      ],
      "is a link that would sign out everywhere": [200, /"Active"/, (browser) => stays(browser, {}, "?everywhere=yes")],
      "leads to another site, which it does not say": [
        200,
        /^(?!.*evil)/s,
        (browser) => browser.get("/oauth/logout?return_to=https://evil.test")
      ],
      "is framed by another site, which no browser shows": [
        200,
        /frame-ancestors 'none'/,
        (browser) =>
          Effect.map(browser.get("/oauth/logout"), (seen) => ({
            ...seen,
            body: seen.headers["content-security-policy"] ?? ""
          }))
      ]
    }
  },
  "GET /oauth/logout/done": {
    well: [303, /^https:\/\/app\.test\/bye$/, (browser) =>
      Effect.gen(function*() {
        yield* Browser.login(browser)
        const { location } = yield* browser.submit("/oauth/logout", { return_to: "/bye" })
        const state = new URL(location).searchParams.get("state")
        return yield* browser.visit(`/oauth/logout/done?state=${state}`, { from: "cross-site" })
      })],
    badly: {
      "brings no state": [400, /./, (browser) => browser.get("/oauth/logout/done")],
      "brings a state that nobody waits for": [400, /./, (browser) => browser.get("/oauth/logout/done?state=guessed")],
      "only looks": [405, /<h1>/, (browser) => browser.visit("/oauth/logout/done", { method: "HEAD" })]
    }
  },
  "GET /oauth/logout/front": {
    well: [200, /./, (browser) => browser.get("/oauth/logout/front?iss=https://as.test&sid=s-1")],
    badly: {
      "names no session": [400, /./, (browser) => browser.get("/oauth/logout/front")],
      "is of another server": [400, /./, (browser) => browser.get("/oauth/logout/front?iss=https://evil.test&sid=s-1")],
      "names two sessions": [
        400,
        /./,
        (browser) => browser.get("/oauth/logout/front?iss=https://as.test&sid=s-1&sid=s-2")
      ]
    }
  },
  "POST /oauth/logout/back": {
    well: [200, /^$/, (browser) => Effect.flatMap(App.told({}), (visit) => browser.visit("/oauth/logout/back", visit))],
    badly: {
      "brings no token": [400, /invalid_request/, (browser) => browser.submit("/oauth/logout/back")],
      "brings what is no token": [
        400,
        /invalid_request/,
        (browser) => browser.submit("/oauth/logout/back", { logout_token: "x.y.z" })
      ],
      "is of another server": [
        400,
        /invalid_request/,
        (browser) =>
          Effect.flatMap(App.told({ iss: "https://evil.test" }), (visit) => browser.visit("/oauth/logout/back", visit))
      ]
    }
  },
  "GET /oauth/status": {
    well: [200, /"Active"/, (browser) => Effect.andThen(Browser.login(browser), browser.get("/oauth/status"))],
    badly: {
      "comes without a session": [401, /./, (browser) => browser.get("/oauth/status")],
      "comes with a session that is made up": [401, /./, (browser) => madeUp(browser, "/oauth/status")],
      "comes after a sign-out": [401, /./, (browser) => signedOut(browser, "/oauth/status")]
    }
  },
  "GET /oauth/events": {
    well: [200, /^event: connection\ndata: \{.*"Active"/, (browser) =>
      Effect.gen(function*() {
        yield* Browser.login(browser)
        const response = yield* browser.ask("/oauth/events")
        const pieces = Browser.pieces(response)
        const body = (yield* pieces.next) ?? ""
        yield* pieces.cancel
        return { status: response.status, location: "", body, headers: {} }
      })],
    badly: {
      "comes without a session": [401, /./, (browser) => browser.get("/oauth/events")],
      "comes with a session that is made up": [401, /./, (browser) => madeUp(browser, "/oauth/events")],
      "comes after a sign-out": [401, /./, (browser) => signedOut(browser, "/oauth/events")]
    }
  },
  "POST /oauth/disconnect": {
    well: [
      303,
      /^https:\/\/app\.test\/bye$/,
      (browser) => Effect.andThen(Browser.login(browser), browser.submit("/oauth/disconnect", { return_to: "/bye" }))
    ],
    badly: {
      "comes without a session": [401, /./, (browser) => browser.submit("/oauth/disconnect")],
      "is sent by another site": [
        403,
        /./,
        (browser) => Effect.andThen(Browser.login(browser), browser.visit("/oauth/disconnect", elsewhere))
      ],
      "leads to another site": [
        400,
        /address/i,
        (browser) =>
          Effect.andThen(Browser.login(browser), browser.submit("/oauth/disconnect", { return_to: "//evil.test" }))
      ]
    }
  },
  "* /api/*": {
    well: [
      200,
      /https:\/\/api\.test\/v4\/me/,
      (browser) => Effect.andThen(Browser.login(browser), browser.visit("/api/v4/me", script))
    ],
    badly: {
      "comes without a session": [401, /./, (browser) => browser.visit("/api/v4/me", script)],
      "comes without the header of a script": [
        403,
        /./,
        (browser) => Effect.andThen(Browser.login(browser), browser.get("/api/v4/me"))
      ],
      "asks for what is not allowed": [
        404,
        /./,
        (browser) => Effect.andThen(Browser.login(browser), browser.visit("/api/v4/users", script))
      ],
      "could be read in two ways": [
        400,
        /./,
        (browser) => Effect.andThen(Browser.login(browser), browser.visit("/", { ...script, raw: "/api/v4/..%2fme" }))
      ]
    }
  }
}

describe("every route", () => {
  it.effect("has a case that goes well and at least three that do not", () =>
    Effect.gen(function*() {
      const router = yield* HttpRouter.make
      const found: Array<string> = []
      const add: HttpRouter.HttpRouter["add"] = (method, path) =>
        Effect.sync(() => void found.push(`${method} ${path}`))

      yield* Layer.build(
        Layer.provide(Layer.fresh(routes), Layer.succeed(HttpRouter.HttpRouter, { ...router, add }))
      )

      assert.deepStrictEqual(found.toSorted(), Object.keys(rows).toSorted())
      assert.deepStrictEqual(
        Object.keys(rows).filter((route) => Object.keys(rows[route]?.badly ?? {}).length < 3),
        []
      )
    }).pipe(Effect.scoped, Effect.provide(App.layerOpenId({ api: echo }))))

  for (const [route, { badly, well }] of Object.entries(rows)) {
    it.effect(`${route} goes well`, () => Effect.provide(judge(well), App.layerOpenId({ api: echo })))

    for (const [title, each] of Object.entries(badly)) {
      it.effect(`${route} answers ${each[0]} where it ${title}`, () =>
        Effect.provide(judge(each), App.layerOpenId({ api: echo })))
    }
  }
})

const where = { origin: Browser.origin, path: "/oauth" } as const

const routes = Layer.unwrap(Effect.gen(function*() {
  const login = yield* SessionLogin.make({ newcomer: () => Effect.succeed("ada") })
  const account = yield* SessionLogin.account
  return Layer.mergeAll(
    AuthorizationRoutes.layer({ ...where, ...login, scopes: ["read"] }),
    LogoutRoutes.layer({ ...where, server: "end" }),
    BackChannelLogout.layer(where),
    ConnectionRoutes.layer({ ...where, account }),
    ApiProxy.layer({ origin: Browser.origin, path: "/api", account, allow: [{ methods: ["GET"], path: "/v4/me" }] })
  )
}))

const echo: TestAuthorizationServer.Api = (request) => TestHttp.json({ url: request.url })

const open = () => Browser.make(routes)

const judge = Effect.fnUntraced(function*([status, says, does]: Case<World>) {
  const seen = yield* Effect.orDie(does(yield* open()))

  assert.strictEqual(seen.status, status, `${seen.location} ${seen.body}`)
  assert.match(seen.location === "" ? seen.body : seen.location, says)
  assert.notMatch(seen.location + seen.body, /test-f\d+-|\n\s+at |undefined/)
})

const script: Browser.Visit = {
  headers: { "accept": "application/json", "x-csrf": "1", "sec-fetch-site": "same-origin" }
}

const elsewhere: Browser.Visit = {
  ...Browser.form(),
  headers: { "origin": "https://evil.test", "sec-fetch-site": "cross-site" }
}

// as a server brings it by a form of its own, without the cookie; the browser brings it again
const posted = Effect.fnUntraced(function*(browser: Browsing, body: string) {
  const bounced = yield* browser.visit("/oauth/callback", {
    from: "cross-site",
    method: "POST",
    body,
    headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "cross-site" }
  })
  return yield* browser.visit(bounced.location, { from: "cross-site" })
})

const landing = Effect.fnUntraced(function*(to: string) {
  const login = yield* SessionLogin.make({ newcomer: () => Effect.succeed("ada") })
  const browser = yield* Browser.make(
    AuthorizationRoutes.layer({ ...where, ...login, landing: "page", scopes: ["read"] })
  )
  yield* Browser.login(browser)
  return yield* browser.get(`/oauth/landed?to=${encodeURIComponent(to)}`)
})

const stays = Effect.fnUntraced(function*(browser: Browsing, how: Browser.Visit, query = "") {
  yield* Browser.login(browser)
  yield* browser.visit(`/oauth/logout${query}`, how)
  return yield* browser.get("/oauth/status")
})

const madeUp = Effect.fnUntraced(function*(browser: Browsing, route: string) {
  browser.cookies.set("__Host-Http-session", { value: "A".repeat(43), sameSite: "Strict" })
  return yield* browser.get(route)
})

const signedOut = Effect.fnUntraced(function*(browser: Browsing, route: string) {
  yield* Browser.login(browser)
  const held = new Map(browser.cookies)
  yield* browser.submit("/oauth/logout")
  for (const [name, value] of held) browser.cookies.set(name, value)
  return yield* browser.get(route)
})
