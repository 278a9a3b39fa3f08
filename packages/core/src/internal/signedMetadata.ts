/**
 * Documents that hold a signed copy of themselves: what is signed wins, once it is verified.
 */
import * as Effect from "effect/Effect"
import type { JsonObject } from "effect/Schema"
import type { MetadataVerifier } from "../MetadataVerifier.ts"
import { MetadataInvalid, type OAuthErrorReason } from "../OAuthError.ts"
import { member } from "./json.ts"

/** The document that counts. Without a verifier it is the plain one. */
export const verified = (
  document: JsonObject,
  verifier: MetadataVerifier["Service"] | undefined,
  about: { readonly of: "server-metadata" | "resource-metadata"; readonly issuer: string }
): Effect.Effect<JsonObject, OAuthErrorReason> => {
  const { issuer, of } = about
  const token = member(document, name)
  if (verifier === undefined || token === undefined) return Effect.succeed(document)
  if (typeof token !== "string") return Effect.fail(new MetadataInvalid({ issuer, problem: "wrong-type", field: name }))
  return Effect.flatMap(
    Effect.mapError(verifier.verify(token, of), ({ reason }) => reason),
    (claims) =>
      // of a server it counts for nothing (RFC 8414, section 2.1), of a resource it is refused (RFC 9728, section 2.2)
      of === "resource-metadata" && Object.hasOwn(claims, name)
        ? Effect.fail(new MetadataInvalid({ issuer, problem: "untrusted", field: name }))
        : Effect.succeed({
          ...Object.fromEntries(Object.entries(document)),
          ...Object.fromEntries(Object.entries(claims).filter(([claim]) => !ofTheToken.has(claim)))
        })
  )
}

const name = "signed_metadata"

// what is said of the token itself (RFC 7519, section 4.1), and the token in the token
const ofTheToken: ReadonlySet<string> = new Set(["iss", "aud", "sub", "exp", "nbf", "iat", "jti", name])
