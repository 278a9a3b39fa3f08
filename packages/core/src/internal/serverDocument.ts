/**
 * The metadata of an authorization server, read from its document (RFC 8414, section 2).
 */
import * as Result from "effect/Result"
import type { JsonObject } from "effect/Schema"
import type { MetadataInvalid } from "../OAuthError.ts"
import type { Metadata } from "../ServerMetadata.ts"
import { member } from "./json.ts"
import * as MetadataDocument from "./metadataDocument.ts"

/** The metadata of the server with this issuer, checked: pure, and total. */
export const metadataOf = (
  document: JsonObject,
  issuer: string,
  isSecure: (url: URL) => boolean
): Result.Result<Metadata, MetadataInvalid> => {
  const read = MetadataDocument.reader(document, { issuer, isSecure, fragment: "refused" })
  return Result.gen(function*() {
    const said = member(document, "issuer")
    // letter by letter: an issuer is a name, and not normalised (RFC 8414, sections 3.3 and 4)
    if (said !== issuer) return yield* read.invalid(said === undefined ? "missing" : "issuer-mismatch", "issuer")
    return {
      issuer,
      authorizationEndpoint: yield* read.address("authorization_endpoint"),
      tokenEndpoint: yield* read.address("token_endpoint"),
      revocationEndpoint: yield* read.address("revocation_endpoint"),
      introspectionEndpoint: yield* read.address("introspection_endpoint"),
      deviceAuthorizationEndpoint: yield* read.address("device_authorization_endpoint"),
      pushedAuthorizationRequestEndpoint: yield* read.address("pushed_authorization_request_endpoint"),
      backchannelAuthenticationEndpoint: yield* read.address("backchannel_authentication_endpoint"),
      registrationEndpoint: yield* read.address("registration_endpoint"),
      userinfoEndpoint: yield* read.address("userinfo_endpoint"),
      endSessionEndpoint: yield* read.address("end_session_endpoint"),
      jwksUri: yield* read.address("jwks_uri"),
      mtlsEndpointAliases: yield* read.addresses("mtls_endpoint_aliases"),
      scopesSupported: yield* read.list("scopes_supported"),
      responseTypesSupported: yield* read.list("response_types_supported"),
      responseModesSupported: yield* read.list("response_modes_supported"),
      grantTypesSupported: yield* read.list("grant_types_supported"),
      subjectTypesSupported: yield* read.list("subject_types_supported"),
      idTokenSigningAlgValuesSupported: yield* read.list("id_token_signing_alg_values_supported"),
      codeChallengeMethodsSupported: yield* read.list("code_challenge_methods_supported"),
      tokenEndpointAuthMethodsSupported: yield* read.list("token_endpoint_auth_methods_supported"),
      tokenEndpointAuthSigningAlgValuesSupported: yield* read.list("token_endpoint_auth_signing_alg_values_supported"),
      revocationEndpointAuthMethodsSupported: yield* read.list("revocation_endpoint_auth_methods_supported"),
      revocationEndpointAuthSigningAlgValuesSupported: yield* read.list(
        "revocation_endpoint_auth_signing_alg_values_supported"
      ),
      introspectionEndpointAuthMethodsSupported: yield* read.list("introspection_endpoint_auth_methods_supported"),
      introspectionEndpointAuthSigningAlgValuesSupported: yield* read.list(
        "introspection_endpoint_auth_signing_alg_values_supported"
      ),
      dpopSigningAlgValuesSupported: yield* read.list("dpop_signing_alg_values_supported"),
      requestObjectSigningAlgValuesSupported: yield* read.list("request_object_signing_alg_values_supported"),
      requestObjectEncryptionAlgValuesSupported: yield* read.list("request_object_encryption_alg_values_supported"),
      requestObjectEncryptionEncValuesSupported: yield* read.list("request_object_encryption_enc_values_supported"),
      authorizationSigningAlgValuesSupported: yield* read.list("authorization_signing_alg_values_supported"),
      requireSignedRequestObject: yield* read.flag("require_signed_request_object"),
      authorizationDetailsTypesSupported: yield* read.list("authorization_details_types_supported"),
      issParameterSupported: yield* read.flag("authorization_response_iss_parameter_supported"),
      requirePushedAuthorizationRequests: yield* read.flag("require_pushed_authorization_requests"),
      members: document
    }
  })
}
