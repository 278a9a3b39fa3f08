/**
 * The kinds of fields that a description has.
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

export const optional = <S extends Schema.Top>(schema: S): Schema.optionalKey<S> => Schema.optionalKey(schema)

export const address = (description: string) => optional(Schema.NonEmptyString.annotate({ description }))

// what annotates the decoded side of a transformation does not reach the JSON Schema
export const duration = (description: string) =>
  Schema.String.annotate({ description: `${description} A duration in words.`, examples: ["30 minutes", "14 days"] })
    .pipe(Schema.decodeTo(Schema.DurationFromString.check(
      Schema.makeFilter((value: Duration.Duration) => Duration.isFinite(value) && Duration.isPositive(value), {
        expected: "a duration longer than zero"
      })
    )))

export const separator = (description: string) =>
  optional(Schema.NonEmptyString.annotate({ description, default: " ", examples: [","] }))

export const parameters = (description: string) =>
  optional(Schema.Record(Schema.String, Schema.String).annotate({ description, default: {} }))

export const names = (description: string, example: Readonly<Record<string, string>>) =>
  optional(
    Schema.Record(Schema.String, Schema.NonEmptyString).annotate({ description, default: {}, examples: [example] })
  )

export const scope = <const Rule extends string>(description: string, rules: ReadonlyArray<Rule>) =>
  optional(Schema.Literals(["never", ...rules]).annotate({ description, default: "never" }))

export const path = (description: string, example: string) =>
  optional(
    Schema.NonEmptyString.annotate({
      description: `${description} A path of names and indexes, joined by dots.`,
      examples: [example]
    })
  )

export const pattern = (description: string, example: string) =>
  Schema.String.annotate({ description, format: "regex", examples: [example] })

export const literals = <const Value extends string>(
  description: string,
  values: readonly [Value, ...ReadonlyArray<Value>]
) => optional(Schema.Literals(values).annotate({ description, default: values[0] }))
