/**
 * What `doctor` looks at. Each check says what it found, and how to mend it.
 */
import type { AuthorizationServer } from "@effect-oauth/core/AuthorizationServer"
import type { OAuthError } from "@effect-oauth/core/OAuthError"
import * as OAuthHttpClient from "@effect-oauth/core/OAuthHttpClient"
import * as TokenStore from "@effect-oauth/core/TokenStore"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import type { PlatformError } from "effect/PlatformError"
import { randomUUID } from "node:crypto"
import * as Dns from "node:dns"
import * as Http from "node:http"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Bar from "./Bar.ts"
import type { Configuration } from "./Configuration.ts"
import * as Store from "./Store.ts"

/** What a check found. */
export interface Finding {
  readonly name: string
  /** `warn`: it works, and could go wrong. `fail`: it does not work. */
  readonly outcome: "ok" | "warn" | "fail"
  readonly detail: string
  /** How to mend it; null where there is nothing to mend. */
  readonly remedy: string | null
}

/** All is well. */
export const ok = (name: string, detail: string): Finding => ({ name, outcome: "ok", detail, remedy: null })

/** It works, and could go wrong. */
export const warn = (name: string, detail: string, remedy: string): Finding => ({
  name,
  outcome: "warn",
  detail,
  remedy
})

/** It does not work. */
export const fail = (name: string, detail: string, remedy: string): Finding => ({
  name,
  outcome: "fail",
  detail,
  remedy
})

/** The file of the client's secret: others must not read it. */
export const secretFile = Effect.fnUntraced(function*(
  path: string
): Effect.fn.Return<Finding, PlatformError, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  const { mode } = yield* fs.stat(path)
  return Os.platform() !== "win32" && (mode & 0o077) !== 0
    ? warn("client secret", `others on this machine may read ${path}`, `chmod 600 ${path}`)
    : ok("client secret", `read from ${path}`)
})

/** The addresses of a server: private in transit, or on this machine. */
export const endpoints = (server: AuthorizationServer["Service"]): Finding => {
  const urls = addresses(server)
  const open = urls.filter(([, url]) => url.startsWith("http:"))
  const detail = urls.map(([name, url]) => `${name} ${url}`).join(", ")
  return open.length === 0
    ? ok("endpoints", detail)
    : warn("endpoints", detail, "plain http is for trials on this machine; use https for anything else")
}

/** The end that a provider announced for a server. */
export const endOfLife = Effect.fnUntraced(function*(
  { endOfLife }: AuthorizationServer["Service"]
): Effect.fn.Return<ReadonlyArray<Finding>> {
  if (endOfLife === undefined) return []
  const left = endOfLife.epochMilliseconds - (yield* Clock.currentTimeMillis)
  const day = DateTime.formatIsoDateUtc(endOfLife)
  return [
    left < 0
      ? fail("end of life", `the provider ended this server on ${day}`, "move to its successor")
      : warn(
        "end of life",
        `the provider ends this server on ${day}, in ${Bar.duration(left)}`,
        "move to its successor"
      )
  ]
})

/** Whether a server's machines have names, take connections, and answer from where they are asked. */
export const reachable = Effect.fnUntraced(function*(
  server: AuthorizationServer["Service"]
): Effect.fn.Return<ReadonlyArray<Finding>, never, OAuthHttpClient.OAuthHttpClient> {
  const origins = [...new Set(addresses(server).map(([, url]) => new URL(url).origin))]
  return (yield* Effect.forEach(origins, (origin) =>
    origin === new URL(server.tokenEndpoint).origin
      ? Effect.flatMap(connect(origin), (findings) =>
        findings.every(({ outcome }) => outcome === "ok")
          ? Effect.map(answer(server.tokenEndpoint), (more) => [...findings, ...more])
          : Effect.succeed(findings))
      : connect(origin))).flat()
})

