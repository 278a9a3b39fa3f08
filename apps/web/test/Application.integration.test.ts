import * as Sandbox from "@effect-oauth/cli/sandbox/Sandbox"
import * as Application from "@effect-oauth/web-sample/Application"
import * as Provider from "@effect-oauth/web-sample/Provider"
import * as Settings from "@effect-oauth/web-sample/Settings"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Tracer } from "effect"
import * as Fs from "node:fs"
import * as Http from "node:http"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Client from "./support/client.ts"
import * as Ports from "./support/ports.ts"

describe("the web sample", () => {
  it.live("shows what is connected, and where it may be disconnected", () =>
    Effect.gen(function*() {
      const { browser } = yield* connected()

      const page = yield* text(browser.get("/"))

      assert.include(page.body, "<h1 id=\"title\">Ada Sandbox</h1>")
      assert.include(page.body, "<form method=\"post\" action=\"/oauth/disconnect\">")
      assert.strictEqual(
        page.headers.get("content-security-policy"),
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
      )
    }).pipe(Effect.scoped))

  it.live("shows the connection though Frame.io's API does not answer, and lists nothing", () =>
    Effect.gen(function*() {
      const { browser, sandbox } = yield* connected()
      yield* sandbox.fail({ where: { endpoint: "api" }, status: 503, times: 3 })

      const { body, status } = yield* text(browser.get("/"))

      assert.strictEqual(status, 200)
      assert.include(body, "Frame.io cannot be asked right now")
      assert.include(body, "Connected")
    }).pipe(Effect.scoped))

  it.live("asks to connect again once the grant has ended", () =>
    Effect.gen(function*() {
      const { browser } = yield* connected()
      yield* browser.post("/sandbox/withdraw")

      const { body } = yield* text(browser.get("/"))

      assert.match(body, /<section class="notice" role="alert" data-reconnect>/)
      assert.include(body, "Access was withdrawn, or has expired.")
    }).pipe(Effect.scoped))

  it.live("takes nobody's access away for another site, or without a session", () =>
    Effect.gen(function*() {
      const { browser, port } = yield* connected()

      const forged = yield* browser.send("/sandbox/withdraw", {
        method: "POST",
        headers: { "origin": "https://evil.test", "sec-fetch-site": "cross-site" }
      })
      const stranger = yield* Client.make(`http://localhost:${port}`).at(port).post("/sandbox/withdraw")

      assert.deepStrictEqual([forged.status, stranger.status], [403, 303])
      assert.strictEqual(yield* browser.status, "Active")
    }).pipe(Effect.scoped))

  it.live("has its own files and no others", () =>
    Effect.gen(function*() {
      const { browser, port } = yield* served()
      const styles = yield* browser.get("/assets/app.css")
      const statuses = yield* Effect.forEach(
        ["/assets/", "/assets/../bin.ts", "/assets/%2e%2e/bin.ts", "/assets/..%2fSettings.ts", "/nowhere"],
        (path) =>
          Effect.callback<number>((resume) => {
            Http.get({ host: "127.0.0.1", port, path }, (response) => {
              response.resume()
              resume(Effect.succeed(response.statusCode ?? 0))
            })
          })
      )

      assert.strictEqual(styles.headers.get("content-type"), "text/css; charset=utf-8")
      assert.deepStrictEqual(statuses, [404, 404, 404, 404, 404])
    }).pipe(Effect.scoped))

  it.live("records no code and no state in spans", () =>
    Effect.gen(function*() {
      const recorded: Array<string> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          const attribute = span.attribute.bind(span)
          span.attribute = (name, value) => {
            recorded.push(`${name}=${String(value)}`)
            attribute(name, value)
          }
          return span
        }
      })
      const port = yield* Ports.free
      const sandbox = yield* sandboxFor(port)
      yield* Effect.provideService(serve({ port, sandbox }), Tracer.Tracer, tracer)
      const browser = Client.make(`http://localhost:${port}`).at(port)
      const begun = yield* browser.get("/oauth/login")
      const answer = yield* sandbox.approve(begun.headers.get("location") ?? "")
      yield* browser.get(Client.pathOf(answer))

      const { searchParams } = new URL(answer)
      assert.isAbove(recorded.filter((line) => line.includes("/oauth/callback")).length, 0)
      for (const name of ["code", "state"]) {
        assert.notInclude(recorded.join("\n"), searchParams.get(name) ?? assert.fail())
      }
    }).pipe(Effect.scoped))

  it.live("finds grants and sessions again after a restart, in a directory", () =>
    Effect.gen(function*() {
      const store = yield* Effect.acquireRelease(
        Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-oauth-web-test-"))),
        (directory) => Effect.sync(() => Fs.rmSync(directory, { recursive: true, force: true }))
      )
      const port = yield* Ports.free
      const sandbox = yield* sandboxFor(port)
      const { at } = Client.make(`http://localhost:${port}`)
      const browser = at(port)
      yield* Effect.scoped(Effect.andThen(serve({ port, sandbox, store }), login(browser, sandbox)))

      const state = yield* Effect.scoped(Effect.andThen(serve({ port, sandbox, store }), browser.status))

      assert.strictEqual(state, "Active")
    }).pipe(Effect.scoped))

  describe("is told by its environment", () => {
    const load = (environment: Readonly<Record<string, string>>) =>
      Effect.provideService(Settings.load, ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(environment))

    it.effect("and begins with a sandbox at port 8400", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* load({}), {
          port: 8400,
          origin: "http://127.0.0.1:8400",
          store: undefined,
          credential: undefined
        })
      }))

    it.effect("and refuses to connect Frame.io itself without https, saying what to do", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(load({ FRAMEIO_CLIENT_ID: "id", FRAMEIO_CLIENT_SECRET: "hush" }))

        assert.match(error.message, /^Settings\.load: ORIGIN: must begin with https:\/\//)
        assert.notInclude(error.message, "hush")
      }))

    it.effect("and names the secret that is missing", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(load({ FRAMEIO_CLIENT_ID: "id", ORIGIN: "https://app.example" }))

        assert.include(error.message, "FRAMEIO_CLIENT_SECRET")
      }))
  })
})

