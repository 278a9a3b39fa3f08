/**
 * Addresses with places for values, `https://{tenant}.example.com`.
 */
import type { Json } from "effect/Schema"
import * as Pattern from "./pattern.ts"

/** What a variable is, and where its value comes from. */
export interface Variable {
  readonly description?: string | undefined
  /** The application's options, or what the grant keeps of its callback and its answers. */
  readonly from?: "options" | "grant" | undefined
  readonly oneOf?: ReadonlyArray<string> | undefined
  readonly pattern?: string | undefined
  readonly default?: string | undefined
}

export type Variables = Readonly<Record<string, Variable>>

/** The names of the places in a text. */
export const places = (text: string): ReadonlyArray<string> => [...text.matchAll(place)].map(([, name = ""]) => name)

/** The text with the values in their places. A place without a value stays. */
export const fill = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replaceAll(place, (whole, name: string) => Object.hasOwn(values, name) ? values[name] ?? whole : whole)

/** Whether a variable may have a value. Without `oneOf` and `pattern` it is one that cannot leave its place. */
export const accepts = (variable: Variable, value: Json | undefined): value is string =>
  typeof value === "string" && (
    variable.oneOf !== undefined
      ? variable.oneOf.includes(value)
      : Pattern.matches(variable.pattern ?? label, value)
  )

const place = /\{([^{}]*)\}/g

const label = "[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
