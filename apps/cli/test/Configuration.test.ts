import * as Configuration from "@effect-oauth/cli/Configuration"
import * as ConfigurationFile from "@effect-oauth/cli/ConfigurationFile"
import * as Profile from "@effect-oauth/cli/Profile"
import * as Settings from "@effect-oauth/cli/Settings"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, FileSystem, Option, type Redacted } from "effect"
import * as Path from "node:path"

describe("Configuration", () => {
  describe("load", () => {
    withDirectory("prefers flags to the environment, and the environment to the file", function*(directory) {
      const file = yield* write(directory, "config.json", {
        profile: "work",
        profiles: { work: { clientId: "file", account: "file", redirectUri: "https://file.example" } }
      })

      const { profile } = yield* load(
        { config: file, settings: { clientId: "flag" } },
        { EFFECT_OAUTH_CLIENT_ID: "environment", EFFECT_OAUTH_ACCOUNT: "environment" }
      )

      assert.deepStrictEqual(Profile.plain(profile), {
        clientId: "flag",
        account: "environment",
        redirectUri: "https://file.example"
      })
    })

    withDirectory(
      "reads a file as editors of Windows write it, with a mark and their line breaks",
      function*(directory) {
        const fs = yield* FileSystem.FileSystem
        const file = Path.join(directory, "config.json")
        yield* fs.writeFileString(
          file,
          "\ufeff{\r\n  \"profile\": \"a\",\r\n  \"profiles\": { \"a\": { \"clientId\": \"id\" } }\r\n}\r\n"
        )

        const { profile } = yield* load({ config: file }, {})

        assert.strictEqual(Profile.get(profile, "clientId"), "id")
      }
    )

    withDirectory("finds the file in the XDG configuration directory", function*(directory) {
      yield* write(directory, "effect-oauth/config.json", { profile: "a", profiles: { a: { clientId: "id" } } })

      const { file, profile } = yield* load({}, { XDG_CONFIG_HOME: directory })

      assert.strictEqual(Profile.get(profile, "clientId"), "id")
      assert.strictEqual(file, Path.join(directory, "effect-oauth", "config.json"))
    })

    withDirectory("keeps grants in the XDG data directory", function*(directory) {
      const { store } = yield* load({}, { XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory })

      assert.strictEqual(store, Path.join(directory, "effect-oauth"))
    })

    withDirectory("passes over a relative XDG directory", function*(directory) {
      const { store } = yield* load({}, { XDG_DATA_HOME: "here", XDG_CONFIG_HOME: directory })

      assert.isTrue(Path.isAbsolute(store))
    })

    withDirectory("reads a path of the file from where the file is", function*(directory) {
      const file = yield* write(directory, "config.json", {
        profile: "a",
        profiles: { a: { clientSecretFile: "secret", store: "grants" } }
      })

      const { profile, store } = yield* load({ config: file }, {})

      assert.strictEqual(store, Path.join(directory, "grants"))
      assert.deepStrictEqual(profile.secret?.value, { _tag: "File", path: Path.join(directory, "secret") })
    })

    withDirectory("chooses the profile by flag, by environment, and by the file", function*(directory) {
      const file = yield* write(directory, "config.json", {
        profile: "c",
        profiles: { a: { clientId: "a" }, b: { clientId: "b" }, c: { clientId: "c" } }
      })
      const chosen = (profile: string | undefined, env: Record<string, string>) =>
        Effect.map(load({ config: file, profile }, env), ({ name }) => name)

      assert.strictEqual(yield* chosen("a", { EFFECT_OAUTH_PROFILE: "b" }), "a")
      assert.strictEqual(yield* chosen(undefined, { EFFECT_OAUTH_PROFILE: "b" }), "b")
      assert.strictEqual(yield* chosen(undefined, {}), "c")
    })

    withDirectory("asks for what a named profile says, and not for what the default one does", function*(directory) {
      const file = yield* write(directory, "config.json", { profile: "a", profiles: { a: { account: "a" } } })

      assert.deepStrictEqual((yield* load({ config: file }, {})).asked, {})
      assert.deepStrictEqual((yield* load({ config: file, profile: "a" }, {})).asked, { account: "a" })
    })

    withDirectory("reads words of a list from one variable", function*(directory) {
      const { profile } = yield* load({}, { XDG_CONFIG_HOME: directory, EFFECT_OAUTH_SCOPE: "openid  email" })

      assert.deepStrictEqual(Profile.get(profile, "scopes"), ["openid", "email"])
    })

    withDirectory("reads the secret from the environment", function*(directory) {
      const { profile } = yield* load({}, { XDG_CONFIG_HOME: directory, EFFECT_OAUTH_CLIENT_SECRET: "hush" })

      assert.strictEqual(profile.secret?.called, "EFFECT_OAUTH_CLIENT_SECRET")
      assert.notInclude(JSON.stringify(profile), "hush")
    })

    const wrong: ReadonlyArray<readonly [title: string, text: string, message: string]> = [
      ["is not JSON", "{\n  hush: 1\n}", "FILE: is not JSON (line 2); correct it"],
      ["is a secret", "hush", "FILE: is not JSON; correct it"],
      ["is cut off", "{ \"profile\": \"work\"", "FILE: is not JSON (line 1); correct it"],
      ["is no object", "[]", "FILE: is of the wrong type; write text, or a list of texts where several make sense"],
      [
        "has a member that is not known",
        "{ \"profiles\": { \"work\": { \"clientID\": \"x\" } } }",
        "profiles.work.clientID in FILE: is not known; correct its name, or remove it"
      ],
      [
        "has a number for a text",
        "{ \"profiles\": { \"work\": { \"clientId\": 12345 } } }",
        "profiles.work.clientId in FILE: is of the wrong type; write text, or a list of texts where several make sense"
      ],
      [
        "holds a secret",
        "{ \"profiles\": { \"work\": { \"clientSecret\": \"hush\" } } }",
        "profiles.work.clientSecret in FILE: does not belong here; put it into a file of its own and name that as \"clientSecretFile\""
      ],
      [
        "has a wrong choice",
        "{ \"profile\": \"work\", \"profiles\": { \"work\": { \"kind\": \"hub\" } } }",
        "kind of the profile \"work\" in FILE: cannot be \"hub\"; it must be web-app, spa, native or s2s"
      ],
      [
        "lacks the profile that it names",
        "{ \"profile\": \"home\", \"profiles\": { \"work\": {} } }",
        "profile in FILE: there is no profile \"home\" in FILE; it has \"work\""
      ]
    ]
    for (const [title, text, message] of wrong) {
      withDirectory(`refuses a file that ${title}, and quotes nothing`, function*(directory) {
        const file = yield* write(directory, "config.json", text)

        const error = yield* Effect.flip(load({ config: file }, {}))

        assert.strictEqual(error.message.replaceAll(file, "FILE"), message)
        assert.notInclude(error.message, "hush")
      })
    }

    withDirectory("refuses a file that is named and is not there", function*(directory) {
      const error = yield* Effect.flip(load({ config: Path.join(directory, "none.json") }, {}))

      assert.match(error.message, /^--config: there is no file .*none\.json; correct the path$/)
    })

    withDirectory("refuses a profile that is not there", function*(directory) {
      const error = yield* Effect.flip(load({ profile: "work" }, { XDG_CONFIG_HOME: directory }))

      assert.match(error.message, /^--profile: there is no profile "work" in .*config\.json; write it there$/)
    })
  })
})

