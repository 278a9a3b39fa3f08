/**
 * The values of a description's variables: those that an application supplies, and those that a grant brings.
 */
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as Result from "effect/Result"
import * as Template from "./template.ts"

/** A value for each variable: what is supplied, its default, or, until a grant brings another, the first that it may have. */
export const of = (
  variables: Template.Variables,
  supplied: Readonly<Record<string, string>>
): Result.Result<Readonly<Record<string, string>>, OAuthError.ConfigurationInvalid> =>
  Result.gen(function*() {
    for (const name of Object.keys(supplied)) {
      if (!Object.hasOwn(variables, name)) {
        return yield* refused(name, "is supplied, and the description has no such variable; remove it")
      }
    }
    const values: Record<string, string> = {}
    for (const [name, variable] of Object.entries(variables)) {
      const value = supplied[name] ?? variable.default ?? (variable.from === "grant" ? variable.oneOf?.[0] : undefined)
      if (value === undefined) {
        if (variable.from === "grant") {
          return yield* refused(name, "has no default, which stands until a grant brings a value")
        }
        const what = variable.description === undefined ? "" : ` (${variable.description})`
        return yield* refused(name, `is missing${what}; supply it`)
      }
      if (!Template.accepts(variable, value)) {
        return yield* refused(name, "has a value that the description does not allow")
      }
      values[name] = value
    }
    return values
  })

/** The values that stay the same for every grant. */
export const ofOptions = (
  values: Readonly<Record<string, string>>,
  variables: Template.Variables
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => variables[name]?.from !== "grant"))

/** An address with each of the values that a grant may bring, one place after the other. */
export const everyOne = (
  template: string,
  variables: Template.Variables,
  values: Readonly<Record<string, string>>
): ReadonlyArray<string> =>
  Template.places(template).flatMap((name) =>
    (variables[name]?.oneOf ?? []).map((value) => Template.fill(template, { ...values, [name]: value }))
  )

const refused = (name: string, problem: string): Result.Result<never, OAuthError.ConfigurationInvalid> =>
  Result.fail(new OAuthError.ConfigurationInvalid({ field: `variables.${name}`, problem }))