/** Whether the HTTP client leaves redirects alone: following one would hand secrets on. */
export const redirects: Effect.Effect<Finding, never, OAuthHttpClient.OAuthHttpClient> = Effect.gen(function*() {
  const client = yield* OAuthHttpClient.OAuthHttpClient
  const trap = yield* redirecting
  // with a canary in the place of every secret, so that what goes along is seen and not guessed
  const request = HttpClientRequest.post(`${trap.origin}/`, {
    headers: { authorization: `Bearer ${trap.canary}`, dpop: trap.canary }
  }).pipe(HttpClientRequest.bodyUrlParams({ refresh_token: trap.canary }))
  const response = yield* client.execute(request)
  yield* Effect.ignore(response.text)
  const taken = trap.taken()
  return taken !== undefined
    ? fail(
      "redirects",
      `the HTTP client follows redirects, and takes along: ${taken.join(", ") || "no secret"}`,
      "use one that does not, or report this"
    )
    : ok("redirects", "are not followed")
}).pipe(
  Effect.scoped,
  Effect.orElseSucceed(() =>
    warn("redirects", "could not be tried on this machine", "allow programs to listen on 127.0.0.1")
  )
)

/** The store: a directory of this person's own, on a disk that locks. */
export const store = Effect.fnUntraced(function*(
  config: Configuration
): Effect.fn.Return<ReadonlyArray<Finding>, never, FileSystem.FileSystem> {
  const place = Store.shown(config.store)
  const modes = Store.isUrl(config.store) ? [] : yield* wideModes(config.store)
  const opened = yield* Effect.result(Effect.provide(count, Store.layer(config)))
  if (opened._tag === "Failure") {
    const problem = opened.failure.reason._tag === "StoreUnavailable"
      ? opened.failure.reason.problem
      : opened.failure.reason._tag
    return [
      fail("store", `${place} cannot be used (${problem})`, storeRemedies[problem] ?? "name another with --store")
    ]
  }
  const { grants, waiting } = opened.success
  return [
    modes.length > 0
      ? warn(
        "store",
        `others could read ${modes.join(", ")}; that has been mended`,
        "revoke grants that others may have seen"
      )
      : ok("store", `${place}, ${grants} grant${grants === 1 ? "" : "s"}`),
    ...(waiting > 0
      ? [
        warn(
          "escrow",
          `${waiting} pair${waiting === 1 ? "" : "s"} could not be saved when a command ended`,
          "run status; the next command saves them"
        )
      ]
      : [])
  ]
})

const storeRemedies: { readonly [problem: string]: string | undefined } = {
  EACCES: "make it yours (chown, chmod 700), or name another with --store",
  EPERM: "make it yours (chown, chmod 700), or name another with --store",
  ENOSPC: "make room on the disk",
  EROFS: "the disk is read-only: name another directory with --store",
  ENOTDIR: "a file is in the way: remove it, or name another directory with --store"
}

const addresses = (server: AuthorizationServer["Service"]): ReadonlyArray<readonly [string, string]> =>
  ([
    ["login", server.authorizationEndpoint],
    ["tokens", server.tokenEndpoint],
    ["renewals", server.refreshEndpoint],
    ["revocation", server.revocationEndpoint],
    ["introspection", server.introspectionEndpoint],
    ["devices", server.deviceAuthorizationEndpoint]
  ] as const).flatMap(([name, url]) => url === undefined ? [] : [[name, url] as const])

const connect = Effect.fnUntraced(function*(origin: string): Effect.fn.Return<ReadonlyArray<Finding>> {
  const { hostname, port, protocol } = new URL(origin)
  const host = hostname.replace(/^\[|\]$/g, "")
  const address = yield* lookUp(host)
  if (address === undefined) {
    return [fail("name", `${host} has no address`, "check how it is written, and the network's name server")]
  }
  const number = port === "" ? (protocol === "https:" ? 443 : 80) : Number(port)
  const problem = yield* dial(host, number)
  return problem === undefined
    ? [ok("connection", `${origin} takes connections (${address})`)]
    : [fail("connection", `${origin} takes none (${problem})`, "check the port, the firewall and any proxy")]
})

const lookUp = (host: string): Effect.Effect<string | undefined> =>
  Effect.callback((resume) => {
    Dns.lookup(host, (error, address) => resume(Effect.succeed(error === null ? address : undefined)))
  })

const dial = (host: string, port: number): Effect.Effect<string | undefined> =>
  Effect.callback<string | undefined>((resume) => {
    const socket = Net.connect({ host, port })
    socket.once("connect", () => {
      socket.destroy()
      resume(Effect.undefined)
    })
    socket.once("error", (error: NodeJS.ErrnoException) => resume(Effect.succeed(error.code ?? "unknown")))
    return Effect.sync(() => socket.destroy())
  }).pipe(
    Effect.timeoutOption("5 seconds"),
    Effect.map(Option.getOrElse(() => "time-out"))
  )

