/**
 * A request to a token endpoint that is proven (RFC 9449, section 5): with the first nonce of a server that gives it to who
 * presents nothing (section 8), and with what comes bound to the key.
 */
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import type { Dpop, Proof } from "../DpopProof.ts"
import * as OAuthError from "../OAuthError.ts"
import { bound } from "./bound.ts"
import { limited } from "./limited.ts"

/** Makes `Dpop`'s exchange of what else it does. */
export const exchange = (
  dpop: Pick<Dpop["Service"], "heard" | "proof" | "thumbprint" | "unbound">
): Dpop["Service"]["exchange"] =>
  Effect.fnUntraced(function*({ algorithms, clientMethod, probe, request, send, thumbprint }) {
    const { method, url } = request
    const unavailable = new OAuthError.KeyUnavailable({ use: "dpop", keyId: thumbprint ?? dpop.thumbprint })
    const prove = limited(
      Effect.mapError(
        dpop.proof({ method, url, thumbprint, algorithms }),
        ({ reason }) => reason._tag === "ConfigurationInvalid" ? reason : unavailable
      ),
      unavailable
    )
    const header = (proof: Proof) => ({ dpop: Redacted.value(proof.value) })

    let proof = yield* prove
    if (probe !== undefined && proof.nonce === undefined) {
      const headers = yield* probe(HttpClientRequest.post(url, { headers: header(proof) }))
      if (headers !== undefined) dpop.heard(proof, { headers })
      // each proof is for one sending
      proof = yield* prove
    }
    const { headers, judgement } = yield* send(
      HttpClientRequest.setHeaders(request, header(proof)),
      dpop.unbound === "accepted" ? ["DPoP", "Bearer"] : ["DPoP"]
    )
    const error = judgement._tag === "Refused" ? judgement.reason.code : undefined
    return headers !== undefined && dpop.heard(proof, { headers, error })
      ? { judgement, again: true }
      : {
        judgement: bound(judgement, { method: clientMethod, thumbprint: proof.thumbprint, type: "DPoP" }),
        again: false
      }
  })
