/**
 * Servers quote what they were sent: "unknown token ey…". Their words are worth showing, and what was sent in secret is
 * not, so it is taken out of them.
 */
import type { HttpClientRequest } from "effect/http/HttpClientRequest"

/** Takes what a request carries in secret out of a text, also as a form or JSON writes it. */
export const unquoted = ({ body, headers, url }: HttpClientRequest): (text: string) => string => {
  const mask = (text: string): string => {
    const written = body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""
    const secrets = [
      ...named(new URLSearchParams(url.replace(/^[^?]*/, ""))),
      ...named(written.startsWith("{") ? Object.entries(JSON.parse(written)) : new URLSearchParams(written)),
      ...credentials(headers["authorization"] ?? ""),
      headers["dpop"] ?? ""
    ]
    return secrets.flatMap(forms).sort((a, b) => b.length - a.length)
      .reduce((text, secret) => secret.length < shortest ? text : text.replaceAll(secret, "<redacted>"), text)
  }
  return (text) => {
    try {
      return mask(text)
    } catch {
      // a body that a dialect wrote in its own way
      return "<redacted>"
    }
  }
}

/** Takes one secret out of a text. */
export const without = (text: string, secret: string): string =>
  forms(secret).reduce((text, form) => form.length < shortest ? text : text.replaceAll(form, "<redacted>"), text)

// what is shorter is found in any text
const shortest = 4

const secret = /secret|token(?!_type)|code(?!_challenge)|password|assertion(?!_type)|verifier|state|nonce/

const named = (parameters: Iterable<readonly [string, unknown]>): ReadonlyArray<string> =>
  [...parameters].flatMap(([name, value]) => typeof value === "string" && secret.test(name) ? [value] : [])

const credentials = (authorization: string): ReadonlyArray<string> => {
  const [scheme = "", value = ""] = authorization.split(" ", 2)
  if (scheme !== "Basic") return [value]
  const [, ...rest] = atob(value).split(":")
  const written = rest.join(":")
  return [value, written, ...new URLSearchParams(`x=${written}`).values()]
}

const forms = (text: string): ReadonlyArray<string> => [
  text,
  encodeURIComponent(text),
  new URLSearchParams({ x: text }).toString().slice(2),
  JSON.stringify(text).slice(1, -1)
]
