/**
 * Where secrets may go.
 */

/** Whether an address is on this machine. */
export const isLoopback = (url: URL): boolean =>
  url.hostname === "localhost" || url.hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(url.hostname)

/** Whether what is sent to an address can be read by the other side only: TLS, or this machine. */
export const isPrivate = (url: URL): boolean =>
  url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url))

/**
 * Whether an address is written as one of the public network: a name with a dot that is not reserved for use at home, or
 * a number that is routed. What a name resolves to cannot be told here.
 */
export const isPublic = ({ hostname }: URL): boolean => {
  if (hostname.startsWith("[")) {
    // global unicast, without the ranges that lead back to IPv4 and those for documents
    return /^\[[23][0-9a-f]{3}:/.test(hostname) && !/^\[(2001:(db8|0)?:|2002:)/.test(hostname)
  }
  const parts = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(hostname)
  if (parts !== null) {
    const [a = 0, b = 0, c = 0] = parts.slice(1).map(Number)
    return !(
      a === 0 || a === 10 || a === 127 || a >= 224 ||
      (a === 100 && b >= 64 && b < 128) ||
      (a === 169 && b === 254) ||
      (a === 172 && b >= 16 && b < 32) ||
      (a === 192 && (b === 168 || (b === 0 && (c === 0 || c === 2)))) ||
      (a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) ||
      (a === 203 && b === 0 && c === 113)
    )
  }
  const name = hostname.replace(/\.$/, "")
  return name.includes(".") && !/(^|\.)(localhost|local|internal|intranet|lan|home|corp|home\.arpa)$/.test(name)
}

/** The address that a text is, if it is one. */
export const parse = (text: string): URL | undefined => {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

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

/** What is wrong with a redirect URI (RFC 6749, section 3.1.2; RFC 8252, sections 7 and 8), if anything is. */
export const problemOfRedirectUri = (
  text: string,
  privateScheme: "reversed-domain" | "any"
): string | undefined => {
  // the parser removes white space and control characters, and the server compares letter by letter
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0020\u007f]/.test(text) || !URL.canParse(text)) return "is not an absolute URL"
  if (text.includes("#")) return "must not contain a fragment"
  const url = new URL(text)
  if (url.protocol === "http:" && !isLoopback(url)) {
    return "must begin with https://; plain http is accepted for this machine only"
  }
  if (url.protocol === "http:" || url.protocol === "https:") return undefined
  if (unsafeScheme.test(url.protocol)) return "has a scheme that cannot receive an answer"
  return privateScheme === "any" || url.protocol.includes(".")
    ? undefined
    : "has a scheme that any application may claim; use your domain name in reverse, com.example.app:/callback, or let "
      + "the dialect's privateScheme say that the server hands schemes out"
}

const unsafeScheme = /^(about|blob|data|file|javascript|vbscript|ws|wss):$/
