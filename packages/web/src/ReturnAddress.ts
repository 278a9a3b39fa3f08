/**
 * Where a browser may be led after a login or a sign-out: to a path of this
 * application, and nowhere else (RFC 9700, sections 4.1 and 4.11).
 *
 * @since 0.1.0
 */

/**
 * A path of this application, as a browser would read it; nothing where it leads
 * elsewhere.
 *
 * **Details**
 *
 * What is accepted begins with one `/` and holds visible ASCII only. These are
 * refused, since some browser or server reads another host in them:
 *
 * - whole addresses and other schemes: `https://evil.example`, `https:evil.example`, `javascript:…`, `data:…`
 * - addresses without a scheme: `//evil.example`, `///evil.example`
 * - backslashes, which browsers take for slashes: `/\evil.example`
 * - tabs, line breaks and spaces, which browsers drop: `/<tab>/evil.example`
 * - dots that leave two slashes behind: `/.//evil.example`, `/a/..//evil.example`
 * - what begins with no slash: `evil.example`, `@evil.example`, nothing at all
 * - letters outside ASCII, some of which are normalised into a slash or a dot
 *
 * What is percent-encoded stays so (`/%2f/evil.example` is a path): it is sent as
 * it came, and nothing decodes it on the way.
 *
 * **Example** (Following a link, or not)
 *
 * ```ts import.meta.vitest
 * import { ReturnAddress } from "@effect-oauth/web"
 *
 * ReturnAddress.parse("/albums?page=2#top", "https://app.example") // => "/albums?page=2#top"
 * ReturnAddress.parse("//evil.example", "https://app.example") // => undefined
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const parse = (text: string, origin: string): string | undefined => {
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(text) || text.includes("\\") || text.length > maxLength) return undefined
  if (!URL.canParse(text, origin)) return undefined
  const url = new URL(text, origin)
  return url.origin === origin && !url.pathname.startsWith("//") ? url.pathname + url.search + url.hash : undefined
}

// it is kept with the login, and sent in a header
const maxLength = 2_048
