/**
 * The APIs of Frame.io, as far as "who am I" goes: V4, and the flat V2 that the
 * legacy server and devices use.
 *
 * Facts: https://developer.frame.io/docs/troubleshooting/rate-limits and
 * https://developer.frame.io/api/reference
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { OutgoingHttpHeaders } from "node:http"
import * as Account from "./Account.ts"
import type { GrantStore } from "./GrantStore.ts"
import * as Message from "./Message.ts"

/** An API. */
export interface Api {
  /** Whether a path belongs to it. */
  readonly owns: (path: string) => boolean
  /** Answers a call; `refused` says that the token is to be taken for unknown. */
  readonly answer: (request: Message.Request, refused: boolean) => Effect.Effect<Message.Answer>
}

/** Makes the APIs. */
export const make = (options: {
  /** Whose tokens V4 takes. */
  readonly v4: ReadonlyArray<GrantStore>
  /** Whose tokens V2 takes. */
  readonly v2: ReadonlyArray<GrantStore>
  readonly accounts: Account.Accounts
  readonly callsPerMinute: () => number
}): Api => {
  const buckets = new Map<string, Bucket>()

  const limit = (key: string, now: number): { readonly headers: OutgoingHttpHeaders; readonly exhausted: boolean } => {
    const capacity = options.callsPerMinute()
    const bucket = buckets.get(key) ?? { level: 0, at: now }
    const level = Math.max(0, bucket.level - (now - bucket.at) * capacity / rateWindow)
    const exhausted = level + 1 > capacity
    buckets.set(key, { level: exhausted ? level : level + 1, at: now })
    return {
      exhausted,
      headers: {
        "x-ratelimit-limit": String(capacity),
        "x-ratelimit-remaining": String(exhausted ? 0 : Math.floor(capacity - level - 1)),
        "x-ratelimit-window": String(rateWindow)
      }
    }
  }

  return {
    owns: (path) => path.startsWith("/v4/") || path.startsWith("/v2/"),
    answer: Effect.fnUntraced(function*(request, refused) {
      const version = request.url.pathname.startsWith("/v4/") ? v4 : v2
      const caller = refused ? undefined : version.caller(bearerToken(request), options[version.name], options.accounts)
      const { exhausted, headers } = limit(
        `${caller?.id ?? ""} ${request.url.pathname}`,
        yield* Clock.currentTimeMillis
      )
      if (caller === undefined) return version.error(401, headers)
      if (exhausted) return version.error(429, headers)
      if (request.url.pathname !== `/${version.name}/me`) return version.error(404, headers)
      if (request.method !== "GET") return version.error(405, headers)
      return Message.json(200, version.profile(caller), headers)
    })
  }
}

/** The token of an `Authorization: Bearer` header. */
export const bearerToken = (request: Message.Request): string | undefined =>
  /^bearer ([^\s]+)$/i.exec(request.headers.authorization ?? "")?.[1]

interface Bucket {
  readonly level: number
  readonly at: number
}

interface Caller {
  readonly id: string
  readonly name: string
  readonly email: string
}

interface Version {
  readonly name: "v2" | "v4"
  readonly caller: (
    token: string | undefined,
    stores: ReadonlyArray<GrantStore>,
    accounts: Account.Accounts
  ) => Caller | undefined
  readonly profile: (caller: Caller) => unknown
  readonly error: (status: Status, headers: OutgoingHttpHeaders) => Message.Answer
}

type Status = 401 | 404 | 405 | 429

/** Milliseconds. */
const rateWindow = 60_000

/** V4 answers 401 to a token that lacks the roles, just as to one that it does not know. */
const v4: Version = {
  name: "v4",
  caller: (token, stores, accounts) => {
    const payload = granted(token, stores)
    const scopes = (payload?.scope ?? "").split(" ")
    if (scopes.includes("frame.s2s.all")) return service(payload?.clientId)
    return scopes.includes("additional_info.roles") ? person(accounts.find(payload?.accountId ?? "")) : undefined
  },
  profile: (caller) => ({ data: { ...caller, avatar_url: null } }),
  error: (status, headers) =>
    Message.json(status, { errors: [{ title: titles[status], detail: details[status] }] }, headers)
}

const v2: Version = {
  name: "v2",
  caller: (token, stores, accounts) => {
    const payload = granted(token, stores)
    return payload?.accountId === undefined ? undefined : person(accounts.find(payload.accountId))
  },
  profile: (caller) => ({ _type: "user", ...caller, image_64: null }),
  error: (status, headers) => {
    const title = status === 401 ? "Not Authorized" : titles[status]
    return Message.json(
      status,
      { code: status, errors: [{ code: status, detail: details[status], status, title }], message: title },
      headers
    )
  }
}

const granted = (token: string | undefined, stores: ReadonlyArray<GrantStore>) => {
  if (token === undefined) return undefined
  for (const store of stores) {
    const payload = store.read("AccessToken", token) ?? store.read("ClientCredentials", token)
    if (payload !== undefined) return payload
  }
  return undefined
}

const person = (account: Account.Account | undefined): Caller | undefined =>
  account === undefined
    ? undefined
    : { id: account.id, name: `${account.givenName} ${account.familyName}`, email: account.email }

const service = (client: string | undefined): Caller => ({
  id: Account.idOf(client ?? ""),
  name: client ?? "",
  email: `${client}@sandbox.invalid`
})

const titles: Readonly<Record<Status, string>> = {
  401: "Unauthorized",
  404: "Not Found",
  405: "Method Not Allowed",
  429: "Too Many Requests"
}

const details: Readonly<Record<Status, string>> = {
  401: "Invalid or missing authorization token",
  404: "The sandbox has only /me",
  405: "The sandbox only reads",
  429: "Rate limit exceeded"
}
