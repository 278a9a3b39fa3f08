/**
 * Where secrets may go.
 */

/** Whether an address is on this machine. */
export const isLoopback = (url: URL): boolean =>
  url.hostname === "localhost" || url.hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(url.hostname)

/** Whether what is sent to an address can be read by the other side only: TLS, or this machine. */
export const isPrivate = (url: URL): boolean =>
  url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url))
