/**
 * What oidc-provider remembers. The adapter that it brings along keeps a thousand entries and forgets the oldest,
 * living grants among them; this one forgets nothing before its time, and writes the ledger.
 */
import type { Adapter, AdapterFactory, AdapterPayload } from "oidc-provider"
import type { Ledger } from "./Ledger.ts"

/** The memory of the server. */
export interface Memory {
  readonly adapter: AdapterFactory
  /** What stands or stood under an id: it is remembered for a while after it has ended. */
  readonly look: (model: string, id: string) => Entry | undefined
}

interface Entry {
  readonly payload: AdapterPayload
  /** By `Date.now`. */
  readonly until: number
  readonly isRevoked: boolean
}

/** Makes an empty memory. */
export const make = (ledger: Ledger): Memory => {
  const entries = new Map<string, Entry>()
  const grants = new Map<string, Set<string>>()
  let writes = 0

  const find = (id: string): AdapterPayload | undefined => {
    const entry = entries.get(id)
    return entry !== undefined && entry.until > Date.now() ? entry.payload : undefined
  }
  const remove = (id: string) => {
    const entry = entries.get(id)
    if (entry !== undefined) entries.set(id, { payload: entry.payload, until: Date.now(), isRevoked: true })
  }
  const sweep = () => {
    const before = Date.now() - kept
    for (const [id, { payload, until }] of entries) {
      if (until > before) continue
      entries.delete(id)
      grants.get(payload.grantId ?? "")?.delete(id)
    }
  }

  const adapter = (model: string): Adapter => ({
    upsert: async (id, payload, expiresIn) => {
      const key = `${model}:${id}`
      const isNew = !entries.has(key)
      const until = expiresIn === undefined ? Infinity : Date.now() + expiresIn * 1000
      entries.set(key, { payload, until, isRevoked: false })
      if (payload.grantId !== undefined) {
        grants.set(payload.grantId, (grants.get(payload.grantId) ?? new Set()).add(key))
        if (model === "RefreshToken" && isNew) ledger.issued(id, payload.grantId)
      }
      if (++writes % 4096 === 0) sweep()
    },
    find: async (id) => find(`${model}:${id}`),
    findByUid: async () => undefined,
    findByUserCode: async () => undefined,
    consume: async (id) => {
      const payload = find(`${model}:${id}`)
      if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000)
      if (model === "RefreshToken") ledger.rotated(id)
    },
    destroy: async (id) => remove(`${model}:${id}`),
    revokeByGrantId: async (grantId) => {
      grants.get(grantId)?.forEach(remove)
      grants.delete(grantId)
    }
  })

  return { adapter, look: (model, id) => entries.get(`${model}:${id}`) }
}

// an expired token is told from one that never was
const kept = 60_000
