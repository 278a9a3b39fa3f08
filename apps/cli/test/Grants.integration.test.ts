import { assert, describe } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { spawn, spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Path from "node:path"
import { freePort } from "../../../packages/core/test/support/freePort.ts"
import { addressIn, type Machine, onMachine } from "./support/process.ts"

describe("effect-oauth grants", () => {
  describe("list", () => {
    onMachine("shows every grant with its age and last outcome, an object a line, and no token", function*(machine) {
      const { loggedIn, run } = machine
      const flags = yield* loggedIn("oidc-public", "home")
      yield* loggedIn("legacy-public", "work")
      const token = (yield* run(["token", ...flags])).stdout.trim()
      yield* run(["refresh", ...flags])

      const { exitCode, stdout } = yield* run(["grants", "list", "--json"])
      const text = yield* run(["grants", "list"])

      const [home, work] = ["home", "work"].map((name) => lines(stdout).find(({ account }) => account === name))
      assert.strictEqual(exitCode, 0)
      assert.deepStrictEqual([home?.account, home?.state, home?.last?.what, home?.serial], [
        "home",
        "Active",
        "Renewed",
        2
      ])
      assert.deepStrictEqual([work?.account, work?.last?.what], ["work", "Authorized"])
      assert.match(text.stdout, /^home .*Active {2}pair 2 {2}login .* ago {2}Renewed \(Forced\) .* ago$/m)
      assert.notInclude(stdout + text.stdout, token)
    })

    onMachine("narrows it down by state, account and provider", function*({ loggedIn, run }) {
      const flags = yield* loggedIn("oidc-public", "home")
      yield* loggedIn("legacy-public", "work")
      yield* run(["revoke", ...flags])

      const of = (...args: ReadonlyArray<string>) =>
        Effect.map(
          run(["grants", "list", "--json", ...args]),
          ({ stdout }) => lines(stdout).map(({ account }) => account)
        )

      assert.deepStrictEqual(yield* of("--state", "Revoked"), ["home"])
      assert.deepStrictEqual(yield* of("--account", "work"), ["work"])
      assert.deepStrictEqual(yield* of("--provider", "frameio-legacy"), ["work"])
    })

    onMachine("shows nothing where there is nothing", function*({ run }) {
      const { exitCode, stdout } = yield* run(["grants", "list"])

      assert.deepStrictEqual([exitCode, stdout], [0, ""])
    })
  })

  describe("history", () => {
    onMachine("tells what happened to a grant, across commands", function*({ loggedIn, run }) {
      const flags = yield* loggedIn("oidc-public", "home")
      yield* run(["refresh", ...flags])
      yield* run(["revoke", ...flags])

      const { exitCode, stdout } = yield* run(["grants", "history", "--json", "--account", "home"])

      assert.strictEqual(exitCode, 0)
      assert.deepStrictEqual(lines(stdout).map(({ what, why }) => [what, why]), [
        ["Authorized", null],
        ["Claimed", "Forced"],
        ["Renewed", "Forced"],
        ["Revoked", "pending"],
        ["Revoked", "done"]
      ])
    })

    onMachine("says where there is no grant", function*({ run }) {
      const { exitCode, stderr } = yield* run(["grants", "history", "--account", "nobody"])

      assert.strictEqual(exitCode, 3)
      assert.match(stderr, /^error: There is no grant for the account nobody in .*: effect-oauth grants list/)
    })
  })

  describe("restore", () => {
    onMachine("shows first, and tries again only when it is told to", function*(machine) {
      const { loggedIn, run, sandbox } = machine
      const flags = yield* loggedIn("oidc-public", "home")
      yield* sandbox.fail({ status: 400, error: "invalid_grant", times: 1 })
      const ended = yield* run(["refresh", ...flags])

      const shown = yield* run(["grants", "restore", "--json", "--all", ...flags])
      const between = yield* run(["token", ...flags])
      const restored = yield* run(["grants", "restore", "--json", "--all", "--yes", ...flags])
      const after = yield* run(["token", ...flags])

      assert.deepStrictEqual([ended.exitCode, between.exitCode], [3, 3])
      assert.deepStrictEqual(lines(shown.stdout).map(({ account, why }) => [account, why]), [["home", "GrantRejected"]])
      assert.match(shown.stderr, /Nothing was tried: --yes/)
      assert.deepStrictEqual(lines(restored.stdout).map(({ result }) => result), ["Renewed"])
      assert.deepStrictEqual([restored.exitCode, after.exitCode], [0, 0])
    })

    onMachine("says which ended again", function*({ loggedIn, run, sandbox }) {
      const flags = yield* loggedIn("oidc-public", "home")
      yield* sandbox.fail({ status: 400, error: "invalid_grant", times: 2 })
      yield* run(["refresh", ...flags])

      const { exitCode, stderr, stdout } = yield* run(["grants", "restore", "--yes", ...flags])

      assert.strictEqual(exitCode, 3)
      assert.match(stdout, /^home .*EndedAgain/)
      assert.match(stderr, /error: 1 ended again and need a login/)
    })

    onMachine("wants to be told whose grants are meant, and understands times", function*({ run }) {
      const nobody = yield* run(["grants", "restore", "--yes"])
      const never = yield* run(["grants", "restore", "--all", "--from", "yesterday"])

      assert.deepStrictEqual([nobody.exitCode, never.exitCode], [2, 2])
      assert.match(nobody.stderr, /^error: --account: is missing/)
      assert.match(never.stderr, /^error: --from: cannot be "yesterday"/)
    })
  })

  describe("delete", () => {
    onMachine("deletes a person's grants at every server whose profile is kept", function*(machine) {
      const { client, run } = machine
      yield* saved(machine, "one", "oidc-public")
      yield* saved(machine, "two", "legacy-public")
      yield* machine.loggedIn("oidc-public", "eve")

      const shown = yield* run(["grants", "delete", "--json", "--account", "ada"])
      const deleted = yield* run(["grants", "delete", "--json", "--account", "ada", "--yes"])
      const again = yield* run(["grants", "delete", "--json", "--account", "ada", "--yes"])
      const left = yield* run(["grants", "list", "--json"])

      assert.lengthOf(lines(shown.stdout), 2)
      assert.deepStrictEqual(lines(deleted.stdout).map(({ result }) => result), ["Removed", "Removed"])
      assert.deepStrictEqual([deleted.exitCode, again.exitCode, again.stdout], [0, 0, ""])
      assert.deepStrictEqual(lines(left.stdout).map(({ account }) => account), ["eve"])
      assert.strictEqual((yield* run(["token", ...yield* client("oidc-public", "ada")])).exitCode, 3)
    })

    onMachine("says what is pending where the server could not be told, and does it later", function*(machine) {
      const { loggedIn, run, sandbox } = machine
      const flags = yield* loggedIn("oidc-public", "ada")
      yield* sandbox.fail({ status: 503, times: 1, where: { endpoint: "revocation" } })

      const first = yield* run(["grants", "delete", "--json", "--yes", ...flags])
      const second = yield* run(["grants", "delete", "--json", "--yes", ...flags])

      assert.deepStrictEqual([first.exitCode, second.exitCode], [4, 0])
      assert.deepStrictEqual(lines(first.stdout).map(({ remote, result }) => [result, remote]), [[
        "Pending",
        "pending"
      ]])
      assert.deepStrictEqual(lines(second.stdout).map(({ remote, result }) => [result, remote]), [["Removed", "done"]])
    })

    onMachine("wants to be told who is meant", function*({ run }) {
      const { exitCode, stderr } = yield* run(["grants", "delete", "--yes"])

      assert.strictEqual(exitCode, 2)
      assert.match(stderr, /^error: --account: is missing/)
    })
  })

  describe("move", () => {
    onMachine("moves a grant that goes on living in the other store", function*({ directory, loggedIn, run }) {
      const flags = yield* loggedIn("oidc-public", "home")
      const to = Path.join(directory, "elsewhere")

      const moved = yield* run(["grants", "move", "--json", "--to", to])
      const before = yield* run(["token", ...flags])
      const after = yield* run(["refresh", "--store", to, ...flags])

      assert.strictEqual(moved.exitCode, 0)
      assert.deepStrictEqual(lines(moved.stdout).map(({ account, result }) => [account, result]), [["home", "moved"]])
      assert.deepStrictEqual([before.exitCode, after.exitCode], [3, 0])
    })

    onMachine("serves and never renews what it was told to keep", function*({ directory, loggedIn, run }) {
      const flags = yield* loggedIn("oidc-public", "home")

      yield* run(["grants", "move", "--keep", "--to", Path.join(directory, "elsewhere")])
      const token = yield* run(["token", ...flags])
      const refresh = yield* run(["refresh", ...flags])

      assert.strictEqual(token.exitCode, 0)
      assert.notStrictEqual(refresh.exitCode, 0)
    })

    onMachine("does not take tokens out of their seal, unless it is told to", function*(machine) {
      const { directory, loggedIn, run } = machine
      const flags = yield* loggedIn("oidc-public", "home")
      const keyring = keys(directory, "a")
      yield* run(["grants", "reencrypt", "--keyring", keyring])
      const to = Path.join(directory, "elsewhere")

      const refused = yield* run(["grants", "move", "--keyring", keyring, "--to", to])
      const moved = yield* run(["grants", "move", "--keyring", keyring, "--to", to, "--unseal"])
      const after = yield* run(["token", "--store", to, ...flags])

      assert.deepStrictEqual([refused.exitCode, moved.exitCode, after.exitCode], [2, 0, 0])
    })
  })

  describe("reencrypt", () => {
    onMachine("seals what was in clear, and then with the next key", function*({ directory, loggedIn, run }) {
      const flags = yield* loggedIn("oidc-public", "home")
      const first = keys(directory, "a")
      const token = (yield* run(["token", ...flags])).stdout.trim()

      const sealed = yield* run(["grants", "reencrypt", "--json", "--keyring", first])
      const opened = yield* run(["token", "--keyring", first, ...flags])
      const next = keys(directory, "b")
      const again = yield* run(["grants", "reencrypt", "--json", "--keyring", next])
      const without = yield* run(["token", ...flags])

      assert.match(sealed.stderr, /Sealed with the current key: 1; already so: 0; left: 0/)
      assert.match(again.stderr, /Sealed with the current key: 1; already so: 0; left: 0/)
      assert.strictEqual(opened.stdout.trim(), token)
      assert.notInclude(everything(directory), token)
      assert.notStrictEqual(without.exitCode, 0)
    })

    onMachine("says what is wrong with the keys, and shows none", function*({ directory, run }) {
      const file = Path.join(directory, "keys.json")
      Fs.writeFileSync(file, "{\"current\":\"a\",\"keys\":\"A-KEY\"}")

      const missing = yield* run(["grants", "reencrypt"])
      const wrong = yield* run(["grants", "reencrypt", "--keyring", file])
      const absent = yield* run(["grants", "reencrypt", "--keyring", Path.join(directory, "none")])

      assert.deepStrictEqual([missing.exitCode, wrong.exitCode, absent.exitCode], [2, 2, 2])
      assert.match(wrong.stderr, /--keyring: .* does not hold/)
      assert.notInclude(wrong.stderr, "A-KEY")
    })
  })

  describe("set-aside", () => {
    onMachine("moves a record out of the way that cannot be read, so that a login can follow", function*(machine) {
      const { directory, loggedIn, run } = machine
      const flags = yield* loggedIn("oidc-public", "home")
      const grants = Path.join(directory, "data", "effect-oauth", "grants")
      const record = Fs.readdirSync(grants).find((name) => name.endsWith(".json")) ?? ""
      Fs.writeFileSync(Path.join(grants, record), "damaged")

      const before = yield* run(["token", ...flags])
      const aside = yield* run(["grants", "set-aside", "--json", ...flags])
      const again = yield* run(["grants", "set-aside", "--json", ...flags])
      yield* loggedIn("oidc-public", "home")

      assert.match(before.stderr, /effect-oauth grants set-aside moves it out of the way/)
      assert.strictEqual(Fs.readFileSync(JSON.parse(aside.stdout).place, "utf8"), "damaged")
      assert.isFalse(JSON.parse(again.stdout).setAside)
      assert.strictEqual((yield* run(["token", ...flags])).exitCode, 0)
    })
  })

  describe("a store that is a database", () => {
    describe.skipIf(!hasRedis)("Redis", () => {
      onMachine("takes grants that are moved there, renews them, and takes logins", function*(machine) {
        const { directory, loggedIn, run, spawn } = machine
        const flags = yield* loggedIn("oidc-public", "home")
        const url = yield* redisServer(directory)

        const moved = yield* run(["grants", "move", "--json", "--to", url])
        const refreshed = yield* spawn(["refresh", "--store", url, ...flags])
        const history = yield* run(["grants", "history", "--json", "--account", "home", "--store", url])
        const deleted = yield* run(["grants", "delete", "--json", "--yes", "--store", url, ...flags])

        assert.deepStrictEqual(lines(moved.stdout).map(({ result }) => result), ["moved"])
        assert.deepStrictEqual([moved.exitCode, refreshed.exitCode, deleted.exitCode], [0, 0, 0], refreshed.stderr)
        assert.deepStrictEqual(lines(history.stdout).map(({ what }) => what), ["Moved", "Claimed", "Renewed"])
        assert.deepStrictEqual(lines(deleted.stdout).map(({ result }) => result), ["Removed"])
      })
    })

    onMachine("is named without its password, and is told about when it is away", function*({ run }) {
      const url = "postgres://app:s3cret@127.0.0.1:1/app"

      const away = yield* run(["grants", "list", "--store", url])
      const redis = yield* run(["grants", "list", "--store", "redis://:s3cret@127.0.0.1:1"])
      const doctor = yield* run(["doctor", "--store", url])

      assert.deepStrictEqual([away.exitCode, redis.exitCode], [4, 4])
      assert.match(away.stderr, /^error: --store: the postgres store cannot be used now/)
      assert.match(doctor.stdout, /postgres:\/\/127\.0\.0\.1:1\/app/)
      for (const { stderr, stdout } of [away, redis, doctor]) assert.notInclude(stdout + stderr, "s3cret")
    })
  })

  onMachine("does what the guide says, command by command", function*(machine) {
    const { directory, run } = machine
    yield* saved(machine, "one", "oidc-public", "ada@example.com")
    const guide = Fs.readFileSync(Path.resolve(import.meta.dirname, "../../../docs/guides/operating.md"), "utf8")
    const commands = [...guide.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = ""]) => block.trim().split("\n"))
    const ran: Array<string> = []

    for (const command of commands) {
      const [program, ...words] = command.replace(/ \|.*$/, "").split(" ")
      assert.strictEqual(program, "effect-oauth")
      // neither a database nor a home of its own is at hand
      if (command.includes("postgres://") || words[0] === "revoke" || words[0] === "logout") continue
      const isMoved = ran.some((earlier) => earlier.includes("grants move"))
      const args = words.map((word) =>
        word === "/srv/oauth"
          ? Path.join(directory, "srv")
          : word === "keys.json"
          ? keys(directory, "a")
          : word
      )
      const { exitCode, stderr } = yield* run(isMoved ? [...args, "--store", Path.join(directory, "srv")] : args)
      assert.strictEqual(exitCode, 0, `${command}: ${stderr}`)
      ran.push(command)
    }

    assert.isAtLeast(ran.length, 10)
  })

  onMachine("has help that fits a screen, for each of its commands", function*({ run }) {
    for (const command of ["list", "history", "restore", "delete", "move", "reencrypt", "set-aside"]) {
      const { exitCode, stdout } = yield* run(["grants", command, "--help"])

      assert.strictEqual(exitCode, 0)
      const rows = stdout.trimEnd().split("\n")
      assert.isAtMost(rows.length, 40, command)
      assert.isAtMost(Math.max(...rows.map((row) => row.length)), 120, command)
    }
  })
})

