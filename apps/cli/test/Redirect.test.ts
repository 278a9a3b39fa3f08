import * as Profile from "@effect-oauth/cli/Profile"
import * as Redirect from "@effect-oauth/cli/Redirect"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"

describe("Redirect", () => {
  describe("choose", () => {
    it("is loopback where nothing is named", () => {
      assert.deepStrictEqual(choose(undefined), {
        _tag: "Loopback",
        host: undefined,
        port: undefined,
        path: undefined
      })
    })

    it("has to be named for Frame.io V4", () => {
      assert.match(failure(undefined, "frameio"), /^--redirect-uri: is missing, .*: give the flag/)
    })

    it("takes host, port and path of a loopback address", () => {
      assert.deepStrictEqual(choose("http://[::1]:4000/cb"), {
        _tag: "Loopback",
        host: "[::1]",
        port: 4000,
        path: "/cb"
      })
      assert.deepStrictEqual(choose("http://localhost/callback"), {
        _tag: "Loopback",
        host: "localhost",
        port: undefined,
        path: "/callback"
      })
    })

    for (const redirectUri of ["https://a.example/cb", "adobe+1a2b://adobeid/client", "https://localhost:3000/cb"]) {
      it(`is by paste for ${redirectUri}`, () => {
        assert.deepStrictEqual(choose(redirectUri), { _tag: "Paste", redirectUri })
      })
    }

    const wrong = [
      ["callback", /is not an absolute URL/],
      ["https://a.example/cb#x", /must not contain a fragment/],
      ["https://a.example/cb#", /must not contain a fragment/],
      ["http://a.example/cb", /must begin with https:\/\//],
      ["http://127.0.0.1/cb?x=1", /must not contain a query/]
    ] as const
    for (const [redirectUri, message] of wrong) {
      it(`refuses ${redirectUri}`, () => {
        assert.match(failure(redirectUri), message)
        assert.match(failure(redirectUri), /^--redirect-uri: /)
      })
    }
  })
})

const profile = (redirectUri: string | undefined): Profile.Profile =>
  Result.getOrThrow(Profile.resolve([{
    title: "a flag",
    values: redirectUri === undefined ? {} : { redirectUri },
    secrets: [],
    called: () => "--redirect-uri"
  }]))

const choose = (redirectUri: string | undefined): Redirect.Redirect =>
  Result.getOrThrow(Redirect.choose(profile(redirectUri), "generic"))

const failure = (redirectUri: string | undefined, provider: "frameio" | "generic" = "generic"): string => {
  const result = Redirect.choose(profile(redirectUri), provider)
  return Result.isFailure(result) ? result.failure.message : ""
}
