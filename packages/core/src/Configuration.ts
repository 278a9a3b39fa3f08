/**
 * Options from `Config`, and what is wrong with them in words: errors name the
 * variable or the field, and quote nothing.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SchemaIssue from "effect/SchemaIssue"
import * as OAuthError from "./OAuthError.ts"

/**
 * Options of which each is a value, or is read from `Config`.
 *
 * @category models
 * @since 0.1.0
 */
export type Options<A> = { readonly [K in keyof A]: A[K] | Config.Config<A[K]> }

/**
 * What a schema found wrong, as a reason: the first problem, with the path of
 * its field. `root` names the whole.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromIssue = (issue: SchemaIssue.Issue, root: string): OAuthError.ConfigurationInvalid => {
  const [first] = format(issue).issues
  const path = first?.path ?? []
  return new OAuthError.ConfigurationInvalid({
    field: path.length === 0 ? root : path.map(String).join("."),
    problem: (first?.message ?? "is not valid").replace(/^Expected /, "must be ")
  })
}

/**
 * Reads options, and builds a layer from them.
 *
 * **Details**
 *
 * A variable that is missing or cannot be decoded fails with
 * `ConfigurationInvalid` and its name; so does one whose value the layer
 * refuses by naming the option.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <A extends object, ROut, RIn>(
  options: Options<A>,
  make: (options: A) => Layer.Layer<ROut, OAuthError.OAuthError, RIn>
): Layer.Layer<ROut, OAuthError.OAuthError, RIn> =>
  Layer.unwrap(Effect.map(read(options), ({ value, variables }) =>
    Layer.catchTag(
      make(value),
      "OAuthError",
      (error) => Layer.effectContext<ROut, OAuthError.OAuthError, never>(Effect.fail(naming(error, variables)))
    )))

const format = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) => {
    switch (issue._tag) {
      case "MissingKey":
        return "is missing"
      case "UnexpectedKey":
        return "is not known; correct its name, or remove it"
      default:
        return SchemaIssue.defaultLeafHook(issue)
    }
  }
})

type Variables = ReadonlyMap<string, string>

const read = <A extends object>(
  options: Options<A>
): Effect.Effect<{ readonly value: A; readonly variables: Variables }, OAuthError.OAuthError> =>
  Effect.gen(function*() {
    const provider = yield* ConfigProvider.ConfigProvider
    const value: Record<string, unknown> = {}
    const variables = new Map<string, string>()
    for (const [field, option] of Object.entries(options)) {
      if (!Config.isConfig(option)) {
        value[field] = option
        continue
      }
      const lookup = watch(provider)
      value[field] = yield* Effect.mapError(
        option.parse(lookup.provider),
        (error) => OAuthError.make("Configuration", "layer", explain(error, lookup.variable() ?? field, lookup.found()))
      )
      variables.set(field, lookup.variable() ?? field)
    }
    return { value: value as A, variables }
  })

// A `Config` does not tell which variables it reads, so it is watched while it does.
const watch = (provider: ConfigProvider.ConfigProvider) => {
  const asked = new Set<string>()
  let found: string | undefined
  return {
    found: () => found !== undefined,
    variable: () => found ?? (asked.size === 0 ? undefined : [...asked].join(" or ")),
    provider: ConfigProvider.make((path) => {
      const variable = path.join("_")
      asked.add(variable)
      return Effect.tap(provider.load(path), (node) =>
        Effect.sync(() => {
          if (node !== undefined) found = variable
        }))
    })
  }
}

const explain = (error: Config.ConfigError, variable: string, found: boolean): OAuthError.ConfigurationInvalid => {
  if (error.cause._tag === "SourceError") {
    return new OAuthError.ConfigurationInvalid({ field: variable, problem: "could not be read" })
  }
  if (!found) return new OAuthError.ConfigurationInvalid({ field: variable, problem: "is missing; set it" })
  const { problem } = fromIssue(error.cause.issue, variable)
  return new OAuthError.ConfigurationInvalid({ field: variable, problem })
}

const naming = (error: OAuthError.OAuthError, variables: Variables): OAuthError.OAuthError => {
  if (error.reason._tag !== "ConfigurationInvalid") return error
  const { field, problem } = error.reason
  const variable = variables.get(field)
  return variable === undefined
    ? error
    : OAuthError.make(error.module, error.method, new OAuthError.ConfigurationInvalid({ field: variable, problem }))
}
