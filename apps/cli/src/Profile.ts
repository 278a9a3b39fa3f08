/**
 * What a command works with: the settings that flags, the environment and the
 * configuration file give, in this order of precedence.
 */
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { configuration, type Failure } from "./Failure.ts"
import * as Settings from "./Settings.ts"
import * as Suggestion from "./Suggestion.ts"

/** Where a client's secret comes from. */
export type Secret =
  | { readonly _tag: "Value"; readonly value: Redacted.Redacted }
  | { readonly _tag: "File"; readonly path: string }
  | { readonly _tag: "Stdin" }

/** The settings of one source: the flags, the environment, or a profile of the file. */
export interface Layer {
  readonly values: Settings.Values
  /** Secrets that this source names, each with what it calls them. At most one is right. */
  readonly secrets: ReadonlyArray<readonly [called: string, secret: Secret]>
  /** What this source calls a setting: `--client-id`, `EFFECT_OAUTH_CLIENT_ID`. */
  readonly called: (name: Settings.Name) => string
}

/** A value, and what its source calls it. */
export interface Found<A> {
  readonly value: A
  readonly called: string
}

/** The settings that hold. */
export interface Profile {
  readonly values: { readonly [N in Settings.Name]?: Found<Settings.Value<N>> }
  readonly secret: Found<Secret> | undefined
  /** Sources that were passed over, as they are for another server. */
  readonly passedOver: ReadonlyArray<string>
}

/** A source and its name, `the profile "work"`. */
export interface Source extends Layer {
  readonly title: string
}

/**
 * The settings that hold, of sources in their order of precedence.
 *
 * A source that names another server than one before it gives neither server nor
 * client: a secret never goes to a server for which it was not given.
 */
export const resolve = (sources: ReadonlyArray<Source>): Result.Result<Profile, Failure> => {
  const values: { [name: string]: Found<string | ReadonlyArray<string>> } = {}
  const passedOver: Array<string> = []
  let secret: Found<Secret> | undefined
  let chosen: Settings.Values = {}

  for (const source of sources) {
    const isOther = disagrees(source.values, chosen)
    if (isOther) passedOver.push(source.title)
    for (const name of Settings.names) {
      const value = source.values[name]
      if (value === undefined || values[name] !== undefined) continue
      if (isOther && Settings.get(name).group !== "place") continue
      const problem = problemOf(name, value)
      if (problem !== undefined) return Result.fail(configuration(source.called(name), problem))
      values[name] = { value, called: source.called(name) }
    }
    if (isOther) continue
    const [first, second] = source.secrets
    if (first !== undefined && second !== undefined) {
      return Result.fail(configuration(second[0], `cannot be used together with ${first[0]}; keep one of them`))
    }
    if (first !== undefined) secret ??= { value: first[1], called: first[0] }
    chosen = beneath(chosen, source.values)
  }
  return Result.succeed({ values, secret, passedOver })
}

/** The value of a setting. */
export const get = <N extends Settings.Name>(self: Profile, name: N): Settings.Value<N> | undefined =>
  self.values[name]?.value

/** The values without what their sources call them. */
export const plain = (self: Profile): Settings.Values =>
  Object.fromEntries(Object.entries(self.values).map(([name, found]) => [name, found.value]))

/** What its source calls a setting; its flag where there is none. */
export const called = (self: Profile, name: Settings.Name): string =>
  self.values[name]?.called ?? `--${Settings.get(name).flag}`

/** The value of a setting that must be there. */
export const require = <N extends Settings.Name>(
  self: Profile,
  name: N,
  what: string
): Result.Result<Settings.Value<N>, Failure> => Result.fromNullishOr(get(self, name), () => missing(self, name, what))

/** Says that a setting is missing, and how to give it. */
export const missing = (self: Profile, name: Settings.Name, what: string): Failure => {
  const { flag } = Settings.get(name)
  const other = self.passedOver.length === 0 ? "" : ` (${self.passedOver.join(" and ")} is for another server)`
  return configuration(
    `--${flag}`,
    `${what}: give the flag, set ${Settings.variable(flag)}, or write "${name}" in a profile${other}`
  )
}

/** The provider that settings mean: named, or `generic` where a server is described. */
export const providerOf = (values: Settings.Values): string | undefined =>
  values.provider ?? (descriptions.some((name) => values[name] !== undefined) ? "generic" : undefined)

const descriptions = ["description", "issuer", "tokenEndpoint"] as const

const wheres = [...descriptions, "testOrigin"] as const

const disagrees = (values: Settings.Values, chosen: Settings.Values): boolean => {
  const mine = providerOf(values)
  const theirs = providerOf(chosen)
  if (mine === undefined || theirs === undefined) return false
  if (mine !== theirs) return true
  return wheres.some((name) => chosen[name] !== undefined) &&
    wheres.some((name) => values[name] !== undefined && values[name] !== chosen[name])
}

const beneath = (values: Settings.Values, others: Settings.Values): Settings.Values => ({ ...others, ...values })

const problemOf = (name: Settings.Name, value: string | ReadonlyArray<string>): string | undefined => {
  const { choices } = Settings.get(name)
  if (value.length === 0) return "is empty; give it a value, or leave it out"
  if (choices !== undefined && typeof value === "string" && !choices.includes(value)) {
    return `cannot be "${value}"; ${Suggestion.choice(value, choices)}`
  }
  return undefined
}

/** The settings of a source without values. */
export const emptyLayer: Layer = { values: {}, secrets: [], called: (name) => name }

/** The values that are there, of flags. */
export const present = (flags: { readonly [N in Settings.Name]: Option.Option<Settings.Value<N>> }): Settings.Values =>
  Object.fromEntries(
    Settings.names.flatMap((name) => {
      const value: Option.Option<string | ReadonlyArray<string>> = flags[name]
      return Option.isNone(value) ? [] : [[name, value.value]]
    })
  )
