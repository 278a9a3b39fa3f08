import * as Profile from "@effect-oauth/cli/Profile"
import * as Settings from "@effect-oauth/cli/Settings"
import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result } from "effect"

describe("Profile", () => {
  describe("resolve", () => {
    it("prefers a flag to the environment, and the environment to the file", () => {
      const profile = resolve(
        source("flags", { clientId: "from a flag" }),
        source("environment", { clientId: "from the environment", account: "from the environment" }),
        source("file", { clientId: "from the file", account: "from the file", store: "/from/the/file" })
      )

      assert.deepStrictEqual(Profile.plain(profile), {
        clientId: "from a flag",
        account: "from the environment",
        store: "/from/the/file"
      })
    })

    it("tells what the source of a value calls it", () => {
      const profile = resolve(source("flags", {}), source("file", { clientId: "id" }))

      assert.strictEqual(Profile.called(profile, "clientId"), "clientId of file")
      assert.strictEqual(Profile.called(profile, "issuer"), "--issuer")
    })

    const others: ReadonlyArray<readonly [title: string, chosen: Settings.Values, below: Settings.Values]> = [
      ["another provider", { provider: "frameio" }, { provider: "frameio-legacy" }],
      ["another issuer", { issuer: "https://a.example" }, { issuer: "https://b.example" }],
      ["another token endpoint", { tokenEndpoint: "https://a.example/t" }, { tokenEndpoint: "https://b.example/t" }],
      ["its issuer where a token endpoint is chosen", { tokenEndpoint: "https://a.example/t" }, {
        issuer: "https://b.example"
      }],
      ["a description where a provider is chosen", { provider: "frameio" }, { description: "/b.json" }],
      ["another test server", { provider: "frameio", testOrigin: "http://127.0.0.1:1" }, {
        provider: "frameio",
        testOrigin: "http://127.0.0.1:2"
      }]
    ]
    for (const [title, chosen, below] of others) {
      it(`takes neither client nor secret from a source that names ${title}`, () => {
        const profile = resolve(
          source("flags", chosen),
          source("file", { ...below, clientId: "theirs", scopes: ["theirs"], account: "mine" }, theirSecret)
        )

        assert.deepStrictEqual(Profile.plain(profile), { ...chosen, account: "mine" })
        assert.isUndefined(profile.secret)
        assert.deepStrictEqual(profile.passedOver, ["file"])
      })
    }

    it("takes the client from a source that names the same server", () => {
      const profile = resolve(
        source("flags", { issuer: "https://a.example" }),
        source("file", { provider: "generic", issuer: "https://a.example", clientId: "id" }, theirSecret)
      )

      assert.strictEqual(Profile.get(profile, "clientId"), "id")
      assert.strictEqual(profile.secret?.called, "secret of theirs")
    })

    it("takes the client from a source that names no server", () => {
      const profile = resolve(source("flags", { provider: "frameio" }), source("environment", {}, theirSecret))

      assert.strictEqual(profile.secret?.called, "secret of theirs")
    })

    it("refuses two secrets of one source", () => {
      const other = ["--client-secret-stdin", { _tag: "Stdin" }] as const

      assert.strictEqual(
        failure({ ...source("flags", {}), secrets: [theirSecret, other] }),
        "--client-secret-stdin: cannot be used together with secret of theirs; keep one of them"
      )
    })

    it("prefers the secret of an earlier source, of whatever kind", () => {
      const profile = resolve(
        { ...source("flags", {}), secrets: [["--client-secret-stdin", { _tag: "Stdin" }]] },
        source("environment", {}, theirSecret)
      )

      assert.strictEqual(profile.secret?.called, "--client-secret-stdin")
    })

    it("refuses a value that is no choice, and names them all", () => {
      assert.strictEqual(
        failure(source("file", { kind: "app" })),
        "kind of file: cannot be \"app\"; it must be web-app, spa, native or s2s"
      )
    })

    it("refuses a provider that is not known, and asks what was meant", () => {
      assert.strictEqual(
        failure(source("file", { provider: "shopfy" })),
        "provider of file: cannot be \"shopfy\"; did you mean shopify? effect-oauth providers lists the known ones"
      )
    })

    it("refuses a value that is empty", () => {
      assert.strictEqual(
        failure(source("file", { clientId: "" })),
        "clientId of file: is empty; give it a value, or leave it out"
      )
    })
  })

  describe("missing", () => {
    it("says how a setting is given", () => {
      const result = Profile.require(resolve(), "clientId", "is missing")

      assert.strictEqual(
        Result.isFailure(result) ? result.failure.message : "",
        "--client-id: is missing: give the flag, set EFFECT_OAUTH_CLIENT_ID, or write \"clientId\" in a profile"
      )
    })

    it("says which source was passed over", () => {
      const profile = resolve(
        source("flags", { provider: "frameio" }),
        source("the profile \"work\"", { provider: "frameio-legacy", clientId: "id" })
      )

      assert.include(
        Profile.missing(profile, "clientId", "is missing").message,
        "(the profile \"work\" is for another server)"
      )
    })
  })

  describe("providerOf", () => {
    it("is generic where a server is described", () => {
      assert.strictEqual(Profile.providerOf({ issuer: "https://a.example" }), "generic")
      assert.strictEqual(Profile.providerOf({ description: "/a.json" }), "generic")
      assert.strictEqual(Profile.providerOf({ tokenEndpoint: "https://a.example/t" }), "generic")
      assert.isUndefined(Profile.providerOf({ clientId: "id" }))
    })
  })
})

describe("Settings", () => {
  it("calls variables after flags", () => {
    assert.strictEqual(Settings.variable("client-id"), "EFFECT_OAUTH_CLIENT_ID")
  })

  it("gives no two settings one flag", () => {
    const flags = Settings.names.map((name) => Settings.get(name).flag)

    assert.strictEqual(new Set(flags).size, flags.length)
  })
})

const theirSecret = ["secret of theirs", { _tag: "Value", value: Redacted.make("secret") }] as const

const source = (
  title: string,
  values: Settings.Values,
  ...secrets: ReadonlyArray<readonly [string, Profile.Secret]>
): Profile.Source => ({ title, values, secrets, called: (name) => `${name} of ${title}` })

const resolve = (...sources: ReadonlyArray<Profile.Source>): Profile.Profile =>
  Result.getOrThrow(Profile.resolve(sources))

const failure = (...sources: ReadonlyArray<Profile.Source>): string => {
  const result = Profile.resolve(sources)
  return Result.isFailure(result) ? result.failure.message : ""
}
