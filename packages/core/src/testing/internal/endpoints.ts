/**
 * The endpoints of a test authorization server: a request comes in, an answer
 * goes out. Nothing here is an effect, but what a signer has to add.
 *
 * It is long because each endpoint is one function of the same settings.
 */
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { AuthorizationDetails } from "../../AuthorizationDetails.ts"
import type { Dialect } from "../../Dialect.ts"
import * as Scopes from "../../Scopes.ts"
import type { Members } from "../IdTokenSigner.ts"
import type { Endpoint } from "../Ledger.ts"
import type { AnswerShape, Api, OpenId } from "../TestAuthorizationServer.ts"
import type { Client } from "../TestClient.ts"
import * as TestHttp from "../TestHttp.ts"
import type { makeAuthorizations, Redemption } from "./authorizations.ts"
import { detailsOf, exceeds, wrongDetails } from "./details.ts"
import type { Grants, Pair, Renewal, Token } from "./grants.ts"
import type { makeProofs } from "./proofs.ts"
import { sha256 } from "./sha256.ts"
import { formParameters } from "./wire.ts"

export interface Settings {
  readonly issuer: string
  readonly apiOrigin: string
  readonly dialect: Dialect
  readonly clients: ReadonlyMap<string, Client>
  readonly passwords: Readonly<Record<string, string>>
  readonly shape: AnswerShape
  readonly refreshTokens: "always" | "never" | { readonly scope: string }
  readonly reuseError: string
  readonly dpop: "optional" | "required"
  readonly pushedRequests: "absent" | "offered" | "required"
  readonly api: Api
  readonly openid: OpenId | undefined
  readonly detailsTypes: ReadonlyArray<string>
}

/** Where a request is going to. */
export const endpointOf = (settings: Pick<Settings, "issuer" | "apiOrigin">, url: string): Endpoint => {
  const { origin, pathname } = new URL(url)
  if (origin === settings.apiOrigin) return "api"
  if (origin !== new URL(settings.issuer).origin) return "elsewhere"
  return paths[pathname] ?? (pathname.startsWith("/register/") ? "registration" : "unknown")
}

const paths: Readonly<Record<string, Endpoint>> = {
  "/authorize": "authorization",
  "/token": "token",
  "/revoke": "revocation",
  "/introspect": "introspection",
  "/device": "device-authorization",
  "/par": "pushed-authorization-request",
  "/register": "registration",
  "/userinfo": "userinfo",
  "/jwks": "jwks",
  "/.well-known/oauth-authorization-server": "metadata",
  "/.well-known/openid-configuration": "metadata"
}

