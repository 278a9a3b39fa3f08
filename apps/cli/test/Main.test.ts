import * as Main from "@effect-oauth/cli/Main"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { Completions } from "effect/cli"
import { generateKeyPairSync } from "node:crypto"
import { readdirSync, writeFileSync } from "node:fs"
import * as Path from "node:path"
import { type Options, run } from "./support/commandLine.ts"

describe("Main", () => {
  it.effect("shows help, and succeeds, where no command is given", () =>
    Effect.gen(function*() {
      const { exitCode, stderr, stdout } = yield* run([])

      assert.strictEqual(exitCode, 0)
      assert.strictEqual(stderr, "")
      assert.match(stdout, /LOG IN AND OUT/)
    }))

  for (const shell of ["bash", "zsh", "fish"] as const) {
    it(`completes commands and flags in ${shell}`, () => {
      const script = Completions.generate("effect-oauth", shell, Completions.fromCommand(Main.command))

      for (const word of ["introspect", "client-id", "frameio-legacy", "no-browser"]) assert.include(script, word)
    })
  }

  withDirectory("writes a failure as JSON where JSON is asked for", function*(directory) {
    const { exitCode, stderr, stdout } = yield* run(["token", "--json"], at(directory))

    const { error } = JSON.parse(stderr)
    assert.strictEqual(stdout, "")
    assert.strictEqual(exitCode, 2)
    assert.strictEqual(error.code, "ConfigurationInvalid")
    assert.strictEqual(error.field, "--provider")
    assert.strictEqual(error.exitCode, 2)
  })

  it.effect("writes a wrong flag as JSON where JSON is asked for", () =>
    Effect.gen(function*() {
      const { stderr } = yield* run(["token", "--nonsense", "--json"])

      assert.strictEqual(JSON.parse(stderr).error.code, "UsageInvalid")
    }))

  it.effect("does not take what follows -- for flags", () =>
    Effect.gen(function*() {
      const { stderr } = yield* run(["call", "GET", "--", "--json"])

      assert.match(stderr, /^error: /)
    }))

  withDirectory("colours errors on a terminal, and not with NO_COLOR", function*(directory) {
    const terminal = { stderr: true }
    const colored = yield* run(["token"], { ...at(directory), terminal })
    const plain = yield* run(["token"], { env: { ...at(directory).env, NO_COLOR: "1" }, terminal })
    const dumb = yield* run(["token"], { env: { ...at(directory).env, TERM: "dumb" }, terminal })

    assert.include(colored.stderr, "\u001b[31m")
    assert.notInclude(plain.stderr, "\u001b[")
    assert.notInclude(dumb.stderr, "\u001b[")
  })

  withDirectory("colours nothing that is not a terminal, unless FORCE_COLOR says so", function*(directory) {
    const piped = yield* run(["token"], at(directory))
    const forced = yield* run(["token"], { env: { ...at(directory).env, FORCE_COLOR: "1" } })

    assert.notInclude(piped.stderr, "\u001b[")
    assert.include(forced.stderr, "\u001b[31m")
  })

  describe("status", () => {
    withDirectory("succeeds where there is no grant", function*(directory) {
      const { exitCode, stdout } = yield* run(["status", "--json"], at(directory))

      assert.strictEqual(exitCode, 0)
      assert.deepStrictEqual(JSON.parse(stdout), { store: Path.join(directory, "effect-oauth"), grants: [] })
    })

    withDirectory("fails with 3 where the account that is named has none", function*(directory) {
      const { exitCode, stderr } = yield* run(["status", "--account", "work"], at(directory))

      assert.strictEqual(exitCode, 3)
      assert.match(stderr, /^error: There is no grant for the account work in .*: run effect-oauth login/)
    })
  })

  describe("providers", () => {
    it.effect("lists the facts of each", () =>
      Effect.gen(function*() {
        const { stdout } = yield* run(["providers", "--json"])

        const { providers } = JSON.parse(stdout)
        assert.deepStrictEqual(providers.map(({ name }: { readonly name: string }) => name), [
          "frameio",
          "frameio-legacy",
          "frameio-c2c",
          "generic"
        ])
        assert.strictEqual(providers[1].endOfLife, "2026-12-01T00:00:00.000Z")
        assert.strictEqual(providers[0].tokenEndpoint, "https://ims-na1.adobelogin.com/ims/token/v3")
      }))

    it.effect("names every provider of the catalogue", () =>
      Effect.gen(function*() {
        const { stdout } = yield* run(["providers", "--json"])

        const { catalogue }: { readonly catalogue: ReadonlyArray<{ readonly name: string }> } = JSON.parse(stdout)
        const files = readdirSync(Path.join(import.meta.dirname, "../../../packages/catalogue/src"))
        assert.deepStrictEqual(
          catalogue.map(({ name }) => `${name}.ts`).sort(),
          files.sort()
        )
      }))

    it.effect("tells of one of the catalogue, with what its addresses want and where its facts come from", () =>
      Effect.gen(function*() {
        const { stdout } = yield* run(["providers", "zendesk", "--json"])

        const { provider } = JSON.parse(stdout)
        assert.strictEqual(provider.tokenEndpoint, "https://{subdomain}.zendesk.com/oauth/tokens")
        assert.deepStrictEqual(provider.variables, [
          { name: "subdomain", description: "the account's name before .zendesk.com", default: null }
        ])
        assert.strictEqual(provider.sources[0].standing, "from third parties")
      }))

    it.effect("asks what was meant by a name that is nearly one", () =>
      Effect.gen(function*() {
        const { exitCode, stderr } = yield* run(["providers", "slak"])

        assert.strictEqual(exitCode, 2)
        assert.match(stderr, /^error: NAME: is no provider: "slak"; did you mean slack\?/)
      }))
  })

  describe("a provider of the catalogue", () => {
    withDirectory("wants what its addresses have places for", function*(directory) {
      const args = ["token", "--provider", "okta", "--client-id", "id", "--client-secret", "hush"]

      const without = yield* run(args, at(directory))
      const within = yield* run([...args, "--variable", "domain=dev-1.okta.com"], at(directory))

      assert.match(without.stderr, /^error: --variable domain=…: is missing \(the organization's domain/m)
      assert.match(within.stderr, /There is no grant for the account/)
    })

    withDirectory("brings its own endpoints", function*(directory) {
      const { stderr } = yield* run(
        ["token", "--provider", "slack", "--client-id", "id", "--token-endpoint", "https://as.example/token"],
        at(directory)
      )

      assert.match(stderr, /^error: --token-endpoint: is for the provider generic; slack brings its own/)
    })

    withDirectory("wants the key where clients sign with one", function*(directory) {
      const { stderr } = yield* run(
        ["token", "--provider", "apple", "--client-id", "id", "--variable", "teamId=A1B2C3D4E5"],
        at(directory)
      )

      assert.match(stderr, /^error: --signing-key-file: is missing, and clients of apple sign with a key/)
    })

    withDirectory("takes the key that is named", function*(directory) {
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
      const key = Path.join(directory, "key.pem")
      writeFileSync(key, privateKey.export({ format: "pem", type: "pkcs8" }), { mode: 0o600 })

      const { stderr } = yield* run([
        "token",
        "--provider",
        "apple",
        "--client-id",
        "id",
        "--variable",
        "teamId=A1B2C3D4E5",
        "--signing-key-file",
        key
      ], at(directory))

      assert.match(stderr, /^error: There is no grant for the account default of apple/)
    })
  })

  describe("the client's secret", () => {
    withDirectory("warns of one that others can see, and does not show it", function*(directory) {
      const { stderr } = yield* run(
        ["token", "--provider", "frameio", "--client-id", "id", "--client-secret", "hush"],
        at(directory)
      )

      assert.match(stderr, /^warning: --client-secret is visible in the list of processes/)
      assert.notInclude(stderr, "hush")
    })

    withDirectory("is read from stdin without its line break", function*(directory) {
      const { stderr } = yield* run(
        ["token", "--provider", "frameio", "--client-id", "id", "--client-secret-stdin"],
        { ...at(directory), stdin: "hush\n" }
      )

      assert.match(stderr, /There is no grant/)
    })

    withDirectory("is not asked of a terminal, which would show it", function*(directory) {
      const { exitCode, stderr } = yield* run(
        ["token", "--provider", "frameio", "--client-id", "id", "--client-secret-stdin"],
        { ...at(directory), terminal: { stdin: true } }
      )

      assert.strictEqual(exitCode, 2)
      assert.match(stderr, /^error: --client-secret-stdin: stdin is a terminal/)
    })

    withDirectory("has one line", function*(directory) {
      const { stderr } = yield* run(
        ["token", "--provider", "frameio", "--client-id", "id", "--client-secret-stdin"],
        { ...at(directory), stdin: "hush\nhush\n" }
      )

      assert.match(stderr, /^error: --client-secret-stdin: has more than one line/)
      assert.notInclude(stderr, "hush")
    })

    withDirectory("is examined, when it comes from a file", function*(directory) {
      const fs = yield* FileSystem.FileSystem
      const file = Path.join(directory, "secret")
      yield* fs.writeFileString(file, "hush\n")
      yield* fs.chmod(file, 0o644)

      const { stdout } = yield* run(
        [
          "doctor",
          "--json",
          "--client-id",
          "id",
          "--client-secret-file",
          file,
          "--token-endpoint",
          "http://127.0.0.1:1/token"
        ],
        at(directory)
      )

      const { checks } = JSON.parse(stdout)
      const secret = checks.find(({ name }: { readonly name: string }) => name === "client secret")
      assert.strictEqual(secret.outcome, "warn")
      assert.strictEqual(secret.remedy, `chmod 600 ${file}`)
      assert.notInclude(stdout, "hush")
    })
  })

  describe("doctor", () => {
    withDirectory("finds a server that takes no connections", function*(directory) {
      const { exitCode, stdout } = yield* run(
        ["doctor", "--json", "--client-id", "id", "--token-endpoint", "http://127.0.0.1:1/token"],
        at(directory)
      )

      const { checks, ok } = JSON.parse(stdout)
      const outcomes = Object.fromEntries(
        checks.map(({ name, outcome }: { readonly name: string; readonly outcome: string }) => [name, outcome])
      )
      assert.strictEqual(exitCode, 2)
      assert.isFalse(ok)
      assert.deepStrictEqual(outcomes, {
        file: "ok",
        server: "ok",
        endpoints: "warn",
        connection: "fail",
        "redirect URI": "ok",
        redirects: "ok",
        store: "ok"
      })
    })

    withDirectory("finds a store where a file is in the way", function*(directory) {
      const fs = yield* FileSystem.FileSystem
      yield* fs.writeFileString(Path.join(directory, "file"), "")

      const { stdout } = yield* run(["doctor", "--json"], {
        env: { ...at(directory).env, EFFECT_OAUTH_STORE: Path.join(directory, "file", "store") }
      })

      const { checks } = JSON.parse(stdout)
      const store = checks.find(({ name }: { readonly name: string }) => name === "store")
      assert.strictEqual(store.outcome, "fail")
      assert.match(store.remedy, /a file is in the way|name another/)
    })

    withDirectory("finds grants that others could read, and mends that", function*(directory) {
      const fs = yield* FileSystem.FileSystem
      const grants = Path.join(directory, "effect-oauth", "grants")
      yield* fs.makeDirectory(grants, { recursive: true })
      yield* fs.writeFileString(Path.join(grants, "open.json"), "{}")
      yield* fs.chmod(Path.join(grants, "open.json"), 0o644)

      const { stdout } = yield* run(["doctor", "--json"], at(directory))

      const { checks } = JSON.parse(stdout)
      const store = checks.find(({ name }: { readonly name: string }) => name === "store")
      const { mode } = yield* fs.stat(Path.join(grants, "open.json"))
      assert.strictEqual(store.outcome, "warn")
      assert.include(store.detail, "open.json")
      assert.strictEqual(mode & 0o777, 0o600)
    })

    withDirectory("says which settings are wrong, and goes no further", function*(directory) {
      const { exitCode, stdout } = yield* run(["doctor", "--profile", "work"], at(directory))

      assert.strictEqual(exitCode, 2)
      assert.match(stdout, /✗ settings .*there is no profile "work"/)
    })
  })
})

const at = (directory: string): Options & { readonly env: Record<string, string> } => ({
  env: { XDG_CONFIG_HOME: directory, XDG_DATA_HOME: directory, XDG_CACHE_HOME: directory }
})

function withDirectory(
  title: string,
  body: (directory: string) => Generator<Effect.Effect<unknown, unknown, FileSystem.FileSystem>, void, never>
): void {
  it.effect(title, () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped({ prefix: "effect-oauth-test-" })
      yield* Effect.gen(() => body(directory))
    }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer)))
}
