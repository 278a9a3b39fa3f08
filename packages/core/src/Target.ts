/**
 * What an access token is for, where one grant serves several resources.
 *
 * @since 0.1.0
 */
import * as Scopes from "./Scopes.ts"

/**
 * A resource (RFC 8707) and the scopes wanted there.
 *
 * @category models
 * @since 0.1.0
 */
export interface Target {
  /** The canonical id; `""` for the grant's one target. */
  readonly id: string
  readonly resource?: string | undefined
  readonly scopes: Scopes.Scopes
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
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: {
  readonly resource?: string | undefined
  readonly scopes?: Scopes.Scopes | undefined
}): Target => {
  const scopes = Scopes.make(...options.scopes ?? [])
  return {
    // a resource comes first, so that none is taken for a scope
    id: [options.resource ?? "", ...[...scopes].sort()].map((part) => encodeURIComponent(part)).join(" "),
    resource: options.resource,
    scopes
  }
}

/**
 * Reads a canonical id back.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromId = (id: string): Target => {
  const [resource = "", ...scopes] = id.split(" ").map(decode)
  return { id, ...(resource === "" ? {} : { resource }), scopes: Scopes.make(...scopes) }
}

const decode = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