export const makeEndpoints = (
  settings: Settings,
  grants: Grants,
  authorizations: ReturnType<typeof makeAuthorizations>,
  proofs: ReturnType<typeof makeProofs>,
  register: ((request: TestHttp.Request) => TestHttp.Answer) | undefined,
  now: () => number,
  noteRefusal: (code: string, token?: Token) => void,
  noteUse: (token: Token) => void,
  /** Has an answer finished before it is sent. */
  finished: (answer: TestHttp.Answer, by: Effect.Effect<TestHttp.Answer>) => TestHttp.Answer
) => {
  /** Every answer brings the nonce that is wanted next (RFC 9449, section 8.2). */
  const withNonce = (answer: TestHttp.Answer, origin: string): TestHttp.Answer => {
    const nonce = proofs.nonceOf(origin)
    return nonce === undefined || "dpop-nonce" in answer.headers
      ? answer
      : { ...answer, headers: { ...answer.headers, "dpop-nonce": nonce } }
  }

  const later = (answer: TestHttp.Answer, by: Effect.Effect<TestHttp.Answer>): TestHttp.Answer =>
    finished(withNonce(answer, settings.issuer), Effect.map(by, (answer) => withNonce(answer, settings.issuer)))

  const refuse = (error: string, description: string, options?: { status?: number; token?: Token | undefined }) => {
    noteRefusal(error, options?.token)
    return TestHttp.json({ error, error_description: description }, { status: options?.status ?? 400 })
  }

  /** Who sends this, by the one method that the client is registered with (RFC 6749, section 2.3). */
  const authenticate = (request: TestHttp.Request): Client | TestHttp.Answer => {
    const raw = basicCredentials(request)
    const { client_id: bodyId, client_secret: bodySecret } = request.parameters
    const client = settings.clients.get(raw === undefined ? bodyId ?? "" : formDecode(raw.id)) ??
      settings.clients.get(raw?.id ?? "")
    const basic = raw === undefined || client?.authentication === "basic-raw"
      ? raw
      : { id: formDecode(raw.id), secret: formDecode(raw.secret) }
    const invalid = (description: string) => {
      noteRefusal("invalid_client")
      return TestHttp.json({ error: "invalid_client", error_description: description }, {
        status: 401,
        ...(request.headers["authorization"] === undefined
          ? {}
          : { headers: { "www-authenticate": `Basic realm="${settings.issuer}"` } })
      })
    }
    if (client === undefined) return invalid("the client is not known")
    switch (client.authentication) {
      case "basic":
      case "basic-raw":
        if (bodySecret !== undefined) return invalid("the client authenticates by Basic")
        return basic?.secret === client.secret ? client : invalid("the credentials are wrong")
      case "post":
        if (basic !== undefined) return invalid("the client authenticates in the body")
        return bodySecret === client.secret ? client : invalid("the credentials are wrong")
      case "none":
        return basic === undefined && bodySecret === undefined ? client : invalid("the client has no secret")
    }
  }

  const tokens = (pair: Pair, asked: Scopes.Scopes | undefined): TestHttp.Answer => {
    const { access, refresh } = pair
    const { shape } = settings
    const { refreshTokenExpiresIn, scopeSeparator } = settings.dialect.response
    const seconds = (token: Token) => Math.max(0, Math.floor((token.expiresAt - now()) / 1000))
    const narrowed = asked === undefined || !Scopes.includes(access.scopes, asked)
    const shown = refresh ?? (shape.keptRefreshToken === "repeated" ? access.family.current : undefined)
    const openid = access.family.scopes.includes("openid")
    const answer = (idToken: string | undefined) =>
      TestHttp.json({
        access_token: access.value,
        token_type: shape.tokenType ?? typeOf(access),
        ...lifetime(shape, seconds(access)),
        ...(shape.scope === "never" || (shape.scope === "when-narrowed" && !narrowed)
          ? {}
          : { scope: Scopes.toString(access.scopes, scopeSeparator) }),
        ...(shown === undefined ? {} : { refresh_token: shown.value }),
        ...(shown === undefined || refreshTokenExpiresIn === undefined || !Number.isFinite(shown.expiresAt)
          ? {}
          : { [refreshTokenExpiresIn]: seconds(shown) }),
        ...(access.details === undefined ? {} : { authorization_details: access.details }),
        ...(idToken === undefined ? {} : { id_token: idToken }),
        ...shape.members
      })
    if (!openid) return answer(undefined)
    const claims = claimsOf(access)
    return settings.openid === undefined
      ? answer(unsigned(claims))
      : later(answer(undefined), Effect.map(settings.openid.signer.sign(settings.openid.claims(claims)), answer))
  }

  const claimsOf = ({ family, value }: Token): Members => {
    const issuedAt = Math.floor(now() / 1000)
    const digest = sha256(new TextEncoder().encode(value))
    return {
      iss: settings.issuer,
      sub: family.subject,
      aud: family.client,
      iat: issuedAt,
      exp: issuedAt + 3600,
      ...(family.nonce === undefined ? {} : { nonce: family.nonce }),
      ...(family.authenticatedAt === undefined ? {} : { auth_time: Math.floor(family.authenticatedAt / 1000) }),
      ...(settings.openid?.signer.algorithms.every((name) => name.endsWith("256")) === true
        ? { at_hash: Base64Url.encode(digest.subarray(0, 16)) }
        : {}),
      ...family.claims
    }
  }

  const unsigned = (claims: Members): string =>
    [{ alg: "RS256", typ: "JWT" }, claims].map((part) => Base64Url.encode(JSON.stringify(part)))
      .concat(Base64Url.encode("not signed")).join(".")

  const scopesOf = (request: TestHttp.Request, separator: string): Scopes.Scopes | undefined => {
    const scope = request.parameters["scope"]
    return scope === undefined ? undefined : Scopes.fromString(scope, separator)
  }

  const withRefreshToken = (scopes: Scopes.Scopes): boolean =>
    typeof settings.refreshTokens === "string"
      ? settings.refreshTokens === "always"
      : scopes.includes(settings.refreshTokens.scope)

  const login = (redemption: Redemption, client: Client, presented: Presented): TestHttp.Answer => {
    if (redemption._tag === "Refused") {
      const family = grants.families.find(({ id }) => id === redemption.reusedFamily)
      // a code that comes twice may have been stolen (RFC 6749, section 4.1.2)
      if (family !== undefined) grants.endFamily(family, "code used twice")
      return refuse(redemption.error, redemption.description)
    }
    const family = grants.open({ ...redemption.agreement, thumbprint: boundTo(client, presented) })
    redemption.remember(family.id)
    return tokens(grants.first(family, { refresh: withRefreshToken(family.scopes), ...presented }), undefined)
  }

  const renewed = (request: TestHttp.Request, renewal: Renewal, asked: Scopes.Scopes | undefined): TestHttp.Answer => {
    if (renewal._tag === "Accepted") return tokens(renewal.pair, asked)
    const token = grants.find(request.parameters["refresh_token"] ?? "")
    if (renewal.because === "scope") return refuse("invalid_scope", "the scope exceeds the grant's", { token })
    return refuse(renewal.because === "reused" ? settings.reuseError : "invalid_grant", reasons[renewal.because], {
      token
    })
  }

  const token = (request: TestHttp.Request, client: Client): TestHttp.Answer => {
    const { dialect } = settings
    const proven = proofs.check(request)
    if (proven._tag === "Refused") return refuse(proven.error, proven.description)
    const thumbprint = proven._tag === "Key" ? proven.thumbprint : undefined
    if (thumbprint === undefined && settings.dpop === "required") {
      return refuse("invalid_dpop_proof", "a proof is missing")
    }
    const details = detailsOf(request.parameters["authorization_details"])
    if (wrongDetails(details, settings.detailsTypes)) {
      return refuse("invalid_authorization_details", "a type is not known")
    }
    const presented: Presented = { details, resource: request.parameters["resource"], thumbprint }
    switch (request.parameters["grant_type"]) {
      case "authorization_code":
        return login(authorizations.redeem(client.clientId, request.parameters, thumbprint), client, presented)
      case "refresh_token": {
        const scopes = scopesOf(request, dialect.refreshToken.scopeSeparator)
        const value = request.parameters["refresh_token"]
        if (value === undefined) return refuse("invalid_request", "refresh_token is missing")
        if (details !== undefined && exceeds(details, grants.find(value)?.family.details)) {
          return refuse("invalid_authorization_details", "the details exceed the grant's")
        }
        return renewed(request, grants.renew(value, { client: client.clientId, scopes, ...presented }), scopes)
      }
      case "client_credentials": {
        if (client.authentication === "none") return refuse("unauthorized_client", "a public client has no credentials")
        const scopes = scopesOf(request, dialect.clientCredentials.scopeSeparator)
        const family = grants.open({ client: client.clientId, subject: client.clientId, scopes: scopes ?? [] })
        return tokens(grants.first(family, { refresh: false, ...presented }), scopes)
      }
      case "password": {
        const { password, username = "" } = request.parameters
        const expected = Object.hasOwn(settings.passwords, username) ? settings.passwords[username] : undefined
        if (expected === undefined || expected !== password) return refuse("invalid_grant", "the password is wrong")
        const scopes = scopesOf(request, " ") ?? []
        const family = grants.open({
          client: client.clientId,
          subject: username,
          scopes,
          thumbprint: boundTo(client, presented)
        })
        return tokens(grants.first(family, { refresh: withRefreshToken(scopes), ...presented }), scopes)
      }
      case "urn:ietf:params:oauth:grant-type:device_code":
        return login(
          authorizations.pollDevice(client.clientId, request.parameters["device_code"] ?? ""),
          client,
          presented
        )
      case undefined:
        return refuse("invalid_request", "grant_type is missing")
      default:
        return refuse("unsupported_grant_type", "this grant type is not supported")
    }
  }

  const revocation = (request: TestHttp.Request, client: Client): TestHttp.Answer => {
    const token = grants.find(request.parameters["token"] ?? "")
    if (request.parameters["token"] === undefined) return refuse("invalid_request", "token is missing")
    // a token that is not known, or is somebody else's, is as good as revoked (RFC 7009, section 2.2)
    if (token !== undefined && token.family.client === client.clientId) grants.revoke(token, "client")
    return TestHttp.empty(200)
  }

  const introspection = (request: TestHttp.Request): TestHttp.Answer => {
    const token = grants.find(request.parameters["token"] ?? "")
    if (token === undefined || !grants.isLive(token)) return TestHttp.json({ active: false })
    return TestHttp.json({
      active: true,
      client_id: token.family.client,
      sub: token.family.subject,
      scope: token.scopes.join(" "),
      ...(token.details === undefined ? {} : { authorization_details: token.details }),
      iss: settings.issuer,
      iat: Math.floor(token.issuedAt / 1000),
      ...(Number.isFinite(token.expiresAt) ? { exp: Math.floor(token.expiresAt / 1000) } : {}),
      ...(token.kind === "access" ? { token_type: typeOf(token) } : {}),
      ...(token.thumbprint === undefined ? {} : { cnf: { jkt: token.thumbprint } })
    })
  }

  const device = (request: TestHttp.Request, client: Client): TestHttp.Answer => {
    const scopes = scopesOf(request, settings.dialect.authorization.scopeSeparator) ?? []
    const details = detailsOf(request.parameters["authorization_details"])
    if (wrongDetails(details, settings.detailsTypes)) {
      return refuse("invalid_authorization_details", "a type is not known")
    }
    const started = authorizations.startDevice(client.clientId, scopes, details)
    return TestHttp.json({
      device_code: started.deviceCode,
      user_code: started.userCode,
      verification_uri: `${settings.issuer}/activate`,
      verification_uri_complete: `${settings.issuer}/activate?user_code=${started.userCode}`,
      expires_in: started.expiresIn,
      interval: started.interval
    })
  }

  const pushed = (request: TestHttp.Request, client: Client): TestHttp.Answer => {
    if (settings.pushedRequests === "absent") return TestHttp.empty(404)
    const { client_assertion: _, client_secret: __, ...parameters } = request.parameters
    if ("request_uri" in parameters) return refuse("invalid_request", "request_uri is what this endpoint gives")
    if (wrongDetails(detailsOf(parameters["authorization_details"]), settings.detailsTypes)) {
      return refuse("invalid_authorization_details", "a type is not known")
    }
    const { expiresIn, requestUri } = authorizations.push(client.clientId, parameters)
    return TestHttp.json({ request_uri: requestUri, expires_in: expiresIn }, { status: 201 })
  }

  const metadata = (): TestHttp.Answer =>
    TestHttp.json({
      issuer: settings.issuer,
      authorization_endpoint: `${settings.issuer}/authorize`,
      token_endpoint: `${settings.issuer}/token`,
      revocation_endpoint: `${settings.issuer}/revoke`,
      introspection_endpoint: `${settings.issuer}/introspect`,
      device_authorization_endpoint: `${settings.issuer}/device`,
      userinfo_endpoint: `${settings.issuer}/userinfo`,
      ...(settings.pushedRequests === "absent" ? {} : {
        pushed_authorization_request_endpoint: `${settings.issuer}/par`,
        require_pushed_authorization_requests: settings.pushedRequests === "required"
      }),
      ...(register === undefined ? {} : { registration_endpoint: `${settings.issuer}/register` }),
      ...(settings.openid === undefined ? {} : {
        jwks_uri: `${settings.issuer}/jwks`,
        end_session_endpoint: `${settings.issuer}/logout`,
        id_token_signing_alg_values_supported: settings.openid.signer.algorithms,
        authorization_signing_alg_values_supported: settings.openid.signer.algorithms,
        subject_types_supported: ["public"]
      }),
      response_types_supported: ["code"],
      grant_types_supported: [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "password",
        "urn:ietf:params:oauth:grant-type:device_code"
      ],
      ...(settings.detailsTypes.length === 0
        ? {}
        : { authorization_details_types_supported: settings.detailsTypes }),
      code_challenge_methods_supported: ["S256"],
      token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "none"],
      authorization_response_iss_parameter_supported: true,
      dpop_signing_alg_values_supported: ["ES256"]
    })

  /** What an access token opens; any other token gets a challenge (RFC 6750, section 3; RFC 9449, section 7.1). */
  const guarded = (
    request: TestHttp.Request,
    realm: string,
    open: (token: Token) => TestHttp.Answer
  ): TestHttp.Answer => {
    const [scheme = "", value] = (request.headers["authorization"] ?? "").split(" ", 2)
    const challenge = (scheme: string, parameters: Readonly<Record<string, string>> = {}) => {
      const all = { realm, ...(scheme === "DPoP" ? { algs: "ES256" } : {}), ...parameters }
      const text = Object.entries(all).map(([name, value]) => `${name}="${value}"`).join(", ")
      return TestHttp.empty(401, { headers: { "www-authenticate": `${scheme} ${text}` } })
    }
    if (!/^(bearer|dpop)$/i.test(scheme) || value === undefined) return challenge("Bearer")
    const token = grants.find(value)
    const refused = (token: Token | undefined, scheme: string): TestHttp.Answer => {
      noteRefusal("invalid_token", token)
      return challenge(scheme, { error: "invalid_token", error_description: "The token is not accepted" })
    }
    if (token === undefined || token.kind !== "access" || !grants.isLive(token)) {
      return refused(token, scheme.toLowerCase() === "dpop" ? "DPoP" : "Bearer")
    }
    // a token that is bound to a key is no bearer token, and the other way round
    if (scheme.toLowerCase() !== typeOf(token).toLowerCase()) return refused(token, typeOf(token))
    if (token.thumbprint !== undefined) {
      const proven = proofs.check(request, value)
      if (proven._tag === "Refused") {
        noteRefusal(proven.error, token)
        return challenge("DPoP", { error: proven.error, error_description: proven.description })
      }
      if (proven._tag === "Nothing" || proven.thumbprint !== token.thumbprint) return refused(token, "DPoP")
    }
    noteUse(token)
    return open(token)
  }

  const authenticated = (
    request: TestHttp.Request,
    then: (request: TestHttp.Request, client: Client) => TestHttp.Answer
  ): TestHttp.Answer => {
    if (request.method !== "POST") return TestHttp.empty(405, { headers: { allow: "POST" } })
    if (formParameters(request.body) === undefined) return refuse("invalid_request", "a parameter is repeated")
    const client = authenticate(request)
    return "status" in client ? client : then(request, client)
  }

  const serve = (request: TestHttp.Request, endpoint: Exclude<Endpoint, "elsewhere">): TestHttp.Answer => {
    switch (endpoint) {
      case "authorization": {
        const outcome = authorizations.authorize(request.url, {})
        return outcome._tag === "Redirect"
          ? TestHttp.redirect(outcome.url)
          : TestHttp.html(outcome.problem, { status: 400 })
      }
      case "token":
        return authenticated(request, token)
      case "revocation":
        return authenticated(request, revocation)
      case "introspection":
        return authenticated(request, introspection)
      case "pushed-authorization-request":
        return authenticated(request, pushed)
      case "registration":
        return register === undefined ? TestHttp.empty(404) : register(request)
      case "device-authorization":
        return authenticated(request, device)
      case "userinfo":
        return guarded(
          request,
          settings.issuer,
          ({ family }) => TestHttp.json({ sub: family.subject, ...family.claims })
        )
      case "jwks": {
        const { openid } = settings
        if (openid === undefined) return TestHttp.empty(404)
        return later(TestHttp.empty(500), Effect.map(openid.signer.jwks, (set) => TestHttp.json(set)))
      }
      case "metadata":
        return metadata()
      case "api":
        return guarded(
          request,
          settings.apiOrigin,
          (token) => settings.api(request, { token: token.id, subject: token.family.subject, scopes: token.scopes })
        )
      case "unknown":
        return TestHttp.empty(404)
    }
  }

  return (request: TestHttp.Request, endpoint: Exclude<Endpoint, "elsewhere">): TestHttp.Answer =>
    withNonce(serve(request, endpoint), new URL(request.url).origin)
}