const sandboxFor = (port: number) =>
  Sandbox.make({ redirectUris: { "v4-web-app": [`http://localhost:${port}/oauth/callback`] } })

const serve = (
  { port, sandbox, store }: {
    readonly port: number
    readonly sandbox: Sandbox.Sandbox["Service"]
    readonly store?: string | undefined
  }
) =>
  Layer.build(Layer.fresh(
    Application.serve({ port, origin: `http://localhost:${port}`, store, credential: undefined }).pipe(
      Layer.provide(Provider.ofSandbox(sandbox))
    )
  ))

const served = Effect.fnUntraced(function*() {
  const port = yield* Ports.free
  const sandbox = yield* sandboxFor(port)
  yield* serve({ port, sandbox })
  return { port, sandbox, browser: Client.make(`http://localhost:${port}`).at(port) }
})

const login = Effect.fnUntraced(function*(
  browser: ReturnType<ReturnType<typeof Client.make>["at"]>,
  sandbox: Sandbox.Sandbox["Service"]
) {
  const begun = yield* browser.get("/oauth/login")
  const answer = yield* sandbox.approve(begun.headers.get("location") ?? "")
  yield* browser.get(Client.pathOf(answer))
})

const connected = Effect.fnUntraced(function*() {
  const all = yield* served()
  yield* login(all.browser, all.sandbox)
  return all
})

const text = (response: Effect.Effect<Response>) =>
  Effect.flatMap(
    response,
    (response) =>
      Effect.promise(async () => ({ status: response.status, headers: response.headers, body: await response.text() }))
  )
