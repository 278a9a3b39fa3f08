/**
 * Members of JSON objects by path, and names that are looked up where every object has some of its own.
 */
import type { Json } from "effect/Schema"

/** The members of a JSON object. */
export type Members = Readonly<Record<string, Json>>

export const isObject = (json: Json | undefined): json is Members =>
  typeof json === "object" && json !== null && !Array.isArray(json)

/** What is at a path of names and indexes. */
export const at = (json: Json | undefined, path: string | undefined): Json | undefined => {
  if (path === undefined) return json
  let here = json
  for (const name of path.split(".")) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, name)) return undefined
    here = Array.isArray(here) ? here[Number(name)] : isObject(here) ? here[name] : undefined
  }
  return here
}

/** The members that have names of their own, by the RFC's names. */
export const renamed = (object: Members, names: Readonly<Record<string, string>> = {}): Members =>
  Object.fromEntries(
    Object.entries(names).flatMap(([ours, theirs]) => {
      const value = at(object, theirs)
      return value === undefined ? [] : [[ours, value] as const]
    })
  )

/** What a name is mapped to. A name that every object has is none of these. */
export const mapped = (names: Readonly<Record<string, string>> | undefined, name: string): string | undefined =>
  names !== undefined && Object.hasOwn(names, name) ? names[name] : undefined

export const without = (object: Members, ...names: ReadonlyArray<string>): Members =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))

/** Those that are there. */
export const present = (object: Readonly<Record<string, Json | undefined>>): Members =>
  Object.fromEntries(Object.entries(object).filter((entry): entry is [string, Json] => entry[1] !== undefined))
