import * as Sandbox from "@effect-oauth/cli/sandbox/Sandbox"
import * as Application from "@effect-oauth/web-sample/Application"
import * as Provider from "@effect-oauth/web-sample/Provider"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import * as Postgres from "../../../packages/postgres/test/support/PostgresServer.ts"
import * as Client from "./support/client.ts"
import * as Ports from "./support/ports.ts"

describe("two nodes of the web sample on one Postgres", () => {
  it.live("share logins, sessions and what happens to grants", () =>
    Effect.gen(function*() {
      const { sandbox, one, two } = yield* nodes

      // begun at one node, completed at the other
      const begun = yield* one.get("/oauth/login")
      const answer = yield* sandbox.approve(begun.headers.get("location") ?? "")
      const landed = yield* two.get(Client.pathOf(answer))
      const [before, elsewhere] = [yield* one.status, yield* two.status]

      // told at one node of what was done at the other
      const events = yield* one.get("/oauth/events")
      const heard = yield* Effect.forkChild(until(events, "Revoked"))
      const left = yield* two.post("/oauth/disconnect")
      yield* Fiber.join(heard)

      // signed out at one node, and gone at the other
      yield* one.post("/oauth/logout", "everywhere=yes")
      const after = yield* two.get("/oauth/status")

      assert.deepStrictEqual([begun.status, landed.status, left.status], [303, 303, 303])
      assert.deepStrictEqual([before, elsewhere], ["Active", "Active"])
      assert.strictEqual(after.status, 401)
    }).pipe(Effect.scoped))
})

const nodes = Effect.gen(function*() {
  const postgres = yield* Effect.acquireRelease(
    Effect.promise(() => Postgres.launch()),
    (server) => Effect.promise(() => server.dispose())
  )
  const [first, second] = [yield* Ports.free, yield* Ports.free]
  const origin = `http://localhost:${first}`
  const sandbox = yield* Sandbox.make({ redirectUris: { "v4-web-app": [`${origin}/oauth/callback`] } })
  for (const port of [first, second]) {
    yield* Layer.build(Layer.fresh(
      Application.serve({ port, origin, store: postgres.url, credential: undefined }).pipe(
        Layer.provide(Provider.ofSandbox(sandbox))
      )
    ))
  }
  // one browser, and a load balancer that sends it here and there
  const browser = Client.make(origin)
  return { sandbox, one: browser.at(first), two: browser.at(second) }
})

const until = (response: Response, state: string) =>
  Effect.promise(async () => {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ""
    while (!text.includes(`"state":"${state}"`)) {
      const { done, value } = await reader?.read() ?? { done: true, value: undefined }
      if (done) assert.fail(`the events ended before ${state}`)
      text += value ?? ""
    }
    await reader?.cancel()
  })
