/**
 * A server that can misbehave in every way that a byte stream allows. It speaks no HTTP by itself: what it reads is cut
 * into requests by hand, and what it writes is a script of bytes, pauses and ends.
 */
import { Effect, type Scope } from "effect"
import * as net from "node:net"
import * as zlib from "node:zlib"

/** A request as it came off the wire. */
export interface Received {
  readonly method: string
  /** The path and the query, as they were written. */
  readonly target: string
  /** Names in lower case; of two headers of one name the last. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The parameters of the body, where it is a form. */
  readonly form: URLSearchParams
}

/** What is done to a connection. */
export type Step =
  | { readonly _tag: "Write"; readonly bytes: Uint8Array }
  | { readonly _tag: "Wait"; readonly millis: number }
  /** The same bytes, until the other side hangs up: at once when there is room, or one portion in so many milliseconds. */
  | { readonly _tag: "Forever"; readonly bytes: Uint8Array; readonly everyMillis: number | undefined }
  | { readonly _tag: "End" }
  | { readonly _tag: "Reset" }
  /** The connection stays open, and nothing comes. */
  | { readonly _tag: "Hang" }

/** What becomes of one request. */
export type Script = ReadonlyArray<Step>

/** Decides what becomes of a request; `nth` counts from 1, `origin` is the server's own. */
export type Behaviour = (received: Received, nth: number, origin: string) => Script

/** A server on loopback. */
export interface HostileServer {
  readonly origin: string
  readonly port: number
  /** Everything that it was asked, in order. */
  readonly received: ReadonlyArray<Received>
  /** How many connections are open. */
  readonly open: () => number
  /** How many bytes it could get rid of. */
  readonly written: () => number
}

/** Listens until the scope closes. */
export const listen = (
  behave: Behaviour,
  options?: {
    readonly host?: string | undefined
    /** Whether it answers as soon as it has the head of a request; what comes of the body then is read and dropped. */
    readonly early?: boolean | undefined
  }
): Effect.Effect<HostileServer, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<Listening>((resume) => {
        const received: Array<Received> = []
        const sockets = new Set<net.Socket>()
        let gone = 0
        const server = net.createServer({ noDelay: true }, (socket) => {
          sockets.add(socket)
          socket.on("error", () => {})
          socket.on("close", () => {
            sockets.delete(socket)
            gone += socket.bytesWritten
          })
          void serve(
            socket,
            (request) => behave(request, received.push(request), originOf(server)),
            options?.early === true ? withoutBody : cutRequest
          )
        })
        server.listen(0, options?.host ?? "127.0.0.1", () =>
          resume(Effect.succeed({
            server,
            sockets,
            received,
            written: () => gone
          })))
      }),
      ({ server, sockets }) =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          for (const socket of sockets) socket.destroy()
        })
    ),
    ({ received, server, sockets, written }) => {
      return {
        received,
        port: (server.address() as net.AddressInfo).port,
        origin: originOf(server),
        open: () => sockets.size,
        written: () => written() + [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, 0)
      }
    }
  )

