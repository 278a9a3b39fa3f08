/**
 * The metadata of a protected resource: where its document lies, and what is in it (RFC 9728, sections 2 and 3.1).
 */
import * as Result from "effect/Result"
import type { JsonObject } from "effect/Schema"
import { ConfigurationInvalid, type MetadataInvalid } from "../OAuthError.ts"
import type { Metadata } from "../ProtectedResource.ts"
import * as RemoteText from "../RemoteText.ts"
import { member } from "./json.ts"
import * as MetadataDocument from "./metadataDocument.ts"

/** The metadata of a resource, checked: pure, and total. `issuer` names it in errors. */
export const metadataOf = (
  document: JsonObject,
  issuer: string,
  isAbout: (resource: string) => boolean,
  isSecure: (url: URL) => boolean
): Result.Result<Metadata, MetadataInvalid> => {
  const read = MetadataDocument.reader(document, { issuer, isSecure, fragment: "kept" })
  const algorithms = (name: string) =>
    Result.map(read.list(name), (all) => all?.filter((algorithm) => algorithm !== "none"))

  return Result.gen(function*() {
    const resource = member(document, "resource")
    if (typeof resource !== "string") {
      return yield* read.invalid(resource === undefined ? "missing" : "wrong-type", "resource")
    }
    // letter by letter (section 6)
    if (!isAbout(resource)) return yield* read.invalid("resource-mismatch", "resource")
    const authorizationServers = (yield* read.texts("authorization_servers")) ?? []
    for (const server of authorizationServers) yield* read.checked(server, "authorization_servers")
    return {
      resource,
      authorizationServers,
      jwksUri: yield* read.address("jwks_uri"),
      scopesSupported: yield* read.list("scopes_supported"),
      bearerMethods: yield* read.texts("bearer_methods_supported"),
      signingAlgorithms: yield* algorithms("resource_signing_alg_values_supported"),
      dpopSigningAlgorithms: yield* algorithms("dpop_signing_alg_values_supported"),
      dpopRequired: yield* read.flag("dpop_bound_access_tokens_required"),
      certificateBound: yield* read.flag("tls_client_certificate_bound_access_tokens"),
      name: RemoteText.fromUnknown(member(document, "resource_name")),
      documentation: read.page("resource_documentation"),
      policyUri: read.page("resource_policy_uri"),
      termsOfServiceUri: read.page("resource_tos_uri"),
      members: document
    }
  })
}

/** Where the document lies (section 3.1): between the host and the path, and the slash of an empty path is not one. */
export const wellKnown = (
  resource: string,
  isSecure: (url: URL) => boolean
): Result.Result<string, ConfigurationInvalid> => {
  const invalid = (problem: string) => Result.fail(new ConfigurationInvalid({ field: "resource", problem }))
  const url = URL.canParse(resource) ? new URL(resource) : undefined
  if (url === undefined) return invalid("is not an absolute URL")
  if (resource.includes("#")) return invalid("must not contain a fragment")
  if (url.username !== "" || url.password !== "") return invalid("must not contain a user name or password")
  if (!isSecure(url)) return invalid("must begin with https://")
  const path = url.pathname === "/" ? "" : url.pathname
  return Result.succeed(`${url.origin}/.well-known/oauth-protected-resource${path}${url.search}`)
}

/** Whether a resource is of the same origin as an address, and its path is where that of the address begins. */
export const isBelow = (url: string, resource: string): boolean => {
  if (!URL.canParse(url) || !URL.canParse(resource)) return false
  const [there, known] = [new URL(url), new URL(resource)]
  const path = known.pathname.replace(/\/$/, "")
  return there.origin === known.origin && known.search === "" &&
    (there.pathname === path || there.pathname.startsWith(`${path}/`))
}
