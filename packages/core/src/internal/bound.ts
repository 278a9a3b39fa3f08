/**
 * What tokens are bound to when they come, for whoever proves requests: a DPoP key (RFC 9449, section 5), or a certificate
 * (RFC 8705, sections 3 and 4).
 */
import * as Record from "effect/Record"
import type { Judgement } from "../TokenResponse.ts"
import type { TokenSet } from "../TokenSet.ts"

/**
 * Binds what a judgement holds: access tokens of a type, and refresh tokens where the client proves nothing else, as its
 * method `"none"` says.
 */
export const bound = (
  judgement: Judgement,
  { method, thumbprint, type }: { readonly method: string; readonly thumbprint: string; readonly type: string }
): Judgement => {
  const refreshTokenThumbprint = method === "none" ? thumbprint : undefined
  switch (judgement._tag) {
    case "Granted": {
      const own = (tokens: TokenSet): TokenSet => ({
        ...tokens,
        ...(tokens.tokenType === type ? { thumbprint } : {}),
        ...(tokens.refreshToken === undefined ? {} : { refreshTokenThumbprint })
      })
      const { parts, ...tokens } = judgement.tokens
      return {
        ...judgement,
        tokens: parts === undefined ? own(tokens) : { ...own(tokens), parts: Record.map(parts, own) }
      }
    }
    case "Unusable":
      return { ...judgement, refreshTokenThumbprint }
    default:
      return judgement
  }
}
