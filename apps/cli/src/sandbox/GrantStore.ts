/**
 * What the authorization servers of the sandbox remember. The adapter that
 * oidc-provider brings along keeps a thousand entries and forgets the oldest,
 * living grants among them; this one forgets nothing before its time.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Adapter, AdapterFactory, AdapterPayload } from "oidc-provider"

/** The memory of one authorization server. */
export interface GrantStore {
  /** What oidc-provider is given. */
  readonly adapter: AdapterFactory
  /** What stands under an id, to the millisecond; the provider itself counts in whole seconds. */
  readonly read: (model: string, id: string) => AdapterPayload | undefined
  /** Puts an entry that does not expire, a client for example. */
  readonly put: (model: string, id: string, payload: AdapterPayload) => void
}

interface Entry {
  readonly payload: AdapterPayload
  readonly expiresAt: number
}

/** Models that end with their grant. */
const grantable: ReadonlySet<string> = new Set(["AccessToken", "AuthorizationCode", "RefreshToken", "DeviceCode"])

/** Makes an empty memory. */
export const make: Effect.Effect<GrantStore> = Effect.map(Clock.Clock, (clock) => {
  const entries = new Map<string, Entry>()
  const grants = new Map<string, Set<string>>()
  const uids = new Map<string, string>()
  const userCodes = new Map<string, string>()
  let writes = 0

  const remove = (key: string): void => {
    const payload = entries.get(key)?.payload
    entries.delete(key)
    if (payload === undefined) return
    const members = payload.grantId === undefined ? undefined : grants.get(payload.grantId)
    if (members?.delete(key) === true && members.size === 0 && payload.grantId !== undefined) {
      grants.delete(payload.grantId)
    }
    if (payload.uid !== undefined && uids.get(payload.uid) === key) uids.delete(payload.uid)
    if (payload.userCode !== undefined && userCodes.get(payload.userCode) === key) userCodes.delete(payload.userCode)
  }

  const find = (key: string | undefined): AdapterPayload | undefined => {
    const entry = key === undefined ? undefined : entries.get(key)
    if (key === undefined || entry === undefined) return undefined
    if (entry.expiresAt > clock.currentTimeMillisUnsafe()) return entry.payload
    remove(key)
    return undefined
  }

  const put = (model: string, id: string, payload: AdapterPayload, expiresAt: number): void => {
    const key = `${model}:${id}`
    remove(key)
    entries.set(key, { payload, expiresAt })
    if (grantable.has(model) && payload.grantId !== undefined) {
      const members = grants.get(payload.grantId) ?? new Set()
      grants.set(payload.grantId, members.add(key))
    }
    if (model === "Session" && payload.uid !== undefined) uids.set(payload.uid, key)
    if (payload.userCode !== undefined) userCodes.set(payload.userCode, key)
    if (++writes % sweepEvery === 0) sweep()
  }

  const sweep = (): void => {
    const now = clock.currentTimeMillisUnsafe()
    for (const [key, entry] of entries) {
      if (entry.expiresAt <= now) remove(key)
    }
  }

  const adapter = (model: string): Adapter => ({
    upsert: (id, payload, expiresIn) => {
      const lifetime = expiresIn === undefined ? Infinity : expiresIn * 1000
      return Promise.resolve(put(model, id, payload, clock.currentTimeMillisUnsafe() + lifetime))
    },
    find: (id) => Promise.resolve(find(`${model}:${id}`)),
    findByUid: (uid) => Promise.resolve(find(uids.get(uid))),
    findByUserCode: (userCode) => Promise.resolve(find(userCodes.get(userCode))),
    consume: (id) => {
      const payload = find(`${model}:${id}`)
      if (payload !== undefined) payload.consumed = Math.floor(clock.currentTimeMillisUnsafe() / 1000)
      return Promise.resolve()
    },
    destroy: (id) => Promise.resolve(remove(`${model}:${id}`)),
    revokeByGrantId: (grantId) => {
      grants.get(grantId)?.forEach(remove)
      return Promise.resolve()
    }
  })

  return {
    adapter,
    read: (model, id) => find(`${model}:${id}`),
    put: (model, id, payload) => put(model, id, payload, Infinity)
  }
})

/** After how many writes the dead are looked for, so that a long run stays small. */
const sweepEvery = 4096
