/**
 * Bodies that should be JSON objects.
 */
import type { Json, JsonObject } from "effect/Schema"

/** Whether a `Content-Type` names JSON: `application/json`, or a type with the suffix `+json` (RFC 6839). */
export const isJson = (contentType: string | undefined): boolean =>
  contentType !== undefined && /^\s*application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(contentType)

/**
 * The object of a body, or what it is instead. A byte order mark is passed over; what is not UTF-8 is not repaired. Of
 * two members of one name the last counts.
 */
export const parseObject = (body: Uint8Array): JsonObject | "encoding" | "not-json" | "not-an-object" => {
  let text: string
  try {
    text = utf8.decode(body)
  } catch {
    return "encoding"
  }
  try {
    const json: Json = JSON.parse(text)
    return isObject(json) ? json : "not-an-object"
  } catch {
    // the parser's message quotes the text
    return "not-json"
  }
}

const utf8 = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true })

/** A member that the object itself has; `null` counts as none. */
export const member = (object: JsonObject, name: string): Json | undefined =>
  Object.hasOwn(object, name) ? object[name] ?? undefined : undefined

/** Whether a value is a list of texts. */
export const isTexts = (value: Json | undefined): value is ReadonlyArray<string> =>
  Array.isArray(value) && value.every((element) => typeof element === "string")

/**
 * A value as it is once it was written and read again; `undefined` where it cannot be: what nests deeper than this can be
 * parsed, and not always written again, and a number beyond doubles is parsed as one that JSON has no word for.
 */
export const settled = (json: Json): Json | undefined =>
  canBeWritten(json, 32) ? JSON.parse(JSON.stringify(json)) : undefined

const canBeWritten = (json: Json, depth: number): boolean =>
  typeof json !== "object" || json === null
    ? typeof json !== "number" || Number.isFinite(json)
    : depth > 0 && Object.values(json).every((value) => canBeWritten(value, depth - 1))

/** A text that is the same for the same value, in whatever order its objects have their members. */
export const canonical = (json: Json): string =>
  Array.isArray(json)
    ? `[${json.map(canonical).join()}]`
    : isObject(json)
    ? `{${
      Object.entries(json).toSorted(([a], [b]) => a < b ? -1 : 1)
        .map(([name, value]) => `${JSON.stringify(name)}:${canonical(value)}`).join()
    }}`
    : JSON.stringify(json)

/** Whether a value is an object. */
export const isObject = (json: Json | undefined): json is JsonObject =>
  typeof json === "object" && json !== null && !Array.isArray(json)
