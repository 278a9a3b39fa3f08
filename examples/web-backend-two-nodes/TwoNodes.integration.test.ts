import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Postgres from "../../packages/postgres/test/support/PostgresServer.ts"
import * as Cluster from "./Cluster.ts"

const missing = Postgres.missing()
if (missing !== undefined) process.emitWarning(`SKIPPED: web-backend-two-nodes: ${missing}`)

describe.skipIf(missing !== undefined)("web-backend-two-nodes", () => {
  it.live(
    "completes on one node the login that began on the other, serves on both, and renews on one",
    () =>
      Effect.gen(function*() {
        const { nodes: [a, b], origin, sandbox } = yield* Cluster.open({ accessToken: "1 second" })
        const browser = makeBrowser()

        const begun = yield* browser.get(`${a}/oauth/login`)
        const answer = yield* sandbox.approve(begun.headers.get("location") ?? "")
        yield* browser.get(answer.replace(origin, b))
        // the token of the login ends, and the next one stays
        yield* sandbox.configure({ accessToken: "1 hour" })
        yield* Effect.sleep("1.2 seconds")
        const answers = yield* Effect.all(
          [a, b, a, b].map((node) => browser.get(node)),
          { concurrency: "unbounded" }
        )

        const shown = yield* Effect.forEach(answers, (answer) => Effect.promise(() => answer.json()))
        assert.deepStrictEqual(
          shown,
          ["a", "b", "a", "b"].map((node) => ({ node, name: "Ada Sandbox" }))
        )
        assert.strictEqual((yield* sandbox.ledger.counts).refreshes, 1)
      }).pipe(Effect.scoped)
  )
})

/** Keeps cookies, and follows no redirect. */
const makeBrowser = () => {
  const cookies = new Map<string, string>()
  return {
    get: (url: string) =>
      Effect.promise(async () => {
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ")
        const response = await fetch(url, { redirect: "manual", headers: { cookie } })
        for (const line of response.headers.getSetCookie()) {
          const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? []
          cookies.set(name, value)
        }
        return response
      })
  }
}
