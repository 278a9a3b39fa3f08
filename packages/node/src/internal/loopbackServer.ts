/**
 * HTTP servers on this machine's loopback addresses, and on nothing else.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import * as Files from "./files.ts"

/** The addresses of the two families. */
export const ipv4 = "127.0.0.1"
export const ipv6 = "::1"

/** Listening failed, with this code of Node's. */
export interface Failed {
  readonly code: string
}

/** Whether the machine lacks the address, or its family. */
export const isAbsent = ({ code }: Failed): boolean => code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT"

/**
 * Listens, until the scope closes, at those of some addresses that the machine
 * has, all at one port; gives that port. Port 0 is any that is free at all of
 * them.
 */
export const listen = (
  addresses: ReadonlyArray<string>,
  port: number,
  listener: Http.RequestListener
): Effect.Effect<number, Failed, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.retry(startAll(addresses, port, listener), {
      // free for the one family and not for the other
      while: ({ code }) => port === 0 && code === "EADDRINUSE",
      times: 20
    }),
    ({ servers }) => Effect.forEach(servers, close, { discard: true })
  ).pipe(Effect.map(({ port }) => port))

/**
 * Listens as the first of some choices of which the machine has the addresses, so that neither family is taken for
 * granted (RFC 8252, section 7.3).
 */
export const listenAsFirst = <A>(
  [first, ...others]: readonly [Choice<A>, ...ReadonlyArray<Choice<A>>],
  port: number,
  listener: Http.RequestListener
): Effect.Effect<{ readonly as: A; readonly port: number }, Failed, Scope.Scope> => {
  const [second, ...rest] = others
  const listening = Effect.map(listen(first.addresses, port, listener), (port) => ({ as: first.as, port }))
  return second === undefined
    ? listening
    : Effect.catchIf(listening, isAbsent, () => listenAsFirst([second, ...rest], port, listener))
}

/** Addresses, and what a server at them is known as. */
export interface Choice<A> {
  readonly as: A
  readonly addresses: ReadonlyArray<string>
}

const startAll = Effect.fnUntraced(
  function*(addresses: ReadonlyArray<string>, port: number, listener: Http.RequestListener) {
    const servers: Array<Http.Server> = []
    for (const address of addresses) {
      yield* start(address, portOf(servers) ?? port, listener).pipe(
        Effect.map((server) => servers.push(server)),
        Effect.catchIf((failed) => isAbsent(failed) && addresses.length > 1, () => Effect.void),
        Effect.onError(() => Effect.forEach(servers, close, { discard: true }))
      )
    }
    const chosen = portOf(servers)
    return chosen === undefined ? yield* Effect.fail<Failed>({ code: "EADDRNOTAVAIL" }) : { servers, port: chosen }
  }
)

const portOf = ([server]: ReadonlyArray<Http.Server>): number | undefined => {
  const address = server?.address()
  return typeof address === "object" ? address?.port : undefined
}

const start = (address: string, port: number, listener: Http.RequestListener): Effect.Effect<Http.Server, Failed> =>
  Effect.callback((resume) => {
    const server = Http.createServer({
      keepAlive: false,
      // a code may be long; core refuses an answer that is longer than this
      maxHeaderSize: 65_536,
      headersTimeout: 10_000,
      requestTimeout: 10_000,
      connectionsCheckingInterval: 1_000
    }, listener)
    server.on("error", (error) => resume(Effect.fail({ code: Files.codeOf(error) ?? "unknown" })))
    server.listen({ host: address, port, exclusive: true }, () => resume(Effect.succeed(server)))
  })

const close = (server: Http.Server): Effect.Effect<void> =>
  Effect.callback((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })
