/**
 * The grants of a test authorization server: families of tokens, and what
 * presenting, revoking and waiting does to them. Time and names come from
 * outside; nothing here is an effect.
 */
import * as Duration from "effect/Duration"
import * as Hex from "effect/encoding/Hex"
import type { AuthorizationDetails } from "../../AuthorizationDetails.ts"
import type { RotationPolicy } from "../../RotationPolicy.ts"
import type { Scopes } from "../../Scopes.ts"
import type { Members } from "../IdTokenSigner.ts"
import type { Kind } from "../Ledger.ts"
import { seededBytes } from "./seededBytes.ts"

/** A family: what one login, or one request of the client's own, gave. */
export interface Family {
  readonly id: string
  readonly client: string
  readonly subject: string
  readonly scopes: Scopes
  readonly nonce: string | undefined
  /** When the person signed in, where a person did. */
  readonly authenticatedAt: number | undefined
  /** Further claims of the person. */
  readonly claims: Members
  readonly details: AuthorizationDetails | undefined
  /** The DPoP key that its refresh tokens are bound to. */
  readonly thumbprint: string | undefined
  revokedAt: number | undefined
  /** The refresh token that is accepted now. */
  current: Token | undefined
  /** The one whose presentation gave the current one. */
  parent: Token | undefined
  readonly tokens: Array<Token>
}

/** An access or a refresh token. */
export interface Token {
  readonly id: string
  readonly value: string
  readonly kind: "access" | "refresh"
  readonly family: Family
  readonly scopes: Scopes
  readonly resource: string | undefined
  /** What it allows in detail. */
  readonly details: AuthorizationDetails | undefined
  /** The DPoP key that an access token is bound to. */
  readonly thumbprint: string | undefined
  readonly issuedAt: number
  readonly expiresAt: number
  revokedAt: number | undefined
  /** When a refresh token was first accepted by a server that replaces it. */
  spentAt: number | undefined
  /** What the latest presentation gave, where a replay gives the same. */
  pair: Pair | undefined
}

/** What one answer of the token endpoint gives. */
export interface Pair {
  readonly access: Token
  readonly refresh: Token | undefined
}

/** What came of presenting a refresh token. */
export type Renewal =
  | { readonly _tag: "Accepted"; readonly pair: Pair }
  | { readonly _tag: "Refused"; readonly because: "unknown" | "expired" | "revoked" | "reused" | "scope" | "key" }

export interface Settings {
  readonly seed: number
  readonly rotation: RotationPolicy
  /** Milliseconds. */
  readonly accessTokenLifetime: number
  /** Milliseconds; `Infinity` when they live for ever. */
  readonly refreshTokenLifetime: number
  readonly previousAccessTokens: "kept" | "ended"
  /** What revoking a refresh token ends (RFC 7009, section 2.1). */
  readonly revocation: "grant" | "token"
}

/** What a presentation asks for, and what it proves. */
interface Presentation {
  readonly scopes: Scopes
  readonly resource: string | undefined
  readonly details: AuthorizationDetails | undefined
  readonly thumbprint: string | undefined
}

export type Grants = ReturnType<typeof makeGrants>

export const makeGrants = (
  settings: Settings,
  now: () => number,
  note: (kind: Kind, token: Token, options?: { readonly successor?: string; readonly detail?: string }) => void
) => {
  const bytes = seededBytes(settings.seed)
  const families: Array<Family> = []
  const tokens = new Map<string, Token>()

  const issue = (
    family: Family,
    kind: Token["kind"],
    options: {
      readonly scopes: Scopes
      readonly resource?: string | undefined
      readonly details?: AuthorizationDetails | undefined
      readonly thumbprint?: string | undefined
    }
  ): Token => {
    const id = `${family.id}-${kind === "access" ? "a" : "r"}${family.tokens.length + 1}`
    const token: Token = {
      id,
      value: `test-${id}-${Hex.encode(bytes(8))}`,
      kind,
      family,
      scopes: options.scopes,
      resource: options.resource,
      details: options.details ?? family.details,
      thumbprint: options.thumbprint,
      issuedAt: now(),
      expiresAt: now() + (kind === "access" ? settings.accessTokenLifetime : settings.refreshTokenLifetime),
      revokedAt: undefined,
      spentAt: undefined,
      pair: undefined
    }
    tokens.set(token.value, token)
    family.tokens.push(token)
    note("issued", token)
    return token
  }

  const isLive = (token: Token): boolean =>
    token.revokedAt === undefined && token.family.revokedAt === undefined && now() < token.expiresAt &&
    (token.kind === "access" || token === token.family.current)

  const end = (token: Token, by: string): void => {
    if (token.revokedAt !== undefined) return
    token.revokedAt = now()
    note("revoked", token, { detail: by })
  }

  const endFamily = (family: Family, by: string): void => {
    if (family.revokedAt !== undefined) return
    for (const token of family.tokens) if (isLive(token)) end(token, by)
    family.revokedAt = now()
  }

  const succeed = (token: Token, options: Presentation): Pair => {
    const refresh = issue(token.family, "refresh", { scopes: token.family.scopes })
    const pair = { access: issue(token.family, "access", options), refresh }
    token.pair = pair
    token.family.current = refresh
    token.family.parent = token
    return pair
  }

  /** Inside its window the parent of the current token is accepted once more. */
  const replay = (token: Token, options: Presentation): Pair | undefined => {
    const window = settings.rotation._tag === "Rotating" ? settings.rotation.window : undefined
    const { current, parent } = token.family
    if (window === undefined || token !== parent || token.spentAt === undefined || current === undefined) {
      return undefined
    }
    if (now() - token.spentAt > Duration.toMillis(window.duration)) return undefined
    if (window.idempotent) {
      note("replayed", token, { successor: current.id })
      return token.pair
    }
    current.spentAt = now()
    end(current, "sibling")
    const pair = succeed(token, options)
    note("replayed", token, { successor: pair.refresh?.id ?? "" })
    return pair
  }

  return {
    families,

    find: (value: string): Token | undefined => tokens.get(value),

    isLive,

    open: (options: {
      readonly client: string
      readonly subject: string
      readonly scopes: Scopes
      readonly nonce?: string | undefined
      readonly authenticatedAt?: number | undefined
      readonly claims?: Members | undefined
      readonly details?: AuthorizationDetails | undefined
      readonly thumbprint?: string | undefined
    }): Family => {
      const family: Family = {
        id: `f${families.length + 1}`,
        client: options.client,
        subject: options.subject,
        scopes: options.scopes,
        nonce: options.nonce,
        authenticatedAt: options.authenticatedAt,
        claims: options.claims ?? {},
        details: options.details,
        thumbprint: options.thumbprint,
        revokedAt: undefined,
        current: undefined,
        parent: undefined,
        tokens: []
      }
      families.push(family)
      return family
    },

    first: (
      family: Family,
      options: {
        readonly refresh: boolean
        readonly resource?: string | undefined
        readonly details?: AuthorizationDetails | undefined
        readonly thumbprint?: string | undefined
      }
    ): Pair => {
      const refresh = options.refresh ? issue(family, "refresh", { scopes: family.scopes }) : undefined
      family.current = refresh
      const { details, resource, thumbprint } = options
      return { access: issue(family, "access", { scopes: family.scopes, details, resource, thumbprint }), refresh }
    },

    renew: (value: string, options: {
      readonly client: string
      readonly scopes?: Scopes | undefined
      readonly resource?: string | undefined
      readonly details?: AuthorizationDetails | undefined
      readonly thumbprint?: string | undefined
    }): Renewal => {
      const token = tokens.get(value)
      if (token === undefined || token.kind !== "refresh" || token.family.client !== options.client) {
        return { _tag: "Refused", because: "unknown" }
      }
      const family = token.family
      const scopes = options.scopes ?? family.scopes
      const presentation = {
        scopes,
        resource: options.resource,
        details: options.details,
        thumbprint: options.thumbprint
      }
      if (family.thumbprint !== undefined && family.thumbprint !== options.thumbprint) {
        return { _tag: "Refused", because: "key" }
      }
      if (!scopes.every((scope) => family.scopes.includes(scope))) return { _tag: "Refused", because: "scope" }
      if (token.spentAt !== undefined) {
        const pair = family.revokedAt === undefined ? replay(token, presentation) : undefined
        if (pair !== undefined) return { _tag: "Accepted", pair }
        note("reused", token)
        if (reuseEndsFamily(settings.rotation)) endFamily(family, "reuse")
        return { _tag: "Refused", because: "reused" }
      }
      if (family.revokedAt !== undefined || token.revokedAt !== undefined) {
        return { _tag: "Refused", because: "revoked" }
      }
      if (now() >= token.expiresAt) return { _tag: "Refused", because: "expired" }

      if (settings.previousAccessTokens === "ended") {
        for (const other of family.tokens) if (other.kind === "access" && isLive(other)) end(other, "renewal")
      }
      switch (settings.rotation._tag) {
        case "Static": {
          note("kept", token)
          const access = issue(family, "access", presentation)
          return { _tag: "Accepted", pair: { access, refresh: undefined } }
        }
        case "OneShot": {
          token.spentAt = now()
          family.current = undefined
          note("spent", token)
          const access = issue(family, "access", presentation)
          return { _tag: "Accepted", pair: { access, refresh: undefined } }
        }
        case "Rotating":
        case "Unknown": {
          token.spentAt = now()
          const pair = succeed(token, presentation)
          note("rotated", token, { successor: pair.refresh?.id ?? "" })
          return { _tag: "Accepted", pair }
        }
      }
    },

    /** Ends a token as RFC 7009 has it; of an access token, only itself. */
    revoke: (token: Token, by: string): void => {
      if (token.kind === "refresh" && settings.revocation === "grant") endFamily(token.family, by)
      else if (isLive(token)) end(token, by)
    },

    end,
    endFamily
  }
}

const reuseEndsFamily = (rotation: RotationPolicy): boolean =>
  rotation._tag === "Unknown" || (rotation._tag === "Rotating" && rotation.reuseRevokesFamily)