const hasRedis = spawnSync("redis-server", ["--version"]).status === 0
if (!hasRedis) process.stderr.write("There is no redis-server here: grants in Redis are not tried\n")

/** A Redis of this test's own. */
const redisServer = Effect.fnUntraced(function*(directory: string) {
  const port = yield* Effect.promise(freePort)
  const arguments_ = ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""]
  yield* Effect.acquireRelease(
    Effect.sync(() => spawn("redis-server", arguments_, { stdio: "ignore" })),
    (server) => Effect.sync(() => void server.kill("SIGKILL"))
  )
  yield* Effect.callback<void, "away">((resume) => {
    const socket = Net.connect(port, "127.0.0.1", () => {
      socket.destroy()
      resume(Effect.void)
    })
    socket.on("error", () => resume(Effect.fail("away")))
  }).pipe(Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 200 }), Effect.orDie)
  return `redis://127.0.0.1:${port}`
})

// eslint-disable-next-line typescript/no-explicit-any
const lines = (stdout: string): ReadonlyArray<Record<string, any>> =>
  stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line))

/** Logs in and keeps the settings as a profile. */
const saved = Effect.fnUntraced(function*(
  { client, run, sandbox }: Machine,
  profile: string,
  name: "legacy-public" | "oidc-public",
  account = "ada"
) {
  const args = ["login", "--no-browser", "--paste", "--save", profile, ...yield* client(name, account)]
  const { exitCode, stderr } = yield* run(args, {
    types: (said) => Effect.orDie(sandbox.approve(addressIn(said)))
  })
  assert.strictEqual(exitCode, 0, stderr)
})

const keys = (directory: string, current: string): string => {
  const file = Path.join(directory, "keys.json")
  Fs.writeFileSync(file, JSON.stringify({ current, keys: { a: "A".repeat(43), b: "B".repeat(42) + "A" } }))
  return file
}

/** All that is kept. */
const everything = (directory: string): string =>
  Fs.readdirSync(Path.join(directory, "data"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
    .map((entry) => Fs.readFileSync(Path.join(entry.parentPath, entry.name), "utf8"))
    .join("\n")
