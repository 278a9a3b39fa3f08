import { assert, describe } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import * as Path from "node:path"
import { addressIn, onMachine } from "./support/process.ts"

// one after the other: each starts processes, and one of them fifty
describe("effect-oauth, in processes of its own", { concurrent: false }, () => {
  onMachine("logs in by the browser and this machine", function*({ client, sandbox, start }) {
    const login = yield* start(["login", "--no-browser", ...yield* client("oidc-public")])
    const said = yield* login.says(/client_id=\S+\s/)

    const answer = yield* sandbox.approve(addressIn(said))
    const page = yield* Effect.promise(() => fetch(answer).then((response) => response.text()))
    const { exitCode, stdout } = yield* login.ended

    assert.strictEqual(exitCode, 0)
    assert.match(stdout, /^Logged in oidc-public as Ada Sandbox <ada@sandbox\.invalid>/)
    assert.match(page, /The answer has arrived/)
  })

  onMachine("logs in to Frame.io V4 by paste", function*({ client, sandbox, start }) {
    const login = yield* start(["login", "--json", ...yield* client("v4-web-app")])
    const said = yield* login.says(/begins with/)

    login.process.stdin?.end(`${yield* sandbox.approve(addressIn(said))}\n`)
    const { exitCode, stdout } = yield* login.ended

    const { account, grant, who } = JSON.parse(stdout)
    assert.strictEqual(exitCode, 0)
    assert.strictEqual(account, "v4-web-app")
    assert.strictEqual(who, "Ada Sandbox <ada@sandbox.invalid>")
    assert.isTrue(grant.renewable)
  })

  onMachine("leaves the store whole when it is interrupted", function*({ client, directory, run, start }) {
    const login = yield* start(["login", "--no-browser", ...yield* client("oidc-public")])
    yield* login.says(/client_id=/)

    login.process.kill("SIGINT")
    const { exitCode, stderr } = yield* login.ended

    assert.strictEqual(exitCode, 130)
    assert.notMatch(stderr, /\n\s+at /)
    assert.deepStrictEqual(yield* grantsIn(directory), [])
    assert.strictEqual((yield* run(["status"])).exitCode, 0)
  })

  onMachine("prints the token and nothing else", function*({ loggedIn, sandbox, spawn }) {
    const { exitCode, stderr, stdout } = yield* spawn(["token", ...yield* loggedIn("oidc-public")])

    const { status } = yield* Effect.promise(() =>
      fetch(sandbox.endpoints.oidc.userinfo, { headers: { authorization: `Bearer ${stdout.trim()}` } })
    )
    assert.strictEqual(exitCode, 0)
    assert.strictEqual(stderr, "")
    assert.match(stdout, /^\S+\n$/)
    assert.strictEqual(status, 200)
  })

  onMachine("renews once, whatever number of shells ask for a token that ended", function*(machine) {
    const { loggedIn, renewals, sandbox, spawn } = machine
    const flags = yield* loggedIn("v4-web-app")
    yield* Effect.sleep("2 seconds")
    // one that lives longer than fifty shells take to start
    yield* sandbox.configure({ accessToken: "1 hour" })

    const ran = yield* Effect.all(Array.from({ length: 50 }, () => spawn(["token", ...flags])), {
      concurrency: "unbounded"
    })

    assert.deepStrictEqual(ran.filter(({ exitCode }) => exitCode !== 0), [])
    assert.strictEqual(new Set(ran.map(({ stdout }) => stdout)).size, 1)
    assert.strictEqual(yield* renewals, 1)
  }, { settings: { accessToken: "2 seconds" }, timeout: 300_000 })

  onMachine("keeps the pair that arrives when it is interrupted while it renews", function*(machine) {
    const { loggedIn, renewals, run, sandbox, start } = machine
    const flags = yield* loggedIn("v4-web-app")
    yield* Effect.sleep("2 seconds")
    const held = yield* sandbox.hold()
    const token = yield* start(["token", ...flags], { env: telling })
    yield* held.arrived

    token.process.kill("SIGINT")
    yield* token.says(/interrupted/)
    yield* held.release
    const { exitCode, stderr, stdout } = yield* token.ended

    assert.strictEqual(exitCode, 130)
    assert.strictEqual(stdout, "")
    assert.notMatch(stderr, /\n\s+at /)
    assert.strictEqual(yield* renewals, 1)
    const status = JSON.parse((yield* run(["status", "--json", ...flags])).stdout)
    assert.strictEqual(status.grants[0].state, "Active")
    assert.strictEqual(status.grants[0].serial, 2)
  }, { settings: { accessToken: "2 seconds" } })

  onMachine("ends at once at the second interruption, and the next command knows", function*(machine) {
    const { loggedIn, run, sandbox, start } = machine
    const flags = yield* loggedIn("v4-web-app")
    yield* Effect.sleep("2 seconds")
    const held = yield* sandbox.hold()
    const token = yield* start(["token", ...flags], { env: telling })
    yield* held.arrived

    token.process.kill("SIGINT")
    yield* token.says(/interrupted/)
    token.process.kill("SIGINT")
    const { exitCode, stderr } = yield* token.ended

    assert.strictEqual(exitCode, 130)
    assert.notMatch(stderr, /\n\s+at /)
    const status = JSON.parse((yield* run(["status", "--json", ...flags])).stdout)
    assert.strictEqual(status.grants[0].state, "Renewing")
  }, { settings: { accessToken: "2 seconds" } })

  onMachine("ends quietly where its reader is gone", function*({ start }) {
    const help = yield* start(["providers"])
    help.process.stdout?.destroy()

    const { stderr } = yield* help.ended

    assert.strictEqual(stderr, "")
  })
})

// a process that says when it has heard of an interruption: one that comes sooner may be taken for the same
const telling = {
  NODE_OPTIONS: "--import data:text/javascript,process.on('SIGINT',()=>process.stderr.write('interrupted'))"
}

const grantsIn = (directory: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const names = yield* Effect.orElseSucceed(
      fs.readDirectory(Path.join(directory, "data", "effect-oauth", "grants")),
      () => []
    )
    return names.filter((name) => name.endsWith(".json"))
  })
