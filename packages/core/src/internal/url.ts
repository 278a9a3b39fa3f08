/**
 * Where secrets may go.
 */

/** Whether an address is on this machine. */
export const isLoopback = (url: URL): boolean =>
  url.hostname === "localhost" || url.hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(url.hostname)

/** Whether what is sent to an address can be read by the other side only: TLS, or this machine. */
export const isPrivate = (url: URL): boolean =>
  url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url))

/** Whether a text is a URI with a scheme, of printable ASCII. */
export const isAbsoluteUri = (text: string): boolean =>
  /^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/i.test(text) && URL.canParse(text)

/** What is wrong with a resource indicator (RFC 8707, section 2), if anything is. It is never changed, only refused. */
export const problemOfResource = (text: string): string | undefined =>
  !isAbsoluteUri(text)
    ? "must be absolute URIs, like https://api.example.com"
    : text.includes("#")
    ? "must not contain a fragment"
    : undefined
