/**
 * What the sample is told by its environment.
 */
import { OAuthError } from "@effect-oauth/core"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"

/** The settings. */
export interface Settings {
  readonly port: number
  /** Under what origin browsers know the sample. */
  readonly origin: string
  /** A directory, or the URL of a Postgres database; a directory that goes with the process where it is not named. */
  readonly store: string | undefined
  /** A web app credential of Adobe's Developer Console; the sandbox where there is none. */
  readonly credential: { readonly clientId: string; readonly clientSecret: Redacted.Redacted } | undefined
}

/**
 * Reads the settings.
 *
 * | variable                | is                                                                    |
 * | ----------------------- | --------------------------------------------------------------------- |
 * | `PORT`                  | the port to listen at, 8400                                           |
 * | `ORIGIN`                | what browsers see, `http://127.0.0.1:8400`                            |
 * | `STORE`                 | a directory, or `postgres://…`                                        |
 * | `FRAMEIO_CLIENT_ID`     | the credential's client id; without it the sandbox is connected       |
 * | `FRAMEIO_CLIENT_SECRET` | its secret                                                            |
 */
export const load: Effect.Effect<Settings, Config.ConfigError | OAuthError.OAuthError> = Effect.gen(function*() {
  const port = yield* Config.Int("PORT").pipe(Config.withDefault(8400))
  const origin = yield* Config.String("ORIGIN").pipe(Config.withDefault(`http://127.0.0.1:${port}`))
  const store = Option.getOrUndefined(yield* Config.option(Config.String("STORE")))
  const clientId = Option.getOrUndefined(yield* Config.option(Config.String("FRAMEIO_CLIENT_ID")))
  const credential = clientId === undefined
    ? undefined
    : { clientId, clientSecret: yield* Config.Redacted("FRAMEIO_CLIENT_SECRET") }
  if (credential !== undefined && !origin.startsWith("https://")) {
    return yield* Effect.fail(OAuthError.make(
      "Settings",
      "load",
      new OAuthError.ConfigurationInvalid({
        field: "ORIGIN",
        problem:
          `must begin with https:// for Frame.io itself: Adobe leads back to no other address. Put a proxy with TLS before the sample, and register ${origin}/oauth/callback with https`
      })
    ))
  }
  return { port, origin, store, credential }
})
