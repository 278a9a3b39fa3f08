/**
 * Bytes, causes and forms of HTTP without sockets.
 */
import type { Answer } from "../TestHttp.ts"

/** The body of an answer as bytes. */
export const bodyBytes = (answer: Answer): Uint8Array =>
  typeof answer.body === "string" ? new TextEncoder().encode(answer.body) : answer.body

/** The body of an answer as text. */
export const bodyText = (answer: Answer): string =>
  typeof answer.body === "string" ? answer.body : new TextDecoder().decode(answer.body)

/** The cause of a broken connection as Node reports it: an error with a `code`. */
export const connectionCause = (code: string): Error => Object.assign(new Error(`${code} (test)`), { code })

/** The parameters of a form, or `undefined` when one comes twice (RFC 6749, section 3.2). */
export const formParameters = (body: string): Readonly<Record<string, string>> | undefined => {
  const pairs = [...new URLSearchParams(body)]
  const record = Object.fromEntries(pairs)
  return Object.keys(record).length === pairs.length ? record : undefined
}