const originOf = (server: net.Server): string => {
  const { address, family, port } = server.address() as net.AddressInfo
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`
}

interface Listening {
  readonly server: net.Server
  readonly sockets: ReadonlySet<net.Socket>
  readonly received: ReadonlyArray<Received>
  readonly written: () => number
}

/** An answer with a length, after which the connection serves on. */
export const answer = (
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array = ""
): Script => {
  const bytes = bytesOf(body)
  return [
    ...head(status, {
      ...(status === 204 || status === 304 ? {} : { "content-length": String(bytes.length) }),
      ...headers
    }),
    ...(bytes.length === 0 ? [] : [{ _tag: "Write", bytes } as const])
  ]
}

/** A status line and headers, and the empty line after them. */
export const head = (status: number, headers: Readonly<Record<string, string>>): Script =>
  write(
    `HTTP/1.1 ${status} Whatever\r\n${
      Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("")
    }\r\n`
  )

/** A JSON answer; a text is taken for JSON that was written already. */
export const json = (
  value: unknown,
  options?: { readonly status?: number; readonly headers?: Readonly<Record<string, string>> }
): Script =>
  answer(
    options?.status ?? 200,
    { "content-type": "application/json", ...options?.headers },
    typeof value === "string" ? value : JSON.stringify(value)
  )

/** The usual token answer, with members changed or left out (`undefined`). */
export const tokens = (members: Readonly<Record<string, unknown>> = {}): Script =>
  json({ access_token: "at", token_type: "Bearer", expires_in: 3600, refresh_token: "rt-next", ...members })

/** An OAuth error (RFC 6749, section 5.2). */
export const refusal = (error: string, status = 400, members: Readonly<Record<string, unknown>> = {}): Script =>
  json({ error, ...members }, { status })

/** A web page. */
export const page = (status = 200, headers: Readonly<Record<string, string>> = {}): Script =>
  answer(
    status,
    { "content-type": "text/html; charset=utf-8", ...headers },
    "<!doctype html><title>Sign in to the network</title>"
  )

/** An answer that leads elsewhere. */
export const redirect = (location: string, status = 307): Script => answer(status, { location })

/** Bytes as they are. */
export const write = (bytes: string | Uint8Array): Script => [{ _tag: "Write", bytes: bytesOf(bytes) }]

/** A pause. */
export const wait = (millis: number): Script => [{ _tag: "Wait", millis }]

/** The same bytes until the other side hangs up. */
export const forever = (bytes: string | Uint8Array, everyMillis?: number): Script => [
  { _tag: "Forever", bytes: bytesOf(bytes), everyMillis }
]

/** The connection is closed in order. */
export const end: Script = [{ _tag: "End" }]

/** The connection is broken off. */
export const reset: Script = [{ _tag: "Reset" }]

/** Nothing more comes. */
export const hang: Script = [{ _tag: "Hang" }]

/** Bytes that inflate to so many megabytes of spaces: one portion after the other, so that making them takes no memory. */
export const bomb = (megabytes: number): Uint8Array =>
  Buffer.concat(
    Array.from({ length: megabytes }, () => portion ??= zlib.gzipSync(Buffer.alloc(1_048_576, " "), { level: 9 }))
  )

let portion: Uint8Array | undefined

const bytesOf = (bytes: string | Uint8Array): Uint8Array => typeof bytes === "string" ? Buffer.from(bytes) : bytes

const serve = async (
  socket: net.Socket,
  respond: (request: Received) => Script,
  cutter: typeof cutRequest
): Promise<void> => {
  let buffered = Buffer.alloc(0)
  try {
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      buffered = Buffer.concat([buffered, chunk as Buffer])
      for (let cut = cutter(buffered); cut !== undefined; cut = cutter(buffered)) {
        buffered = cut.rest
        if (await perform(socket, respond(cut.request)) === "closed") return
      }
    }
  } catch {
    // the other side went away
  }
  socket.destroy()
}

const cutRequest = (bytes: Buffer): { readonly request: Received; readonly rest: Buffer<ArrayBuffer> } | undefined => {
  const headEnd = bytes.indexOf("\r\n\r\n")
  if (headEnd < 0) return undefined
  const [line = "", ...lines] = bytes.subarray(0, headEnd).toString("latin1").split("\r\n")
  const headers = Object.fromEntries(lines.map((line) => {
    const colon = line.indexOf(":")
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  }))
  const from = headEnd + 4
  const chunked = headers["transfer-encoding"]?.toLowerCase() === "chunked"
  const to = chunked ? bytes.indexOf("0\r\n\r\n", from) + 5 : from + Number(headers["content-length"] ?? 0)
  if (to < from + (chunked ? 5 : 0) || bytes.length < to) return undefined
  const body = bytes.subarray(from, to).toString()
  const [method = "", target = ""] = line.split(" ")
  return {
    request: { method, target, headers, body, form: new URLSearchParams(body) },
    rest: Buffer.from(bytes.subarray(to))
  }
}

// the head of a request, in which the rest of a body is no head: it has no empty line
const withoutBody: typeof cutRequest = (bytes) => {
  const from = bytes.indexOf("POST ")
  const headEnd = bytes.indexOf("\r\n\r\n", Math.max(0, from))
  if (from < 0 || headEnd < 0) return undefined
  const head = bytes.toString("latin1", from, headEnd).replace(/^content-length:.*\r?\n?/gim, "").trimEnd()
  const cut = cutRequest(Buffer.from(`${head}\r\n\r\n`, "latin1"))
  return cut === undefined ? undefined : { request: cut.request, rest: Buffer.from(bytes.subarray(headEnd + 4)) }
}

const perform = async (socket: net.Socket, script: Script): Promise<"open" | "closed"> => {
  for (const step of script) {
    if (socket.destroyed) return "closed"
    switch (step._tag) {
      case "Write":
        await written(socket, step.bytes)
        break
      case "Wait":
        await pause(socket, step.millis)
        break
      case "Forever":
        while (!socket.destroyed) {
          await written(socket, step.bytes)
          await pause(socket, step.everyMillis ?? 0)
        }
        return "closed"
      case "Reset":
        socket.resetAndDestroy()
        return "closed"
      case "End":
        socket.end()
        socket.destroySoon()
        return "closed"
      case "Hang":
        // whether the other side hangs up is noticed by reading on
        for await (const _ of socket.iterator({ destroyOnReturn: false })) { /* nobody listens */ }
        socket.destroy()
        return "closed"
    }
  }
  return "open"
}

const written = (socket: net.Socket, bytes: Uint8Array): Promise<void> =>
  new Promise((resolve) => {
    if (socket.write(bytes)) return resolve()
    const done = (): void => {
      socket.off("drain", done).off("close", done)
      resolve()
    }
    socket.on("drain", done).on("close", done)
  })

// ends at once when the connection does, so that no timer outlives it
const pause = (socket: net.Socket, millis: number): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      socket.off("close", done)
      resolve()
    }
    const timer = setTimeout(done, millis)
    socket.on("close", done)
  })
