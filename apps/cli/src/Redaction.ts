/**
 * Requests and answers as they may be shown.
 */
import type { HttpClientResponse } from "effect/http/HttpClientResponse"

/** A header's value, or what stands for it. */
export const header = (name: string, value: string): string => {
  if (!isSecret(name) || name.toLowerCase() === "www-authenticate") return value
  // the scheme of credentials is no secret
  const scheme = /^(Basic|Bearer|DPoP) /i.exec(value)?.[0] ?? ""
  return `${scheme}<redacted>`
}

/** The headers of an answer: one that quotes the credentials of its request is shown without them. */
export const answer = (
  { headers, request }: HttpClientResponse
): ReadonlyArray<readonly [name: string, value: string]> => {
  const [, credentials = ""] = (request.headers["authorization"] ?? "").split(" ", 2)
  const sent = [credentials, request.headers["dpop"] ?? ""].filter((secret) => secret.length > 3)
  return Object.entries(headers).map(([name, value]) => [
    name,
    sent.reduce((text, secret) => text.replaceAll(secret, "<redacted>"), header(name, value))
  ])
}

/** An address, the secrets in its query replaced. */
export const url = (text: string): string => {
  if (!URL.canParse(text)) return "<not an address>"
  const parsed = new URL(text)
  for (const name of new Set(parsed.searchParams.keys())) {
    if (isSecret(name) || name === "code" || name === "state") parsed.searchParams.set(name, "<redacted>")
  }
  if (parsed.username !== "") parsed.username = "redacted"
  if (parsed.password !== "") parsed.password = "redacted"
  return parsed.href.replaceAll("%3Credacted%3E", "<redacted>")
}

const isSecret = (name: string): boolean =>
  /auth|cookie|token|secret|password|key|credential|session|signature|dpop|assertion/i.test(name)
