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

/**
 * The parameters of a form, or `undefined` when one comes twice (RFC 6749, section 3.2). Of those that may (RFC 8693,
 * RFC 8707) it is the last.
 */
export const formParameters = (body: string): Readonly<Record<string, string>> | undefined => {
  const form = new URLSearchParams(body)
  for (const name of ["resource", "audience"]) {
    const last = form.getAll(name).at(-1)
    if (last !== undefined) form.set(name, last)
  }
  const pairs = [...form]
  const record = Object.fromEntries(pairs)
  return Object.keys(record).length === pairs.length ? record : undefined
}
