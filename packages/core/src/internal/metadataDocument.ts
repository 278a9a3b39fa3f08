/**
 * Documents in which a server or an API describes itself (RFC 8414; RFC 9728), and their members, each read by its type.
 */
import * as Result from "effect/Result"
import type { JsonObject } from "effect/Schema"
import { MetadataInvalid } from "../OAuthError.ts"
import type { Answer } from "../TokenResponse.ts"
import { isJson, isObject, isTexts, member, parseObject } from "./json.ts"

/** The document of an answer, or why there is none. */
export const of = ({ body, headers, status }: Answer): JsonObject | "not-found" | "not-json" => {
  if (status !== 200) return "not-found"
  const parsed = isJson(headers["content-type"]) ? parseObject(body) : "not-json"
  return typeof parsed === "string" ? "not-json" : parsed
}

/** A part of a document, or what is wrong with it. */
export type Read<A> = Result.Result<A, MetadataInvalid>

/** Reads the members of a document. What is absent is `undefined`; what is of the wrong type fails. */
export interface Reader {
  /** A list of texts. */
  readonly texts: (name: string) => Read<ReadonlyArray<string> | undefined>
  /** The same; one without elements counts as absent. */
  readonly list: (name: string) => Read<ReadonlyArray<string> | undefined>
  /** A boolean; `false` where it is absent. */
  readonly flag: (name: string) => Read<boolean>
  /** An address that is private in transit. */
  readonly address: (name: string) => Read<string | undefined>
  /** Addresses by names. */
  readonly addresses: (name: string) => Read<Readonly<Record<string, string>> | undefined>
  /** A page for people: nothing is sent there, and what is no web page is not shown. */
  readonly page: (name: string) => string | undefined
  /** A text as an address that is private in transit. */
  readonly checked: (text: string, name: string) => Read<string>
  readonly invalid: (problem: MetadataInvalid["problem"], name: string) => Read<never>
}

/** Reads the members of a document about an issuer, or of a resource that is called so. */
export const reader = (
  document: JsonObject,
  options: {
    readonly issuer: string
    readonly isSecure: (url: URL) => boolean
    /** Whether an address may hold a fragment. */
    readonly fragment: "kept" | "refused"
  }
): Reader => {
  const { fragment, issuer, isSecure } = options
  const invalid: Reader["invalid"] = (problem, field) => Result.fail(new MetadataInvalid({ issuer, problem, field }))
  const checked: Reader["checked"] = (text, name) => {
    if (!URL.canParse(text)) return invalid("wrong-type", name)
    return isSecure(new URL(text)) ? Result.succeed(text) : invalid("insecure-url", name)
  }
  const texts: Reader["texts"] = (name) => {
    const value = member(document, name)
    return value === undefined || isTexts(value) ? Result.succeed(value) : invalid("wrong-type", name)
  }
  return {
    texts,
    checked,
    invalid,
    list: (name) => Result.map(texts(name), (all) => all?.length === 0 ? undefined : all),
    flag: (name) => {
      const value = member(document, name) ?? false
      return typeof value === "boolean" ? Result.succeed(value) : invalid("wrong-type", name)
    },
    address: (name) => {
      const value = member(document, name)
      if (value === undefined) return Result.succeed(undefined)
      return typeof value !== "string" || (fragment === "refused" && value.includes("#"))
        ? invalid("wrong-type", name)
        : checked(value, name)
    },
    addresses: (name) => {
      const value = member(document, name)
      if (value === undefined) return Result.succeed(undefined)
      if (!isObject(value)) return invalid("wrong-type", name)
      return Result.map(
        Result.all(
          Object.entries(value).map(([key, text]) =>
            typeof text === "string" ? checked(text, `${name}.${key}`) : invalid("wrong-type", `${name}.${key}`)
          )
        ),
        (found) => Object.fromEntries(Object.keys(value).map((key, index) => [key, found[index] ?? ""]))
      )
    },
    page: (name) => {
      const value = member(document, name)
      return typeof value === "string" && /^https?:\/\//i.test(value) && URL.canParse(value) ? value : undefined
    }
  }
}
