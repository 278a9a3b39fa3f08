/** What is fuzzed, and when a case has failed. */
import type { OAuthError } from "@effect-oauth/core"
import type { Effect } from "effect"
import type { Shape } from "./Mutation.ts"

/** How a case ended: the input was taken, or refused by a typed error. Anything else is thrown. */
export type Verdict = "accepted" | "refused"

/** Something that reads what strangers write. */
export interface Target {
  readonly name: string
  readonly shape: Shape
  /** Inputs that are accepted, from which others are made. */
  readonly seeds: ReadonlyArray<string>
  /** What reads the input. Every error of the type is an answer; a defect is none. */
  readonly run: (input: Uint8Array) => Effect.Effect<unknown, OAuthError.OAuthError | Typed>
}

/** A typed error of a package that is not core. */
export interface Typed {
  readonly _tag: string
}