interface Presented {
  readonly resource: string | undefined
  readonly details: AuthorizationDetails | undefined
  /** The DPoP key that the request proves. */
  readonly thumbprint: string | undefined
}

/** The key that a refresh token is bound to: only that of a client which proves nothing else (RFC 9449, section 5). */
const boundTo = (client: Client, { thumbprint }: Presented): string | undefined =>
  client.authentication === "none" ? thumbprint : undefined

const typeOf = (token: Token): string => token.thumbprint === undefined ? "Bearer" : "DPoP"

const reasons: { readonly [K in Exclude<Extract<Renewal, { _tag: "Refused" }>["because"], "scope">]: string } = {
  unknown: "the refresh token is not known",
  expired: "the refresh token has expired",
  revoked: "the refresh token was revoked",
  reused: "the refresh token was used before",
  key: "the refresh token is bound to another key"
}

const lifetime = (shape: AnswerShape, seconds: number): Readonly<Record<string, Schema.Json>> => {
  switch (shape.expiresIn ?? "number") {
    case "number":
      return { expires_in: seconds }
    case "string":
      return { expires_in: String(seconds) }
    case "omitted":
      return {}
  }
}

const basicCredentials = (request: TestHttp.Request): { readonly id: string; readonly secret: string } | undefined => {
  const [scheme, value = ""] = (request.headers["authorization"] ?? "").split(" ", 2)
  if (scheme?.toLowerCase() !== "basic") return undefined
  const text = Result.getOrElse(Base64.decodeString(value), () => "")
  const colon = text.indexOf(":")
  return { id: text.slice(0, colon), secret: text.slice(colon + 1) }
}

/** RFC 6749, section 2.3.1: both halves were form-encoded before they were joined. */
const formDecode = (text: string): string => new URLSearchParams(`v=${text}`).get("v") ?? ""
