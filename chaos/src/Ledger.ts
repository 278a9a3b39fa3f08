/**
 * What the authorization server did, token by token: issued, presented, rotated, refused, revoked. Everything that a
 * run claims is counted from here. Tokens appear as digests.
 */
import { createHash } from "node:crypto"
import * as Fs from "node:fs"
import { type Kind, now } from "./Settings.ts"

/** How an answer with a pair left the server. */
export interface Delivery {
  /** The process that asked. */
  readonly to: string
  readonly at: number
  /** `dropped`: the harness kept it back. `gone`: nobody was there to take it. */
  outcome: "delivered" | "dropped" | "gone"
}

/** A refresh token that somebody showed. */
export interface Presentation {
  readonly token: Token
  readonly by: string
  readonly at: number
  /** `replayed`: answered again within the window. `failed`: the server did not get to it. */
  readonly outcome: "rotated" | "replayed" | "refused" | "failed"
}

/** A refresh token. */
export interface Token {
  readonly digest: string
  readonly lineage: Lineage
  readonly serial: number
  readonly issuedAt: number
  /** When it was replaced. */
  spentAt: number | undefined
  /** What replaced it. */
  successor: Token | undefined
  /** How it was sent to whom. */
  readonly deliveries: Array<Delivery>
  readonly presentations: Array<Presentation>
}

/** The refresh tokens of one login. */
export interface Lineage {
  readonly id: string
  readonly account: string
  readonly kind: Kind
  readonly startedAt: number
  readonly tokens: Array<Token>
  /** Why the client asked for this login, in its own words; nothing for the first of an account. */
  readonly why: string | undefined
  ended: { readonly at: number; readonly by: "reuse" | "revocation" } | undefined
}

/** A token in the ledger and in journals. */
export const digest = (token: string): string => createHash("sha256").update(token).digest("base64url").slice(0, 16)

/** The ledger of one run. */
export class Ledger {
  readonly lineages: Array<Lineage> = []
  readonly presentations: Array<Presentation> = []
  readonly #tokens = new Map<string, Token>()
  readonly #lineages = new Map<string, Lineage>()
  readonly #file: number | undefined

  /** Each entry is also written to a file as a line, where there is one. */
  constructor(file?: string) {
    this.#file = file === undefined ? undefined : Fs.openSync(file, "w", 0o600)
  }

  /** A login begins. */
  begin(id: string, account: string, kind: Kind, why: string | undefined): Lineage {
    const lineage: Lineage = { id, account, kind, why, startedAt: now(), tokens: [], ended: undefined }
    this.lineages.push(lineage)
    this.#lineages.set(id, lineage)
    this.#write("login", { account, lineage: id, why })
    return lineage
  }

  /** The newest login of an account. */
  newest(account: string): Lineage | undefined {
    return this.lineages.findLast((lineage) => lineage.account === account)
  }

  token(value: string): Token | undefined {
    return this.#tokens.get(digest(value))
  }

  issued(value: string, grantId: string): void {
    const lineage = this.#lineages.get(grantId)
    if (lineage === undefined) throw new Error(`a token of ${grantId}, which nobody began`)
    const token: Token = {
      digest: digest(value),
      lineage,
      serial: lineage.tokens.length + 1,
      issuedAt: now(),
      spentAt: undefined,
      successor: undefined,
      deliveries: [],
      presentations: []
    }
    const before = lineage.tokens.at(-1)
    if (before !== undefined) before.successor = token
    lineage.tokens.push(token)
    this.#tokens.set(token.digest, token)
    this.#write("issued", { ...name(token) })
  }

  rotated(value: string): void {
    const token = this.token(value)
    if (token === undefined || token.spentAt !== undefined) return
    token.spentAt = now()
    this.#write("rotated", { ...name(token) })
  }

  presented(token: Token, by: string, at: number, outcome: Presentation["outcome"]): void {
    const presentation: Presentation = { token, by, at, outcome }
    token.presentations.push(presentation)
    this.presentations.push(presentation)
    this.#write(outcome === "refused" ? "refused" : "presented", { ...name(token), by, outcome })
  }

  sent(token: Token, delivery: Delivery): void {
    token.deliveries.push(delivery)
    this.#write("sent", { ...name(token), ...delivery })
  }

  revoked(grantId: string, by: "reuse" | "revocation"): void {
    const lineage = this.#lineages.get(grantId)
    if (lineage === undefined || lineage.ended !== undefined) return
    lineage.ended = { at: now(), by }
    this.#write("revoked", { account: lineage.account, lineage: grantId, by })
  }

  /** What the harness does, for whoever reads the file. */
  note(event: string, place?: number): void {
    this.#write(event, { place })
  }

  #write(event: string, entry: object): void {
    if (this.#file !== undefined) Fs.writeSync(this.#file, `${JSON.stringify({ event, now: now(), ...entry })}\n`)
  }
}

/** The refresh token that the server accepts, where the login still stands. */
export const live = ({ ended, tokens }: Lineage): Token | undefined =>
  ended === undefined ? tokens.findLast(({ spentAt }) => spentAt === undefined) : undefined

const name = (token: Token) => ({
  account: token.lineage.account,
  lineage: token.lineage.id,
  serial: token.serial,
  token: token.digest
})