describe("ConfigurationFile", () => {
  describe("save", () => {
    withDirectory("adds a profile, and keeps the others and the default", function*(directory) {
      const file = yield* write(directory, "config.json", { profile: "a", profiles: { a: { clientId: "a" } } })

      yield* ConfigurationFile.save(file, "b", { clientId: "b", scopes: ["openid"] })

      const fs = yield* FileSystem.FileSystem
      assert.deepStrictEqual(JSON.parse(yield* fs.readFileString(file)), {
        profile: "a",
        profiles: { a: { clientId: "a" }, b: { clientId: "b", scopes: ["openid"] } }
      })
    })

    withDirectory("makes the first profile the default, in a file of this person only", function*(directory) {
      const file = Path.join(directory, "new", "config.json")

      yield* ConfigurationFile.save(file, "b", { clientId: "b" })

      const fs = yield* FileSystem.FileSystem
      const { mode } = yield* fs.stat(file)
      assert.strictEqual((yield* ConfigurationFile.read(file))?.profile, "b")
      assert.strictEqual(mode & 0o777, 0o600)
    })

    withDirectory("leaves a file that is wrong as it is", function*(directory) {
      const file = yield* write(directory, "config.json", "{ not json")

      yield* Effect.flip(ConfigurationFile.save(file, "b", { clientId: "b" }))

      const fs = yield* FileSystem.FileSystem
      assert.strictEqual(yield* fs.readFileString(file), "{ not json")
      assert.deepStrictEqual(yield* fs.readDirectory(directory), ["config.json"])
    })
  })
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

const write = Effect.fnUntraced(function*(directory: string, name: string, content: unknown) {
  const fs = yield* FileSystem.FileSystem
  const path = Path.join(directory, name)
  yield* fs.makeDirectory(Path.dirname(path), { recursive: true })
  yield* fs.writeFileString(path, typeof content === "string" ? content : JSON.stringify(content))
  return path
})

const load = (
  flags: {
    readonly config?: string | undefined
    readonly profile?: string | undefined
    readonly settings?: Settings.Values
  },
  env: Record<string, string>
) =>
  Configuration.load({
    json: false,
    config: Option.fromUndefinedOr(flags.config),
    profile: Option.fromUndefinedOr(flags.profile),
    settings: Object.fromEntries(
      Settings.names.map((name) => [name, Option.fromUndefinedOr(flags.settings?.[name])])
    ) as Configuration.Flags["settings"],
    clientSecret: Option.none<Redacted.Redacted>(),
    clientSecretStdin: false
  }).pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))))
