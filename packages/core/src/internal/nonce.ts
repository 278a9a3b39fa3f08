/**
 * The first nonce of a server (RFC 9449, section 8), fetched with a request that presents nothing.
 */
import * as Effect from "effect/Effect"
import type { Dpop, Proof } from "../Dpop.ts"
import type * as Exchange from "./exchange.ts"

/** A proof that holds a nonce, where the server gives one to who asks with a proof and nothing else. */
export const first = <E>(
  prove: Effect.Effect<Proof | undefined, E>,
  dpop: Dpop["Service"] | undefined,
  probe: (proof: Proof) => Effect.Effect<Exchange.Outcome>
): Effect.Effect<Proof | undefined, E> =>
  Effect.flatMap(prove, (proof) =>
    proof === undefined || proof.nonce !== undefined || dpop === undefined
      ? Effect.succeed(proof)
      : Effect.flatMap(probe(proof), (outcome) => {
        if (outcome._tag === "Answer") dpop.heard(proof, { headers: outcome.answer.headers })
        // each proof is for one sending
        return prove
      }))
