/**
 * What a test authorization server issued, was shown and answered: the server's
 * own word, against which a client's is checked.
 *
 * @since 0.1.0
 */
import type { Request } from "./TestHttp.ts"

/**
 * What a request is for. `unknown` is an address of the server at which nothing
 * is, `elsewhere` another host: it has no address here.
 *
 * @category models
 * @since 0.1.0
 */
export type Endpoint =
  | "authorization"
  | "token"
  | "revocation"
  | "introspection"
  | "device-authorization"
  | "pushed-authorization-request"
  | "registration"
  | "userinfo"
  | "jwks"
  | "metadata"
  | "api"
  | "unknown"
  | "elsewhere"

/**
 * A request as the server's side of the wire knows it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Exchange extends Request {
  /** From 0, over all clients. */
  readonly number: number
  /** The name that the sending client was made with. */
  readonly by: string
  /** Epoch milliseconds of the server's clock. */
  readonly at: number
  readonly endpoint: Endpoint
}

/**
 * What happened.
 *
 * - `presented`: a client sent a refresh token off; whether it arrived is told by what follows.
 * - `issued`: a token came to be.
 * - `rotated`: a refresh token was accepted and replaced by its `successor`.
 * - `kept`: a refresh token was accepted and stays as it is.
 * - `spent`: a refresh token was accepted, is used up and has no successor.
 * - `replayed`: a spent refresh token was accepted inside the window; `successor` is what it gave.
 * - `reused`: a spent refresh token came outside any window.
 * - `refused`: the server answered with an error; `detail` is its code.
 * - `revoked`: a token ended before its time; `detail` says by what.
 * - `used`: an access token was accepted by the API.
 * - `received`: a refresh token reached a client in an answer.
 * - `answered`, `unanswered`, `abandoned`: how an exchange ended for its client: with an answer, with a broken
 *   connection, or by the client giving up.
 *
 * @category models
 * @since 0.1.0
 */
export type Kind =
  | "presented"
  | "issued"
  | "rotated"
  | "kept"
  | "spent"
  | "replayed"
  | "reused"
  | "refused"
  | "revoked"
  | "used"
  | "received"
  | "answered"
  | "unanswered"
  | "abandoned"

/**
 * One entry, in the order in which things happened.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry {
  /** Epoch milliseconds of the server's clock. */
  readonly at: number
  readonly kind: Kind
  /** Who sent the request: the name that its HTTP client was made with. */
  readonly by: string
  /** The number of the exchange, from 0; absent for what the server did by itself. */
  readonly exchange?: number | undefined
  /** The family, `"f1"`: what one login gave. */
  readonly family?: string | undefined
  /** The token's name, `"f1-r2"` for the second refresh token of the first family. Not its value. */
  readonly token?: string | undefined
  readonly successor?: string | undefined
  readonly detail?: string | undefined
}

/**
 * The entries of some kinds.
 *
 * @category getters
 * @since 0.1.0
 */
export const ofKind = (entries: ReadonlyArray<Entry>, ...kinds: ReadonlyArray<Kind>): ReadonlyArray<Entry> =>
  entries.filter((entry) => kinds.includes(entry.kind))

/**
 * One line an entry, for people. No token values.
 *
 * @category getters
 * @since 0.1.0
 */
export const format = (entries: ReadonlyArray<Entry>): string =>
  entries.map((entry) => {
    const exchange = entry.exchange === undefined ? "" : `#${entry.exchange}`
    const what = [entry.token ?? entry.family, entry.successor && `-> ${entry.successor}`, entry.detail]
    return [
      String(entry.at).padStart(10),
      exchange.padEnd(5),
      entry.by.padEnd(10),
      entry.kind.padEnd(10),
      ...what.filter((part) => part !== undefined)
    ].join(" ").trimEnd()
  }).join("\n")
