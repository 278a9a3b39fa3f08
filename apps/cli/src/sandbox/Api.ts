/**
 * The APIs of Frame.io, as far as "who am I" goes, and in V4 "what do I reach":
 * V4, and the flat V2 that the legacy server and devices use.
 *
 * Facts: https://developer.frame.io/docs/troubleshooting/rate-limits,
 * https://developer.frame.io/api/reference and
 * https://next.developer.frame.io/platform/api-reference/workspaces/index
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
      const resource = version.resource(request.url.pathname, caller)
      if (resource === undefined) return version.error(404, headers)
      if (request.method !== "GET") return version.error(405, headers)
      return Message.json(200, resource, headers)
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
  /** What is at a path, for who calls; nothing where nothing is. */
  readonly resource: (path: string, caller: Caller) => unknown
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
  resource: (path, caller) => {
    const account = { id: Account.idOf(`account of ${caller.id}`), display_name: `Studio of ${caller.name}`, ...stamps }
    switch (path) {
      case "/v4/me":
        return { data: { ...caller, avatar_url: null } }
      case "/v4/accounts":
        return { data: [account], links: { next: null } }
      case `/v4/accounts/${account.id}/workspaces`:
        return {
          data: ["Dailies", "Rough cuts", "Delivery"].map((name) => ({
            id: Account.idOf(`${name} of ${account.id}`),
            name,
            account_id: account.id,
            ...stamps
          })),
          links: { next: null }
        }
      default:
        return undefined
    }
  },
  error: (status, headers) =>
    Message.json(status, { errors: [{ title: titles[status], detail: details[status] }] }, headers)
}

const v2: Version = {
  name: "v2",
  caller: (token, stores, accounts) => {
    const payload = granted(token, stores)
    return payload?.accountId === undefined ? undefined : person(accounts.find(payload.accountId))
  },
  resource: (path, caller) => path === "/v2/me" ? { _type: "user", ...caller, image_64: null } : undefined,
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

const stamps = { created_at: "2026-01-05T09:00:00.000000Z", updated_at: "2026-01-05T09:00:00.000000Z" }

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
  404: "The sandbox has only /me, and in V4 /accounts and their /workspaces",
  405: "The sandbox only reads",
  429: "Rate limit exceeded"
}