// A request without parameters carries nothing, and RFC 6749, section 5.2, has an answer to it.
const answer = Effect.fnUntraced(function*(
  url: string
): Effect.fn.Return<ReadonlyArray<Finding>, never, OAuthHttpClient.OAuthHttpClient> {
  const client = yield* OAuthHttpClient.OAuthHttpClient
  const before = yield* Clock.currentTimeMillis
  const response = yield* Effect.option(Effect.timeout(client.execute(HttpClientRequest.post(url)), "10 seconds"))
  const now = yield* Clock.currentTimeMillis
  if (Option.isNone(response)) {
    return [fail("answer", `${url} does not answer`, "check the address, the certificate and any proxy")]
  }
  yield* Effect.ignore(response.value.text)
  const { headers, status } = response.value
  const findings = [
    status >= 300 && status < 400
      ? fail("answer", `${url} answers with a redirect`, "name the address where the server really is")
      : status === 404
      ? fail("answer", `${url} is not there (status 404)`, "correct the address of the token endpoint")
      : status >= 500
      ? warn("answer", `${url} answers with status ${status}`, "try again later; the server has a problem of its own")
      : ok("answer", `${url} answers (status ${status} to an empty request)`)
  ]
  const date = Date.parse(headers["date"] ?? "")
  return Number.isNaN(date) ? findings : [...findings, clock((before + now) / 2 - date)]
})

const clock = (skew: number): Finding => {
  // a Date header has whole seconds
  const apart = Math.max(0, Math.abs(skew) - 1000)
  const words = `this machine's clock is ${Bar.duration(apart)} ${skew < 0 ? "behind" : "ahead of"} the server's`
  if (apart < 5_000) return ok("clock", "agrees with the server's")
  return apart < 60_000
    ? warn("clock", words, "let the machine set its clock (NTP)")
    : fail(
      "clock",
      words,
      "let the machine set its clock (NTP): tokens end at the wrong time, and signatures are refused"
    )
}

const redirecting = Effect.gen(function*() {
  const canary = randomUUID()
  let taken: ReadonlyArray<string> | undefined
  const server = yield* Effect.acquireRelease(
    Effect.callback<Http.Server, NodeJS.ErrnoException>((resume) => {
      const server = Http.createServer((request, response) => {
        let body = ""
        request.setEncoding("utf8").on("data", (chunk: string) => void (body += chunk)).on("end", () => {
          const { authorization = "", dpop } = request.headers
          const places = {
            "the Authorization header": authorization,
            "the DPoP header": String(dpop),
            "the body": body
          }
          if (request.url !== "/") {
            taken = Object.entries(places).flatMap(([place, text]) => text.includes(canary) ? [place] : [])
          }
          response.writeHead(request.url === "/" ? 307 : 204, { location: "/followed", connection: "close" }).end()
        })
      })
      server.once("error", (error) => resume(Effect.fail(error)))
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close())
  )
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return { origin: `http://127.0.0.1:${port}`, canary, taken: () => taken }
})

const count: Effect.Effect<
  { readonly grants: number; readonly waiting: number },
  OAuthError,
  TokenStore.TokenStore | Store.Escrow
> = Effect.gen(function*() {
  const tokens = yield* TokenStore.TokenStore
  const escrow = yield* Store.Escrow
  let grants = 0
  let cursor: string | undefined
  do {
    const page = yield* tokens.list({ limit: 100, cursor })
    grants += page.heads.length
    cursor = page.cursor
  } while (cursor !== undefined)
  return { grants, waiting: (yield* escrow.entries).length }
})

// Opening a store narrows modes, so they are looked at before.
const wideModes = Effect.fnUntraced(function*(
  directory: string
): Effect.fn.Return<ReadonlyArray<string>, never, FileSystem.FileSystem> {
  if (Os.platform() === "win32") return []
  const fs = yield* FileSystem.FileSystem
  const folder = Path.join(directory, "grants")
  const names = yield* Effect.orElseSucceed(fs.readDirectory(folder), () => [])
  const paths = names.length === 0 ? [] : [folder, ...names.map((name) => Path.join(folder, name))]
  const wide = yield* Effect.forEach(paths, (path) =>
    fs.stat(path).pipe(
      Effect.map(({ mode }) => (mode & 0o077) === 0 ? [] : [path]),
      Effect.orElseSucceed(() => [])
    ))
  return wide.flat()
})
