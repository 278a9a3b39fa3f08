import * as Metadata from "@effect-oauth/cli/Metadata"
import { OAuthHttpClient } from "@effect-oauth/core"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"

describe("Metadata", () => {
  withServer("asks once an hour", function*({ get, server }) {
    yield* get
    yield* TestClock.adjust("59 minutes")
    yield* get

    assert.strictEqual(server.asked, 1)

    yield* TestClock.adjust("2 minutes")
    yield* get

    assert.strictEqual(server.asked, 2)
  })

  withServer("gives the same from what is kept as from what is asked for", function*({ get }) {
    const asked = yield* get
    const kept = yield* get

    assert.deepStrictEqual(JSON.parse(JSON.stringify(kept)), JSON.parse(JSON.stringify(asked)))
    assert.strictEqual(kept.dialect?.authorization?.issuer, "required")
  })

  withServer("pushes no login that a person may open minutes later, but where it must", function*({ get, server }) {
    const offered = yield* get
    yield* TestClock.adjust("2 hours")
    server.pushedOnly = true

    const required = [yield* get, yield* get]

    assert.strictEqual(offered.dialect?.authorization?.pushed, "never")
    assert.deepStrictEqual(required.map((options) => options.dialect?.authorization?.pushed), ["required", "required"])
  })

  withServer("gives what is kept while the server is away", function*({ get, server }) {
    yield* get
    yield* TestClock.adjust("2 days")
    server.status = 503

    assert.strictEqual((yield* get).tokenEndpoint, `${issuer}/token`)
  })

  withServer("fails when what is kept is old and the server is away", function*({ get, server }) {
    yield* get
    yield* TestClock.adjust("8 days")
    server.status = 503

    assert.strictEqual((yield* Effect.flip(get)).reason._tag, "ServerUnavailable")
  })

  withServer("does not give what is kept when the server takes it back", function*({ get, server }) {
    yield* get
    yield* TestClock.adjust("2 hours")
    server.status = 404

    assert.strictEqual((yield* Effect.flip(get)).reason._tag, "MetadataInvalid")
  })

  withServer("asks again where what is kept cannot be read", function*({ directory, get, server }) {
    yield* get
    const fs = yield* FileSystem.FileSystem
    for (const name of yield* fs.readDirectory(`${directory}/metadata`)) {
      yield* fs.writeFileString(`${directory}/metadata/${name}`, "{ torn")
    }

    yield* get

    assert.strictEqual(server.asked, 2)
  })
})

const issuer = "https://as.example"

interface Server {
  asked: number
  status: number
  pushedOnly?: boolean
}

function withServer(
  title: string,
  body: (options: {
    readonly directory: string
    readonly server: Server
    readonly get: Effect.Effect<
      Metadata.Options,
      Effect.Error<ReturnType<typeof Metadata.get>>,
      FileSystem.FileSystem
    >
  }) => Generator<Effect.Effect<unknown, unknown, FileSystem.FileSystem>, void, never>
): void {
  it.effect(title, () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped({ prefix: "effect-oauth-test-" })
      const server: Server = { asked: 0, status: 200 }
      const client = HttpClient.make((request) =>
        Effect.sync(() => {
          if (request.url.endsWith("/oauth-authorization-server")) server.asked++
          return HttpClientResponse.fromWeb(
            request,
            new Response(JSON.stringify({ ...document, require_pushed_authorization_requests: server.pushedOnly }), {
              status: server.status,
              headers: { "content-type": "application/json" }
            })
          )
        })
      )
      const layer = Layer.provide(OAuthHttpClient.layer, Layer.succeed(HttpClient.HttpClient, client))
      yield* TestClock.setTime(Date.UTC(2030, 0, 1))
      yield* Effect.gen(() => body({ directory, server, get: Effect.provide(Metadata.get(issuer, directory), layer) }))
    }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer)))
}

const document = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  pushed_authorization_request_endpoint: `${issuer}/par`,
  authorization_response_iss_parameter_supported: true
}
