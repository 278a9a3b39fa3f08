/**
 * Authorization details on the wire (RFC 9396), for whoever asks for tokens: no schema is needed to send them, or to take
 * an answer's as they are.
 */
import * as Result from "effect/Result"
import type { Json } from "effect/Schema"
import type { AuthorizationDetails } from "../AuthorizationDetails.ts"
import * as OAuthError from "../OAuthError.ts"
import { isObject, member, settled } from "./json.ts"

/** The parameter that asks for details. */
export const parameters = (
  details: AuthorizationDetails | undefined,
  supported: ReadonlyArray<string> | undefined
): Result.Result<ReadonlyArray<readonly [name: string, value: string]>, OAuthError.ConfigurationInvalid> => {
  if (details === undefined || details.length === 0) return Result.succeed([])
  const problem = problemOf(details, supported)
  return problem === undefined
    ? Result.succeed([["authorization_details", JSON.stringify(details)]])
    : Result.fail(new OAuthError.ConfigurationInvalid({ field: "authorizationDetails", problem }))
}

/** Details as an answer tells them. */
export const fromJson = (json: Json): AuthorizationDetails | undefined => {
  const details = settled(json)
  return isDetails(details) ? details : undefined
}

const isDetails = (json: Json | undefined): json is AuthorizationDetails => Array.isArray(json) && json.every(isDetail)

const isDetail = (json: Json): boolean => {
  const type = isObject(json) ? member(json, "type") : undefined
  return typeof type === "string" && type !== ""
}

const problemOf = (
  details: AuthorizationDetails,
  supported: ReadonlyArray<string> | undefined
): string | undefined => {
  if (fromJson(details) === undefined) return "must be objects of JSON, each with a type (RFC 9396, section 2)"
  const unknown = details.find(({ type }) => supported !== undefined && !supported.includes(type))
  return unknown === undefined ? undefined : `is of the type ${unknown.type}, which the server does not list`
}
