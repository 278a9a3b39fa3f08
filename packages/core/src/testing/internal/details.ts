/**
 * Authorization details as a server takes them (RFC 9396).
 */
import type { AuthorizationDetails } from "../../AuthorizationDetails.ts"
import { fromJson } from "../../AuthorizationDetails.ts"

/** The details of a parameter; `[]` for what is none. */
export const detailsOf = (text: string | undefined): AuthorizationDetails | undefined => {
  if (text === undefined) return undefined
  try {
    return fromJson(JSON.parse(text)) ?? []
  } catch {
    return []
  }
}

/** Whether details are to be refused: there are none in the parameter, or one is of a type that nobody knows. */
export const wrongDetails = (details: AuthorizationDetails | undefined, types: ReadonlyArray<string>): boolean =>
  details !== undefined && (details.length === 0 || details.some(({ type }) => !types.includes(type)))

/** Whether details are more than what was granted: one is of a type of which nothing was. */
export const exceeds = (details: AuthorizationDetails, granted: AuthorizationDetails | undefined): boolean =>
  details.some((detail) => granted?.some(({ type }) => type === detail.type) !== true)
