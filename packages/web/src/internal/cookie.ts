/**
 * Cookies for this host alone, that no script reads (RFC 10017, section 6.1.3.2).
 */

/**
 * The whole name of a cookie. Browsers keep a cookie whose name begins so only if it came by TLS (or from this machine),
 * in a header and not from a script, for `/`, and for no other host of the domain.
 */
export const name = (purpose: string): string => `__Host-Http-${purpose}`

/** What every cookie of this package is. */
export const attributes = <const S extends "lax" | "strict">(
  sameSite: S
): { readonly httpOnly: true; readonly secure: true; readonly path: "/"; readonly sameSite: S } => ({
  httpOnly: true,
  secure: true,
  path: "/",
  sameSite
})
