/**
 * What a request says, as it arrived.
 */
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Stream from "effect/Stream"

/** The path, not decoded. */
export const pathOf = ({ originalUrl }: HttpServerRequest): string => {
  const path = originalUrl.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "")
  return path.replace(/[?#].*$/s, "")
}

/** The query, not decoded: the router's own reading of it may differ. */
export const queryOf = ({ originalUrl }: HttpServerRequest): string => {
  const mark = originalUrl.indexOf("?")
  return mark === -1 ? "" : originalUrl.slice(mark + 1)
}

/** Whether a browser asks before anybody wants the page. */
export const isPrefetch = ({ headers }: HttpServerRequest): boolean =>
  /\bprefetch\b/i.test(`${headers["sec-purpose"] ?? ""} ${headers["purpose"] ?? ""} ${headers["x-moz"] ?? ""}`)

/** Whether the sender shows pages to a person. Programs say `application/json`, or that they take anything. */
export const wantsPage = ({ headers }: HttpServerRequest): boolean => {
  const accepted = (headers["accept"] ?? "").split(",").map(weighed)
  const weight = (pattern: RegExp) => Math.max(0, ...accepted.filter(([type]) => pattern.test(type)).map(([, q]) => q))
  const page = weight(/^(text\/html|application\/xhtml\+xml)$/)
  return page > 0 && page >= weight(/^application\/(\w+\+)?json$/)
}

/** The fields of a form, of 64 KiB at most; nothing where the body is none. */
export const formOf = (request: HttpServerRequest): Effect.Effect<string | undefined> =>
  !/^application\/x-www-form-urlencoded\s*(;|$)/i.test(request.headers["content-type"] ?? "")
    ? Effect.undefined
    : request.stream.pipe(
      Stream.runFoldEffect(
        () => ({ chunks: [] as ReadonlyArray<Uint8Array>, length: 0 }),
        (read, chunk) =>
          read.length + chunk.length > maxForm
            ? Effect.fail("too-large" as const)
            : Effect.succeed({ chunks: [...read.chunks, chunk], length: read.length + chunk.length })
      ),
      Effect.map(({ chunks }) => {
        const decoder = new TextDecoder()
        return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode()
      }),
      Effect.orElseSucceed(() => undefined)
    )

const maxForm = 65_536

const weighed = (range: string): readonly [type: string, weight: number] => {
  const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase())
  const q = parameters.find((parameter) => parameter.startsWith("q="))
  return [type, q === undefined ? 1 : Number(q.slice(2)) || 0]
}
