import { OAuthHttpClient } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"

describe("OAuthHttpClient", () => {
  describe("layerFetch", () => {
    it.effect("leaves redirects alone and passes the cache by [6749-5.1-g]", () =>
      Effect.gen(function*() {
        const fetched = yield* fetchBy(OAuthHttpClient.layerFetch)

        assert.deepStrictEqual(fetched, [["manual", "no-store"]])
      }))

    it.effect("does so beside an application that uses fetch as well", () =>
      Effect.gen(function*() {
        const fetched = yield* fetchBy(Layer.provideMerge(OAuthHttpClient.layerFetch, FetchHttpClient.layer))

        assert.deepStrictEqual(fetched, [["manual", "no-store"]])
      }))

    it.effect("does so where the application wants redirects followed", () =>
      Effect.gen(function*() {
        const application = Layer.succeed(FetchHttpClient.RequestInit, { redirect: "follow", cache: "force-cache" })

        const fetched = yield* fetchBy(Layer.merge(application, OAuthHttpClient.layerFetch))

        assert.deepStrictEqual(fetched, [["manual", "no-store"]])
      }))

    it.effect("leaves the application's own client as it is", () =>
      Effect.gen(function*() {
        const { fetch, inits } = recordingFetch()

        yield* HttpClient.get("https://api.example").pipe(
          Effect.provide(Layer.merge(FetchHttpClient.layer, OAuthHttpClient.layerFetch)),
          Effect.provideService(FetchHttpClient.Fetch, fetch)
        )

        assert.deepStrictEqual(inits, [[undefined, undefined]])
      }))
  })
})

type Init = readonly [redirect: string | undefined, cache: string | undefined]

const recordingFetch = () => {
  const inits: Array<Init> = []
  const fetch: typeof globalThis.fetch = (_, init) => {
    inits.push([init?.redirect, init?.cache])
    return Promise.resolve(new Response())
  }
  return { fetch, inits }
}

const fetchBy = (layer: Layer.Layer<OAuthHttpClient.OAuthHttpClient>) =>
  Effect.gen(function*() {
    const { fetch, inits } = recordingFetch()
    yield* OAuthHttpClient.OAuthHttpClient.use((client) => client.get("https://as.example")).pipe(
      Effect.provide(layer),
      Effect.provideService(FetchHttpClient.Fetch, fetch)
    )
    return inits
  })
