import type { OAuthError } from "@effect-oauth/core"
import { Description, GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Result } from "effect"

describe("a description that cannot work", () => {
  const grant = { from: "grant" } as const
  const keeps = { authorizationResponse: { keep: ["host"] } } as const
  const rows: ReadonlyArray<readonly [what: string, given: Given, field: string, problem: string]> = [
    ["has plain http", { tokenEndpoint: "http://as.test/token" }, "tokenEndpoint", "must begin with https://"],
    [
      "has plain http for a second exchange",
      {
        dialect: {
          authorizationCode: { then: { endpoint: "http://as.test/then", grantType: "x", parameter: "access_token" } }
        }
      },
      "dialect.authorizationCode.then.endpoint",
      "must begin with https://"
    ],
    [
      "has plain http among the hosts of a grant",
      {
        tokenEndpoint: "{host}/token",
        dialect: keeps,
        variables: { host: { ...grant, oneOf: ["https://a.test", "http://b.test"] } }
      },
      "tokenEndpoint",
      "must begin with https://, whatever fills its places"
    ],
    [
      "has no PKCE and a client without a secret",
      { dialect: { authorization: { pkce: "none" } }, clientSecret: undefined },
      "dialect.authorization.pkce",
      "is none, though the client has no secret; use S256, or a client secret"
    ],
    [
      "has a second place for the client's secret",
      { dialect: { requests: { token: { parameters: { client_secret: "x" } } } } },
      "dialect.requests.token.parameters",
      "must not name client_secret, which is secret; remove it"
    ],
    [
      "has a second place for it in an address",
      { tokenEndpoint: "https://as.test/token?client_secret=x" },
      "tokenEndpoint",
      "must not hold client_secret; client authentication sends it"
    ],
    [
      "has a second place for it in a header",
      { dialect: { requests: { all: { headers: { Authorization: "Basic x" } } } } },
      "dialect.requests.all.headers",
      "must not name Authorization, which has another place; remove it"
    ],
    [
      "is given a secret that nothing sends",
      { clientAuthentication: "none" },
      "clientSecret",
      "is given, though clientAuthentication is none; remove one of the two"
    ],
    [
      "lacks the value of a place",
      { tokenEndpoint: "https://{tenant}.test/token", variables: { tenant: { description: "The tenant" } } },
      "variables.tenant",
      "is missing (The tenant); supply it"
    ],
    [
      "has a place that is no variable",
      { tokenEndpoint: "https://{tenant}.test/token" },
      "tokenEndpoint",
      "has a place for tenant, which is no variable"
    ],
    [
      "has a place in another address that is no variable",
      { revocationEndpoint: "https://{tenant}.test/revoke" },
      "revocationEndpoint",
      "has a place for tenant, which is no variable"
    ],
    [
      "takes a value from a grant that does not keep it",
      { tokenEndpoint: "{host}/token", variables: { host: { ...grant, oneOf: ["https://a.test"] } } },
      "variables.host",
      "comes of nothing that is kept; name it in dialect.authorizationResponse.keep or dialect.response.keep"
    ],
    [
      "takes a value from outside as it is",
      { tokenEndpoint: "{host}/token", dialect: keeps, variables: { host: grant } },
      "variables.host",
      "comes from outside, so it needs oneOf or pattern"
    ],
    [
      "has nothing for a place until a grant fills it",
      {
        tokenEndpoint: "https://{host}.test/token",
        dialect: keeps,
        variables: { host: { ...grant, pattern: "[a-z]+" } }
      },
      "variables.host",
      "has no default, which stands until a grant brings a value"
    ],
    [
      "begins logins where only a grant says",
      {
        authorizationEndpoint: "{host}/authorize",
        dialect: keeps,
        variables: { host: { ...grant, oneOf: ["https://a.test"] } }
      },
      "authorizationEndpoint",
      "has a place for host, which a grant brings; here the application supplies what is filled in"
    ],
    [
      "checks a value in two ways",
      { tokenEndpoint: "https://{host}.test/token", variables: { host: { oneOf: ["a"], pattern: "a" } } },
      "variables.host",
      "has both oneOf and pattern; remove one of the two"
    ],
    [
      "names an origin of the API twice",
      { apiOrigins: ["https://api.test", "https://api.test"] },
      "apiOrigins",
      "names an origin twice"
    ],
    [
      "names an origin of the API twice when its places are filled",
      { apiOrigins: ["https://a.test", "https://{host}.test"], variables: { host: { default: "a" } } },
      "apiOrigins",
      "names an origin twice"
    ],
    [
      "keeps an origin of the API twice",
      { dialect: { response: { keep: ["instance_url"], apiOrigins: ["instance_url"] } } },
      "dialect.response.apiOrigins",
      "names instance_url, which is kept already; name it once"
    ],
    [
      "knows how an origin looks that it does not name",
      { dialect: { answers: { originPatterns: { instance_url: "https://a\\.test" } } } },
      "dialect.answers.originPatterns.instance_url",
      "is of no member of dialect.response.apiOrigins; name it there"
    ],
    [
      "sends a parameter of the protocol twice",
      { dialect: { requests: { token: { parameters: { grant_type: "x" } } } } },
      "dialect.requests.token.parameters",
      "must not name grant_type, which is sent already; remove it, or omit the other"
    ],
    [
      "sends a renamed parameter twice",
      {
        dialect: {
          requests: { all: { names: { client_id: "client_key" } }, refreshToken: { parameters: { client_key: "x" } } }
        }
      },
      "dialect.requests.refreshToken.parameters",
      "must not name client_key, which is sent already; remove it, or omit the other"
    ],
    [
      "gives two parameters one name",
      { dialect: { requests: { token: { names: { client_id: "id", code: "id" } } } } },
      "dialect.requests.token.names",
      "gives two parameters the name id; correct one of them"
    ],
    [
      "gives two parameters of the authorization request one name",
      { dialect: { authorization: { names: { client_id: "id", state: "id" } } } },
      "dialect.authorization.names",
      "gives two parameters the name id; correct one of them"
    ],
    [
      "sends a parameter of the authorization request twice",
      { dialect: { authorization: { parameters: { client_id: "x" } } } },
      "dialect.authorization.parameters",
      "must not name client_id, which is sent already; remove it"
    ],
    [
      "says in two places how an answer comes back",
      { dialect: { authorization: { responseMode: "form_post", parameters: { response_mode: "query" } } } },
      "dialect.authorization.responseMode",
      "is among the parameters too; remove one of the two"
    ],
    [
      "has a body for a GET",
      { dialect: { requests: { token: { method: "GET" }, refreshToken: { encoding: "json" } } } },
      "dialect.requests.refreshToken.encoding",
      "is json, though a GET has no body; remove one of the two"
    ],
    [
      "tells a lifetime twice",
      { dialect: { answers: { lifetime: "minutes", expiresAt: { name: "expires_at", form: "seconds" } } } },
      "dialect.answers.lifetime",
      "is told by dialect.answers.expiresAt too; remove one of the two"
    ],
    [
      "tells a refresh token's lifetime twice",
      {
        dialect: {
          response: { refreshTokenExpiresIn: "a" },
          answers: { refreshTokenExpiresIn: { name: "b", form: "minutes" } }
        }
      },
      "dialect.answers.refreshTokenExpiresIn",
      "is told by dialect.response.refreshTokenExpiresIn too; remove one of the two"
    ],
    [
      "lets a refresh token rest for longer than it lives",
      { idleLifetime: "60 days", dialect: { response: { refreshTokenLifetime: "30 days" } } },
      "idleLifetime",
      "is longer than dialect.response.refreshTokenLifetime, which ends a refresh token before"
    ],
    [
      "lets an access token end before it may be renewed",
      { minInterval: "2 hours", dialect: { response: { defaultLifetime: "1 hour" } } },
      "minInterval",
      "is longer than dialect.response.defaultLifetime, which ends an access token before"
    ],
    [
      "has a pattern that is no regular expression",
      { variables: { host: { default: "a", pattern: "(" } } },
      "variables.host.pattern",
      "is not a regular expression"
    ],
    [
      "has an origin's pattern that is no regular expression",
      { dialect: { response: { apiOrigins: ["a"] }, answers: { originPatterns: { a: "[" } } } },
      "dialect.answers.originPatterns.a",
      "is not a regular expression"
    ],
    [
      "has tokens with a status that is no success",
      { dialect: { answers: { statuses: [404] } } },
      "dialect.answers.statuses",
      "must be of success, 200 to 299"
    ],
    [
      "has errors that are read anyway",
      { dialect: { answers: { errorStatuses: [400] } } },
      "dialect.answers.errorStatuses",
      "must be 500 to 599; errors of less are read anyway"
    ],
    [
      "has an error by what is no status",
      { dialect: { answers: { errorsByStatus: { no: "invalid_grant" } } } },
      "dialect.answers.errorsByStatus.no",
      "is no status of 400 to 599"
    ],
    [
      "has a field that is not known",
      { tokenEndpiont: "https://as.test" } as Given,
      "tokenEndpiont",
      "is not known; correct its name (tokenEndpoint?), or remove it"
    ],
    [
      "has a field that is not known, in a list",
      { sources: [{ url: "https://a.test", read: "2026-01-01", standings: "verified" }] } as unknown as Given,
      "sources.0.standings",
      "is not known; correct its name (standing?), or remove it"
    ],
    [
      "has a field that resembles none",
      { dialect: { somethingElse: 1 } } as Given,
      "dialect.somethingElse",
      "is not known; correct its name, or remove it"
    ],
    [
      "describes logins and has no authorization endpoint",
      { authorizationEndpoint: undefined, dialect: keeps },
      "authorizationEndpoint",
      "is missing, though its dialect is described"
    ],
    [
      "describes revocations and has no revocation endpoint",
      { dialect: { requests: { revocation: { method: "GET" } } } },
      "revocationEndpoint",
      "is missing, though requests to it are described"
    ],
    [
      "describes devices and has no endpoint for them",
      { dialect: { answers: { device: { verification_uri: "verification_url" } } } },
      "deviceAuthorizationEndpoint",
      "is missing, though requests to it are described"
    ],
    [
      "describes pushed requests and has no endpoint for them",
      { clientAuthentication: { token: "basic", "pushed-authorization-request": "post" } },
      "pushedAuthorizationRequestEndpoint",
      "is missing, though requests to it are described"
    ],
    [
      "looks lifetimes up and has no introspection endpoint",
      { dialect: { answers: { lifetime: "introspection" } } },
      "introspectionEndpoint",
      "is missing, though dialect.answers.lifetime is looked up there"
    ],
    [
      "has statements signed that are made to nobody",
      { clientAuthentication: "jwtSecret" },
      "clientAssertion.audience",
      "is missing, and so is the issuer; say to whom the client's statement is made"
    ],
    [
      "has a place in the redirect URI's name that nothing fills",
      {
        authorizationEndpoint: "https://as.test/authorize",
        dialect: { authorization: { redirectName: "{name}" } }
      },
      "dialect.authorization.redirectName",
      "has a place for name, which is no variable"
    ],
    [
      "has a place in a parameter of the login that nothing fills",
      {
        authorizationEndpoint: "https://as.test/authorize",
        dialect: { authorization: { parameters: { application: "{application}" } } }
      },
      "dialect.authorization.parameters.application",
      "has a place for application, which is no variable"
    ],
    [
      "has a place in a header that nothing fills",
      { dialect: { requests: { token: { headers: { "x-seller": "{seller}" } } } } },
      "dialect.requests.token.headers.x-seller",
      "has a place for seller, which is no variable"
    ],
    [
      "has a parameter that is also an object",
      {
        dialect: {
          requests: { token: { encoding: "json-by-path", names: { scope: "data" }, parameters: { "data.a": "1" } } }
        }
      },
      "dialect.requests.token.names",
      "has parameters in data, which is a parameter; correct one of them"
    ],
    [
      "describes statements that are not signed",
      { clientAssertion: { audience: "https://as.test" } },
      "clientAssertion",
      "is described, though clientAuthentication signs nothing; remove one of the two"
    ],
    [
      "lacks what signs its statements",
      { clientAuthentication: "privateKeyJwt", issuer: "https://as.test", clientSecret: undefined },
      "signer",
      "is missing, though clientAuthentication is privateKeyJwt; ClientAssertion.signer makes one"
    ],
    [
      "lacks a hook",
      { hooks: { onRequest: "Signs it." } },
      "onRequest",
      "is missing (Signs it.); supply it"
    ]
  ]

  for (const [what, given, field, problem] of rows) {
    it.effect(`is refused when the layer is built: it ${what}`, () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Layer.build(layer(given)))

        assert.deepStrictEqual(reasonOf(error), { field, problem })
      }).pipe(Effect.scoped))
  }

  it.effect("works on this machine with plain http, where that is said", () =>
    Effect.gen(function*() {
      const { clientSecret, ...description } = plain
      const layer = GenericRfc6749.layerDescriptionLoopback({
        clientId: "app",
        clientSecret,
        description: { ...description, tokenEndpoint: "http://127.0.0.1:9/token" }
      })

      assert.isDefined(yield* Layer.build(layer))
    }).pipe(Effect.scoped))

  describe("because of a pattern", () => {
    for (
      const pattern of [
        "(a+)+",
        "(a|aa)+",
        "(?:a?a)*b",
        "[a-z]*[a-z0-9]*",
        "a*b?a*",
        "(?:[a-z]+|[a-z]*x)+",
        "(a)\\1",
        "(?=a)a",
        "(?<!a)b",
        ".*.*",
        "(?:a*){6}b",
        "(?:a{0,9}){9}b",
        "(?:a?){30}a{30}",
        "(?:a|ab){9}b",
        "a{0,30}a{0,30}a{0,30}b"
      ]
    ) {
      it(`is refused: ${pattern} may take long`, () => {
        assert.strictEqual(fieldOf(pattern), "variables.host.pattern")
      })
    }

    for (
      const pattern of [
        "[a-z]+",
        "https://[a-z0-9-]+\\.example\\.com",
        "https://[a-z0-9-]+(?:\\.[a-z0-9-]+)*\\.example\\.com",
        "(?:[a-z0-9-]+\\.)+example\\.com",
        "[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?",
        "(?:eu|us|ap)[0-9]{0,3}",
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{12}",
        "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "\\d{1,3}(?:\\.\\d{1,3}){3}",
        "a|b|c"
      ]
    ) {
      it(`is not refused: ${pattern}`, () => {
        assert.isUndefined(fieldOf(pattern))
      })
    }
  })
})

interface Given extends Omit<Partial<Description.Encoded>, "authorizationEndpoint"> {
  readonly authorizationEndpoint?: string | undefined
  readonly clientSecret?: Redacted.Redacted | undefined
}

const plain = {
  provider: "test",
  authorizationEndpoint: "https://as.test/authorize",
  tokenEndpoint: "https://as.test/token",
  clientSecret: Redacted.make("s")
}

const layer = (given: Given) => {
  const { clientSecret, ...description } = { ...plain, ...given }
  return GenericRfc6749.layerDescription({
    clientId: "app",
    clientSecret,
    description: Object.fromEntries(Object.entries(description).filter(([, value]) => value !== undefined))
  })
}

const reasonOf = ({ reason }: OAuthError.OAuthError) =>
  reason._tag === "ConfigurationInvalid" ? { field: reason.field, problem: reason.problem } : reason._tag

const fieldOf = (pattern: string): string | undefined => {
  const { clientSecret: _, ...description } = plain
  const decoded = Description.decode({ ...description, variables: { host: { default: "a", pattern } } })
  if (Result.isSuccess(decoded)) return undefined
  const reason = reasonOf(decoded.failure)
  return typeof reason === "string" ? reason : reason.field
}
