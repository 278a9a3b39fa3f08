/**
 * Tells from an error that a request never left this machine. What cannot be told is not guessed: such a request may
 * have been processed.
 */

/** Why nothing was sent; `rejected` when the client itself would not send such a request. */
export type NotSent = "dns" | "connect" | "tls" | "rejected"

/** Why nothing was sent, by the codes that Node gives in a chain of causes; `undefined` when something may have been. */
export const notSent = (error: unknown, depth = 8): NotSent | undefined => {
  if (depth === 0 || typeof error !== "object" || error === null) return undefined
  const { cause, code, errors, syscall }: Partial<Record<"cause" | "code" | "errors" | "syscall", unknown>> = error
  // one error for each address that was tried: none of them may have got through
  if (Array.isArray(errors) && errors.length > 0) {
    const all = errors.map((error: unknown) => notSent(error, depth - 1))
    return all.includes(undefined) ? undefined : all[0]
  }
  if (syscall === "connect") return "connect"
  return typeof code === "string" ?
    phases.get(code) ?? byPattern(code) ?? notSent(cause, depth - 1)
    : notSent(cause, depth - 1)
}

/** What became of a request that may have been sent. */
export const lostBy = (error: unknown, depth = 8): "reset" | "timeout" | "transport" => {
  if (depth === 0 || typeof error !== "object" || error === null) return "transport"
  const { cause, code }: Partial<Record<"cause" | "code", unknown>> = error
  return typeof code === "string" && resets.has(code) ?
    "reset"
    : typeof code === "string" && /TIMEOUT$|^ETIMEDOUT$/.test(code) ?
    "timeout"
    : lostBy(cause, depth - 1)
}

const byPattern = (code: string): NotSent | undefined =>
  code.startsWith("EAI_") ? "dns" : certificate.test(code) || refusedCertificate.test(code) ? "tls" : undefined

const phases: ReadonlyMap<string, NotSent> = new Map([
  ["ENOTFOUND", "dns"],
  ["ECONNREFUSED", "connect"],
  ["UND_ERR_CONNECT_TIMEOUT", "connect"],
  ["ERR_TLS_HANDSHAKE_TIMEOUT", "tls"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "tls"],
  ["ERR_SSL_UNSUPPORTED_PROTOCOL", "tls"],
  ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", "tls"],
  ["HOSTNAME_MISMATCH", "tls"],
  ["INVALID_CA", "tls"],
  ["INVALID_PURPOSE", "tls"],
  ["PATH_LENGTH_EXCEEDED", "tls"],
  ["ERR_INVALID_CHAR", "rejected"],
  ["ERR_INVALID_URL", "rejected"],
  ["ERR_UNESCAPED_CHARACTERS", "rejected"],
  ["UND_ERR_INVALID_ARG", "rejected"]
])

// What a server says that refuses a client's certificate, or that none was shown, in the words of two versions of
// OpenSSL. By TLS 1.3 it may say so after a request was written (RFC 8446, section 4.4.2.4), and then it has not read it:
// the handshake is not done.
const refusedCertificate =
  /^ERR_SSL_(SSL\/TLS|SSLV3|TLSV1|TLSV13)_ALERT_((BAD|NO|UNSUPPORTED)_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|HANDSHAKE_FAILURE)$/

// the certificate is judged before the first byte of a request is written
const certificate = /^(CERT_|CRL_|ERR_TLS_CERT_|UNABLE_TO_|SELF_SIGNED_CERT_|DEPTH_ZERO_SELF_SIGNED_CERT$)/

const resets: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED", "UND_ERR_SOCKET"])
