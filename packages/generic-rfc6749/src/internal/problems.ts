/**
 * What makes a description that is well-formed one that cannot work: fields that contradict each other, and what they
 * need that is not there.
 */
import { addressFields } from "@effect-oauth/core/AuthorizationServer"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as Duration from "effect/Duration"
import type { DescribedDialect } from "../DescribedDialect.ts"
import type { Writing } from "../DescribedRequests.ts"
import type { Description } from "../Description.ts"
import * as Pattern from "./pattern.ts"
import * as Template from "./template.ts"

/** What is wrong with a description, if anything is: the first field and what to do about it. */
export const find = (self: Description): OAuthError.ConfigurationInvalid | undefined => {
  for (const check of checks) {
    for (const [field, problem] of check(self)) return new OAuthError.ConfigurationInvalid({ field, problem })
  }
  return undefined
}

type Problems = Generator<readonly [field: string, problem: string]>

function* endpoints(self: Description): Problems {
  const { clientAuthentication, dialect = {} } = self
  const { answers, requests } = dialect
  const methods = typeof clientAuthentication === "object" ? clientAuthentication : undefined
  const needs: ReadonlyArray<readonly [field: keyof Description, because: unknown, why: string]> = [
    [
      "authorizationEndpoint",
      dialect.authorization ?? dialect.authorizationResponse ?? dialect.authorizationCode,
      "its dialect is described"
    ],
    ["revocationEndpoint", requests?.revocation ?? methods?.revocation, "requests to it are described"],
    ["introspectionEndpoint", requests?.introspection ?? methods?.introspection, "requests to it are described"],
    [
      "introspectionEndpoint",
      answers?.lifetime === "introspection" || undefined,
      "dialect.answers.lifetime is looked up there"
    ],
    [
      "deviceAuthorizationEndpoint",
      requests?.deviceAuthorization ?? requests?.deviceCode ?? answers?.device ?? methods?.["device-authorization"],
      "requests to it are described"
    ],
    [
      "pushedAuthorizationRequestEndpoint",
      requests?.pushedAuthorizationRequest ?? methods?.["pushed-authorization-request"],
      "requests to it are described"
    ],
    [
      "backchannelAuthenticationEndpoint",
      requests?.backchannelAuthentication ?? methods?.["backchannel-authentication"],
      "requests to it are described"
    ]
  ]
  for (const [field, because, why] of needs) {
    if (because !== undefined && self[field] === undefined) yield [field, `is missing, though ${why}`]
  }
}

function* clients({ clientAssertion, clientAuthentication, issuer }: Description): Problems {
  const methods = typeof clientAuthentication === "object"
    ? Object.values(clientAuthentication)
    : [clientAuthentication]
  const signs = methods.some((method) => method === "privateKeyJwt" || method === "jwtSecret")
  if (signs && clientAssertion?.audience === undefined && issuer === undefined) {
    yield ["clientAssertion.audience", "is missing, and so is the issuer; say to whom the client's statement is made"]
  }
  if (!signs && clientAssertion !== undefined) {
    yield ["clientAssertion", "is described, though clientAuthentication signs nothing; remove one of the two"]
  }
}

function* variables(self: Description): Problems {
  const { dialect = {}, variables = {} } = self
  const kept = new Set([
    ...dialect.authorizationResponse?.keep ?? [],
    ...dialect.response?.keep ?? [],
    ...dialect.response?.apiOrigins ?? []
  ])
  for (const [name, variable] of Object.entries(variables)) {
    const field = `variables.${name}`
    if (variable.oneOf !== undefined && variable.pattern !== undefined) {
      yield [field, "has both oneOf and pattern; remove one of the two"]
    }
    if (variable.pattern !== undefined) yield* pattern(`${field}.pattern`, variable.pattern)
    if (variable.from !== "grant") continue
    if (variable.oneOf === undefined && variable.pattern === undefined) {
      yield [field, "comes from outside, so it needs oneOf or pattern"]
    }
    if (!kept.has(name)) {
      yield [
        field,
        "comes of nothing that is kept; name it in dialect.authorizationResponse.keep or dialect.response.keep"
      ]
    }
  }
  for (const [field, text] of templates(self)) {
    const unknown = Template.places(text).find((name) =>
      !Object.hasOwn(variables, name) && !(field === "issuer" && Object.hasOwn(self.issuerClaims ?? {}, name))
    )
    if (unknown !== undefined) yield [field, `has a place for ${unknown}, which is no variable`]
    const ofGrant = Template.places(text).find((name) => variables[name]?.from === "grant")
    if (ofGrant !== undefined && !perGrant.has(field)) {
      yield [field, `has a place for ${ofGrant}, which a grant brings; here the application supplies what is filled in`]
    }
  }
}

