/**
 * The ID token of a renewal, verified where there is a verifier (OpenID Connect Core, section 12.2).
 *
 * The access token does not depend on it, and a server may leave it out. So one that breaks a rule withholds what came
 * with it, one of somebody else ends the grant, and one that cannot be verified now, since the server's keys are out of
 * reach, changes nothing: the pair that came with it is not safe before, and does not wait for them.
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Grant from "../Grant.ts"
import type * as OAuthError from "../OAuthError.ts"
import type { Judgement } from "../TokenResponse.ts"
import type { Environment } from "./environment.ts"

/** What a judgement comes to. */
export interface Identified {
  readonly judgement: Judgement
  /** Whether the tokens are somebody else's. */
  readonly stranger: boolean
}

/** Verifies the ID token that came with tokens. */
export const identify = (
  { closing, verifier }: Pick<Environment, "closing" | "verifier">,
  body: Grant.Open,
  judgement: Judgement
): Effect.Effect<Identified> => {
  const same: Identified = { judgement, stranger: false }
  if (judgement._tag !== "Granted" || verifier === undefined) return Effect.succeed(same)
  const { accessToken, idToken, refreshToken, refreshTokenThumbprint } = judgement.tokens
  if (idToken === undefined) return Effect.succeed(same)
  const subject = body.subject === undefined ? {} : { subject: body.subject }
  return verifier.idToken(idToken, { accessToken, renews: { ...subject, ...body.identity } }).pipe(
    Effect.as(same),
    Effect.catch(({ reason }) =>
      reason._tag !== "JwtInvalid"
        ? Effect.as(warn(reason.message), same)
        : Effect.succeed<Identified>(
          strangers.has(reason.rule)
            ? { judgement, stranger: true }
            : { judgement: { _tag: "Unusable", reason, refreshToken, refreshTokenThumbprint }, stranger: false }
        )
    ),
    Effect.catchDefect(() => Effect.as(warn("the verifier failed"), same)),
    Effect.raceFirst(Effect.as(Deferred.await(closing), same)),
    Effect.timeoutOption(timeLimit),
    Effect.flatMap(Option.match({
      onNone: () => Effect.as(warn("it takes too long"), same),
      onSome: Effect.succeed
    }))
  )
}

const warn = (problem: string): Effect.Effect<void> =>
  Effect.logWarning("The ID token of a renewal could not be verified now", problem)

const strangers: ReadonlySet<OAuthError.JwtRule> = new Set(["iss", "sub", "aud", "azp"])

const timeLimit = Duration.seconds(5)
