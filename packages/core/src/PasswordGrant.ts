/**
 * The resource owner password credentials grant (RFC 6749, section 4.3), for
 * servers that have nothing else.
 *
 * **Gotchas**
 *
 * The application sees the person's password. RFC 9700, section 2.4, says that
 * this grant must not be used, and OAuth 2.1 has it no more: prefer any other.
 *
 * @since 0.1.0
 */
import type * as Redacted from "effect/Redacted"
import type { Parameters, TokenRequest } from "./TokenRequest.ts"

/**
 * Exchanges a person's name and password for tokens. Neither is kept.
 *
 * @deprecated For servers that have nothing else; prefer any other grant.
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: {
  readonly username: string
  readonly password: Redacted.Redacted
  readonly scope?: string | undefined
  readonly parameters?: Parameters | undefined
}): TokenRequest => ({
  grantType: "password",
  parameters: [
    ["username", options.username],
    ["password", options.password],
    ...(options.scope === undefined ? [] : [["scope", options.scope] as const]),
    ...(options.parameters ?? [])
  ]
})
