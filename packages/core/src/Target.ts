/**
 * What an access token is for, where one grant serves several resources.
 *
 * @since 0.1.0
 */
import type * as AuthorizationDetails from "./AuthorizationDetails.ts"
import * as Details from "./internal/details.ts"
import { canonical } from "./internal/json.ts"
import * as Scopes from "./Scopes.ts"

/**
 * A resource (RFC 8707), the scopes wanted there, and what is wanted in detail
 * (RFC 9396, section 6): less than the grant has.
 *
 * @category models
 * @since 0.1.0
 */
export interface Target {
  /** The canonical id; `""` for the grant's one target. */
  readonly id: string
  readonly resource?: string | undefined
  readonly scopes: Scopes.Scopes
  readonly authorizationDetails?: AuthorizationDetails.AuthorizationDetails | undefined
}

/**
 * The target of a grant that serves one: whatever the login asked for.
 *
 * @category constructors
 * @since 0.1.0
 */
export const whole: Target = { id: "", scopes: Scopes.empty }

/**
 * Makes a target.
 *
 * **Gotchas**
 *
 * The id spells the details out. It goes into the body of the grant's record and
 * nowhere else; do not log it.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: {
  readonly resource?: string | undefined
  readonly scopes?: Scopes.Scopes | undefined
  readonly authorizationDetails?: AuthorizationDetails.AuthorizationDetails | undefined
}): Target => {
  const scopes = Scopes.make(...options.scopes ?? [])
  const details = options.authorizationDetails ?? []
  return {
    // a resource comes first, so that none is taken for a scope
    id: [
      ...[options.resource ?? "", ...[...scopes].sort()].map((part) => encodeURIComponent(part)),
      // no part of the others has a = in it
      ...(details.length === 0 ? [] : [`=${encodeURIComponent(canonical(details))}`])
    ].join(" "),
    resource: options.resource,
    scopes,
    ...(details.length === 0 ? {} : { authorizationDetails: details })
  }
}

/**
 * Reads a canonical id back.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromId = (id: string): Target => {
  const [resource = "", ...others] = id.split(" ")
  const last = others.at(-1)
  const authorizationDetails = last?.startsWith("=") === true ? detailsOf(decode(last.slice(1))) : undefined
  const scopes = authorizationDetails === undefined ? others : others.slice(0, -1)
  return {
    id,
    ...(resource === "" ? {} : { resource: decode(resource) }),
    scopes: Scopes.make(...scopes.map(decode)),
    ...(authorizationDetails === undefined ? {} : { authorizationDetails })
  }
}

// what cannot be read stays among the scopes: a target is never wider than its id
const detailsOf = (text: string): AuthorizationDetails.AuthorizationDetails | undefined => {
  try {
    return Details.fromJson(JSON.parse(text))
  } catch {
    return undefined
  }
}

const decode = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
