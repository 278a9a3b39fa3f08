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
  return phases.find(([, codes]) => isOneOf(codes, code))?.[0] ?? notSent(cause, depth - 1)
}

/** What became of a request that may have been sent. */
export const lostBy = (error: unknown, depth = 8): "reset" | "timeout" | "transport" => {
  if (depth === 0 || typeof error !== "object" || error === null) return "transport"
  const { cause, code }: Partial<Record<"cause" | "code", unknown>> = error
  return isOneOf(resets, code) ? "reset" : isOneOf(timeouts, code) ? "timeout" : lostBy(cause, depth - 1)
}

const isOneOf = (codes: RegExp, code: unknown): boolean => typeof code === "string" && codes.test(code)

const resets = /^(ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET)$/

const timeouts = /TIMEOUT$|^ETIMEDOUT$/

const phases: ReadonlyArray<readonly [phase: NotSent, codes: RegExp]> = [
  ["dns", /^(ENOTFOUND$|EAI_)/],
  ["connect", /^(ECONNREFUSED|UND_ERR_CONNECT_TIMEOUT)$/],
  ["rejected", /^(ERR_INVALID_CHAR|ERR_INVALID_URL|ERR_UNESCAPED_CHARACTERS|UND_ERR_INVALID_ARG)$/],
  ["tls", /^ERR_(TLS_HANDSHAKE_TIMEOUT|SSL_(WRONG_VERSION_NUMBER|UNSUPPORTED_PROTOCOL|TLSV1_ALERT_PROTOCOL_VERSION))$/],
  // the certificate is judged before the first byte of a request is written
  ["tls", /^(CERT_|CRL_|ERR_TLS_CERT_|UNABLE_TO_|SELF_SIGNED_CERT_|DEPTH_ZERO_SELF_SIGNED_CERT$)/],
  ["tls", /^(HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)$/],
  // What a server says that refuses a client's certificate, or that none was shown, in the words of two versions of
  // OpenSSL. By TLS 1.3 it may say so after a request was written (RFC 8446, section 4.4.2.4), and then it has not read
  // it: the handshake is not done.
  [
    "tls",
    /^ERR_SSL_(SSL\/TLS|SSLV3|TLSV1|TLSV13)_ALERT_((BAD|NO|UNSUPPORTED)_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|HANDSHAKE_FAILURE)$/
  ]
]
