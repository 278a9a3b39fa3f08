/**
 * Which name somebody may have meant who wrote one that is not known.
 */
import * as OAuthError from "@effect-oauth/core/OAuthError"
import type * as JsonSchema from "effect/JsonSchema"

/** Adds the nearest known name to a problem with a name that is not known. */
export const naming = (
  error: OAuthError.ConfigurationInvalid,
  schema: JsonSchema.JsonSchema
): OAuthError.ConfigurationInvalid => {
  if (!error.problem.startsWith("is not known")) return error
  const path = error.field.split(".")
  const written = path.pop() ?? ""
  const near = namesAt(schema, path)
    .map((name) => [distance(written.toLowerCase(), name.toLowerCase()), name] as const)
    .filter(([far]) => far > 0 && far <= Math.max(2, written.length / 3))
    .toSorted(([one], [other]) => one - other)[0]
  return near === undefined
    ? error
    : new OAuthError.ConfigurationInvalid({
      field: error.field,
      problem: `is not known; correct its name (${near[1]}?), or remove it`
    })
}

const namesAt = (schema: unknown, [name, ...rest]: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (typeof schema !== "object" || schema === null) return []
  const node = schema as Readonly<Record<string, unknown>>
  const branches = Array.isArray(node["anyOf"]) ? node["anyOf"] : []
  const properties = typeof node["properties"] === "object" && node["properties"] !== null
    ? node["properties"] as Readonly<Record<string, unknown>>
    : {}
  return name === undefined
    ? [...Object.keys(properties), ...branches.flatMap((branch) => namesAt(branch, []))]
    : [
      ...namesAt(properties[name] ?? node["additionalProperties"] ?? node["items"], rest),
      ...branches.flatMap((branch) => namesAt(branch, [name, ...rest]))
    ]
}

// how many letters are added, left out or changed (Levenshtein); two that changed places count as one
const distance = (one: string, other: string): number => {
  let before: ReadonlyArray<number> = []
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i++) {
    const next = [i]
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1]
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      next.push(Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY
      ))
    }
    before = row
    row = next
  }
  return row[other.length] ?? 0
}
