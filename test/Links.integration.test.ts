/**
 * What is written down of a link, by what its host answers.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { ask } from "../scripts/links.ts"

const answers: Readonly<Record<string, string>> = {
  "/page": "answers",
  "/page#part": "answers",
  "/no-head": "answers",
  "/gone": "gone (404)",
  "/robots": "asks who you are (403)",
  "/broken": "fails (500)"
}

describe("links", () => {
  for (const [path, heard] of Object.entries(answers)) {
    it.effect(`${path} is written down as "${heard}"`, () =>
      Effect.gen(function*() {
        const origin = yield* server

        assert.strictEqual(yield* Effect.promise(() => ask(`${origin}${path}`)), heard)
      }))
  }

  it.effect("a page that moved is written down with the address where it is now", () =>
    Effect.gen(function*() {
      const origin = yield* server

      assert.strictEqual(yield* Effect.promise(() => ask(`${origin}/moved`)), `moved, to <${origin}/page>`)
    }))

  it.effect("a page that is silent is written down as one that gives no answer", () =>
    Effect.gen(function*() {
      const origin = yield* server

      assert.strictEqual(yield* Effect.promise(() => ask(`${origin}/silent`, 200)), "fails (no answer)")
    }))

  it.effect("a host that cannot be found says nothing", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* Effect.promise(() => ask("http://nowhere.invalid/")), undefined)
    }))

  it.effect("a host says who it was that asked", () =>
    Effect.gen(function*() {
      const origin = yield* server
      yield* Effect.promise(() => ask(`${origin}/page`))

      assert.match(agents.at(-1) ?? "", /^effect-oauth-links\//)
    }))
})

const agents: Array<string | undefined> = []

const statuses: Readonly<Record<string, number>> = { "/gone": 404, "/robots": 403, "/broken": 500 }

const server = Effect.map(
  Effect.acquireRelease(
    Effect.callback<http.Server>((resume) => {
      const listening = http.createServer((request, response) => {
        agents.push(request.headers["user-agent"])
        const path = request.url ?? "/"
        if (path === "/silent") return
        if (path === "/moved") return response.writeHead(301, { location: "/page" }).end()
        if (path === "/no-head" && request.method === "HEAD") return response.writeHead(405).end()
        return response.writeHead(statuses[path] ?? 200).end("here")
      }).listen(0, "127.0.0.1", () => resume(Effect.succeed(listening)))
    }),
    (listening) =>
      Effect.sync(() => {
        listening.closeAllConnections()
        listening.close()
      })
  ),
  (listening) => `http://127.0.0.1:${(listening.address() as AddressInfo).port}`
)