// texts that may hold braces of their own, in JSON: what looks like a place is one
function* texts({ dialect = {}, variables = {} }: Description): Problems {
  const all = [
    ["dialect.authorization.parameters", dialect.authorization?.parameters] as const,
    ...Object.entries(dialect.requests ?? {}).flatMap(([leg, own]) => [
      [`dialect.requests.${leg}.headers`, own?.headers] as const,
      [`dialect.requests.${leg}.parameters`, own?.parameters] as const
    ])
  ]
  for (const [field, parameters = {}] of all) {
    for (const [name, text] of Object.entries(parameters)) {
      const unknown = Template.places(text).find((place) =>
        /^[A-Za-z]\w*$/.test(place) && !Object.hasOwn(variables, place)
      )
      if (unknown !== undefined) yield [`${field}.${name}`, `has a place for ${unknown}, which is no variable`]
    }
  }
}

// what is asked of these is asked for a grant
const perGrant: ReadonlySet<string> = new Set([
  "tokenEndpoint",
  "refreshEndpoint",
  "revocationEndpoint",
  "introspectionEndpoint",
  "dialect.authorizationCode.then.endpoint"
])

const templates = (self: Description): ReadonlyArray<readonly [field: string, text: string]> => [
  ...addressFields.flatMap((field) => self[field] === undefined ? [] : [[field, self[field]] as const]),
  ...(self.apiOrigins ?? []).map((origin) => ["apiOrigins", origin] as const),
  ...(self.clientAssertion?.issuer === undefined
    ? []
    : [["clientAssertion.issuer", self.clientAssertion.issuer] as const]),
  ...(self.dialect?.authorization?.redirectName === undefined
    ? []
    : [["dialect.authorization.redirectName", self.dialect.authorization.redirectName] as const]),
  ...(self.dialect?.authorizationCode?.then?.endpoint === undefined
    ? []
    : [["dialect.authorizationCode.then.endpoint", self.dialect.authorizationCode.then.endpoint] as const])
]

function* pattern(field: string, text: string): Problems {
  const problem = Pattern.problem(text)
  if (problem !== undefined) yield [field, problem]
}

function* origins({ dialect = {} }: Description): Problems {
  const { apiOrigins = [], keep = [] } = dialect.response ?? {}
  for (const [name, text] of Object.entries(dialect.answers?.originPatterns ?? {})) {
    const field = `dialect.answers.originPatterns.${name}`
    yield* pattern(field, text)
    if (!apiOrigins.includes(name)) yield [field, "is of no member of dialect.response.apiOrigins; name it there"]
  }
  const twice = apiOrigins.find((name, index) => keep.includes(name) || apiOrigins.indexOf(name) < index)
  if (twice !== undefined) yield ["dialect.response.apiOrigins", `names ${twice}, which is kept already; name it once`]
}

function* lifetimes({ dialect = {}, idleLifetime, minInterval }: Description): Problems {
  const { answers = {}, response = {} } = dialect
  if (answers.expiresAt !== undefined && answers.lifetime !== undefined) {
    yield ["dialect.answers.lifetime", "is told by dialect.answers.expiresAt too; remove one of the two"]
  }
  const refresh = [
    ["dialect.answers.refreshTokenExpiresAt", answers.refreshTokenExpiresAt],
    ["dialect.answers.refreshTokenExpiresIn", answers.refreshTokenExpiresIn],
    ["dialect.response.refreshTokenExpiresIn", response.refreshTokenExpiresIn]
  ] as const
  const [one, other] = refresh.flatMap(([field, told]) => told === undefined ? [] : [field])
  if (one !== undefined && other !== undefined) yield [one, `is told by ${other} too; remove one of the two`]
  if (longer(idleLifetime, response.refreshTokenLifetime)) {
    yield ["idleLifetime", "is longer than dialect.response.refreshTokenLifetime, which ends a refresh token before"]
  }
  if (longer(minInterval, response.defaultLifetime)) {
    yield ["minInterval", "is longer than dialect.response.defaultLifetime, which ends an access token before"]
  }
}

const longer = (one: Duration.Duration | undefined, other: Duration.Duration | undefined): boolean =>
  one !== undefined && other !== undefined && Duration.isGreaterThan(one, other)

