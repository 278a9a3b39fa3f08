// What ID tokens cost: their verification, by subpath, with the JOSE library that it takes along.
import * as IdToken from "@effect-oauth/core/jose/IdToken"
import * as Jwks from "@effect-oauth/core/jose/Jwks"
import * as OAuthHttpClient from "@effect-oauth/core/OAuthHttpClient"
import * as Layer from "effect/Layer"

/** The verifier; without it nothing of this is loaded. */
export const layer = IdToken.layer().pipe(Layer.provide(Jwks.layer()), Layer.provide(OAuthHttpClient.layerFetch))
