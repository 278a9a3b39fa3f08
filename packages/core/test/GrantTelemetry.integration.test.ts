/** Metrics and spans as a collector gets them, by OTLP over HTTP; and the dashboard that is made of them. */
import { GrantTelemetry, Login, OAuthClient, PendingAuthorizations, TokenService, TokenStore } from "@effect-oauth/core"
import { TestAuthorizationServer } from "@effect-oauth/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric, Redacted, type Scope } from "effect"
import { FetchHttpClient } from "effect/http"
import { Otlp } from "effect/observability"
import * as fs from "node:fs"
import * as http from "node:http"
import type * as net from "node:net"
import * as path from "node:path"
import { until } from "./support/until.ts"

describe("a collector", () => {
  it.live("gets metrics and spans of renewals, and no secret", () =>
    Effect.gen(function*() {
      const collector = yield* collecting
      const renewals = ["oauth.renewals", "oauth.renewal.duration", "oauth.renewal.waiters", "oauth.token.age"]
      const { secrets } = yield* renewing.pipe(
        // what is told of a renewal is on its way when the renewal has come to its end
        Effect.tap(until(() => renewals.every((name) => collector.received().metrics.includes(name)))),
        Effect.provide(GrantTelemetry.layer.pipe(
          Layer.provideMerge(client),
          Layer.provideMerge(exporting(collector.origin))
        )),
        Effect.provideService(Metric.MetricRegistry, new Map())
      )

      const { metrics, spans, text } = collector.received()
      assert.includeMembers([...metrics], [...renewals, "oauth.grants"])
      assert.includeMembers([...spans], ["TokenService.renew"])
      for (const secret of secrets) assert.notInclude(text, secret)
    }).pipe(Effect.scoped))
})

describe("the dashboard", () => {
  it("asks for metrics that there are, by the names that Prometheus gives them", () => {
    const asked = new Set(
      JSON.stringify(dashboard).match(/oauth_[a-z_]+/g)?.map((name) => name.replace(/_(total|bucket)$/, "")) ?? []
    )

    assert.isAbove(asked.size, 5)
    for (const name of asked) assert.match(sources, new RegExp(`"${name.replaceAll("_", ".")}"`), name)
  })

  it("leaves no metric of grants out", () => {
    const text = JSON.stringify(dashboard)

    for (const [, name = ""] of telemetry.matchAll(/Metric\.\w+\("([\w.]+)"/g)) {
      assert.include(text, name.replaceAll(".", "_"))
    }
  })
})

const read = (file: string): string => fs.readFileSync(path.resolve(import.meta.dirname, "../../..", file), "utf8")

const dashboard: unknown = JSON.parse(read("docs/observability/dashboard.json"))

const telemetry = read("packages/core/src/GrantTelemetry.ts")

const sources = telemetry + read("packages/core/src/internal/keeperPass.ts")

const client = OAuthClient.layerWith().pipe(
  Layer.provide([TokenStore.layerMemory, PendingAuthorizations.layerMemory()]),
  Layer.provideMerge(TestAuthorizationServer.layer())
)

const exporting = (baseUrl: string) =>
  Otlp.layerJson({
    baseUrl,
    resource: { serviceName: "application" },
    metricsExportInterval: "100 millis",
    tracerExportInterval: "100 millis",
    loggerExportInterval: "100 millis"
  }).pipe(Layer.provide(FetchHttpClient.layer))

const renewing = Effect.gen(function*() {
  const login = yield* Login.Login
  const server = yield* TestAuthorizationServer.TestAuthorizationServer
  const grants = yield* TokenService.TokenService
  const begun = yield* login.begin({ account: "ada", redirectUri: "https://app.test/callback", scopes: ["read"] })
  const { key } = yield* login.complete(yield* server.authorize(begun.url))
  const first = yield* grants.token(key)
  yield* Effect.all(Array.from({ length: 5 }, () => grants.refused(key, first)), { concurrency: "unbounded" })
  const second = yield* grants.token(key)
  return { secrets: ["ada", Redacted.value(first.value), Redacted.value(second.value), Redacted.value(begun.state)] }
})

interface Collector {
  readonly origin: string
  readonly received: () => {
    readonly metrics: ReadonlyArray<string>
    readonly spans: ReadonlyArray<string>
    readonly text: string
  }
}

const collecting: Effect.Effect<Collector, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.promise(() => {
      const bodies: Array<readonly [string, string]> = []
      const server = http.createServer((request, response) => {
        let body = ""
        request.setEncoding("utf8").on("data", (chunk: string) => body += chunk).on("end", () => {
          bodies.push([request.url ?? "", body])
          response.end("{}")
        })
      })
      return new Promise<{ readonly server: http.Server; readonly bodies: typeof bodies }>((resolve) =>
        server.listen(0, "127.0.0.1", () => resolve({ server, bodies }))
      )
    }),
    ({ server }) => Effect.sync(() => server.close())
  ),
  ({ bodies, server }) => ({
    origin: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    received: () => ({
      metrics: namesIn(bodies, "/v1/metrics"),
      spans: namesIn(bodies, "/v1/traces"),
      text: bodies.map(([, body]) => body).join("\n")
    })
  })
)

const namesIn = (bodies: ReadonlyArray<readonly [string, string]>, url: string): ReadonlyArray<string> =>
  bodies.filter(([path]) => path === url).flatMap(([, body]) =>
    [...body.matchAll(/"name":"([^"]+)"/g)].map(([, name = ""]) => name)
  )