function* statuses({ dialect: { answers = {} } = {} }: Description): Problems {
  if (answers.statuses?.every((status) => status >= 200 && status < 300) === false) {
    yield ["dialect.answers.statuses", "must be of success, 200 to 299"]
  }
  if (answers.errorStatuses?.every((status) => status >= 500 && status < 600) === false) {
    yield ["dialect.answers.errorStatuses", "must be 500 to 599; errors of less are read anyway"]
  }
  const odd = Object.keys(answers.errorsByStatus ?? {}).find((status) => !/^[45]\d\d$/.test(status))
  if (odd !== undefined) yield [`dialect.answers.errorsByStatus.${odd}`, "is no status of 400 to 599"]
}

function* requests({ dialect = {} }: Description): Problems {
  const { all, token } = dialect.requests ?? {}
  for (const [leg, own] of Object.entries(dialect.requests ?? {})) {
    if (own === undefined) continue
    const above = leg === "all" ? [] : leg === "token" || !(leg in grants) ? [all] : [all, token]
    yield* writing(`dialect.requests.${leg}`, own, above.flatMap((one) => one ?? []))
  }
  yield* authorization(dialect.authorization ?? {})
  const then = dialect.authorizationCode?.then?.endpoint
  if (then !== undefined && /^http:/i.test(then)) {
    yield ["dialect.authorizationCode.then.endpoint", "must begin with https://"]
  }
}

const grants = { authorizationCode: 0, then: 0, refreshToken: 0, clientCredentials: 0, deviceCode: 0 }

function* writing(field: string, own: Writing, above: ReadonlyArray<Writing>): Problems {
  const method = own.method ?? above.find((one) => one.method !== undefined)?.method
  if (method === "GET" && own.encoding !== undefined && own.encoding !== "query") {
    yield [`${field}.encoding`, `is ${own.encoding}, though a GET has no body; remove one of the two`]
  }
  const encoding = own.encoding ?? above.find((one) => one.encoding !== undefined)?.encoding
  const header = Object.keys(own.headers ?? {}).find((name) => protocolHeaders.has(name.toLowerCase()))
  if (header !== undefined) {
    yield [`${field}.headers`, `must not name ${header}, which has another place; remove it`]
  }
  const names = Object.assign({}, ...above.map((one) => one.names), own.names) as Readonly<Record<string, string>>
  const shared = sharedName(names)
  if (shared !== undefined) yield [`${field}.names`, `gives two parameters the name ${shared}; correct one of them`]
  if (encoding === "json-by-path") {
    const paths = [...Object.values(names), ...Object.keys(own.parameters ?? {})]
    const leaf = paths.find((path) => paths.some((other) => other.startsWith(`${path}.`)))
    if (leaf !== undefined) {
      yield [`${field}.names`, `has parameters in ${leaf}, which is a parameter; correct one of them`]
    }
  }
  const omitted = new Set([...above, own].flatMap((one) => one.omit ?? []))
  for (const name of Object.keys(own.parameters ?? {})) {
    if (secrets.has(name)) yield [`${field}.parameters`, `must not name ${name}, which is secret; remove it`]
    const renamed = Object.entries(names).find(([, theirs]) => theirs === name)
    if (renamed !== undefined ? !omitted.has(renamed[0]) : owned.has(name) && !omitted.has(name)) {
      yield [`${field}.parameters`, `must not name ${name}, which is sent already; remove it, or omit the other`]
    }
  }
}

function* authorization(
  { names = {}, parameters = {}, responseMode }: DescribedDialect["authorization"] & {}
): Problems {
  const shared = sharedName(names)
  if (shared !== undefined) {
    yield ["dialect.authorization.names", `gives two parameters the name ${shared}; correct one of them`]
  }
  const again = Object.keys(parameters).find((name) => Object.values(names).includes(name))
  if (again !== undefined) {
    yield ["dialect.authorization.parameters", `must not name ${again}, which is sent already; remove it`]
  }
  if (responseMode !== undefined && Object.hasOwn(parameters, "response_mode")) {
    yield ["dialect.authorization.responseMode", "is among the parameters too; remove one of the two"]
  }
}

const sharedName = (names: Readonly<Record<string, string>>): string | undefined => {
  const all = Object.values(names)
  return all.find((name, index) => all.indexOf(name) < index)
}

const protocolHeaders: ReadonlySet<string> = new Set([
  "authorization",
  "content-length",
  "content-type",
  "cookie",
  "dpop",
  "host"
])

const secrets: ReadonlySet<string> = new Set([
  "access_token",
  "client_assertion",
  "client_secret",
  "code",
  "code_verifier",
  "refresh_token"
])

const owned: ReadonlySet<string> = new Set(["client_id", "grant_type", "redirect_uri", "scope", "token", "device_code"])

const checks = [endpoints, clients, variables, texts, origins, lifetimes, statuses, requests]
