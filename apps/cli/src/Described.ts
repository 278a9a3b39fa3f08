/**
 * The descriptions of the catalogue, each loaded when it is asked for and without the others.
 */
import type { Description } from "@effect-oauth/generic-rfc6749"
import * as Effect from "effect/Effect"
import type { titles } from "./Catalogue.ts"

/** The description of a provider of the catalogue. */
export const load = (name: keyof typeof titles): Effect.Effect<Description.Encoded> =>
  Effect.flatMap(
    Effect.promise((): Promise<Readonly<Record<string, Description.Encoded>>> =>
      import(`@effect-oauth/catalogue/${name}`)
    ),
    (module) => {
      const [description] = Object.values(module)
      return description === undefined
        ? Effect.die(`the catalogue's file of ${name} is empty`)
        : Effect.succeed(description)
    }
  )
