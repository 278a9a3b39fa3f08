/**
 * From a description to the options of an authorization server: values go into their places, fields that core knows stay
 * as they are, and what is left becomes its hooks.
 */
import * as AuthorizationServer from "@effect-oauth/core/AuthorizationServer"
import type * as Dialect from "@effect-oauth/core/Dialect"
import * as OAuthError from "@effect-oauth/core/OAuthError"
import * as RotationPolicy from "@effect-oauth/core/RotationPolicy"
import * as TokenResponse from "@effect-oauth/core/TokenResponse"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { DescribedDialect } from "../DescribedDialect.ts"
import type { Described, Description, Supplied } from "../Description.ts"
import * as Answers from "./answers.ts"
import * as FollowUp from "./followUp.ts"
import * as Requests from "./requests.ts"
import * as Template from "./template.ts"
import * as Values from "./values.ts"

type Compiled<A> = Result.Result<A, OAuthError.ConfigurationInvalid>

/** The options that a description stands for, with what an application adds. */
export const options = (self: Description, supplied: Supplied): Compiled<Described> =>
  Result.gen(function*() {
    const { $schema: _, dialect = {}, hooks, rotation, sources: __, variables = {}, ...rest } = self
    for (const hook of ["onRequest", "onAnswer"] as const) {
      const what = hooks?.[hook]
      if (what !== undefined && supplied[hook] === undefined) {
        return yield* refused(hook, `is missing (${what}); supply it`)
      }
    }
    const values = yield* Values.of(variables, supplied.variables ?? {})
    const { filled, templates } = yield* addresses(self, variables, values)
    const described = dialectOf(dialect, supplied, filled, {
      templates,
      variables,
      values,
      renewsElsewhere: self.refreshEndpoint !== undefined
    })
    return {
      ...rest,
      ...filled,
      tokenEndpoint: filled.tokenEndpoint ?? self.tokenEndpoint,
      ...(rest.apiOrigins === undefined
        ? {}
        : {
          apiOrigins: rest.apiOrigins.map((origin) => Template.fill(origin, values))
        }),
      ...(rest.clientAssertion?.issuer === undefined
        ? {}
        : { clientAssertion: { ...rest.clientAssertion, issuer: Template.fill(rest.clientAssertion.issuer, values) } }),
      ...(rotation === undefined ? {} : { rotation: rotationPolicy(rotation) }),
      ...(Object.keys(described).length === 0 ? {} : { dialect: described })
    }
  })

type Addresses = { readonly [F in (typeof AuthorizationServer.addressFields)[number]]?: string }

// Each address with all its places filled, and those that are filled anew for each grant.
const addresses = (
  self: Description,
  variables: Template.Variables,
  values: Readonly<Record<string, string>>
): Compiled<{ readonly filled: Addresses; readonly templates: Addresses }> => {
  const filled: { -readonly [F in keyof Addresses]: Addresses[F] } = {}
  const templates: { -readonly [F in keyof Addresses]: Addresses[F] } = {}
  for (const field of AuthorizationServer.addressFields) {
    const template = self[field]
    if (template === undefined) continue
    filled[field] = Template.fill(template, values)
    if (Template.places(template).some((name) => variables[name]?.from === "grant")) {
      const everywhere = Values.everyOne(template, variables, values)
      if (!everywhere.every(isPrivate)) return refused(field, "must begin with https://, whatever fills its places")
      // what the options supply stays as it is; the rest is filled for each grant
      templates[field] = Template.fill(template, Values.ofOptions(values, variables))
    }
  }
  return Result.succeed({ filled, templates })
}

const isPrivate = (address: string): boolean => !/^http:/i.test(address)

const dialectOf = (
  described: DescribedDialect,
  supplied: Supplied,
  filled: Addresses,
  places: Omit<Requests.Options, "dialect">
): Dialect.Deviations => {
  const { answers, authorization, authorizationCode, refreshToken, requests: _, response, ...rest } = described
  const rules = defined({ ...toldBy(answers, refreshToken), ...response })
  const onRequest = both(
    Requests.make({ ...places, dialect: described }),
    supplied.onRequest,
    (first, second) => (request) => Effect.flatMap(first(request), second)
  )
  const onAnswer = both(
    supplied.onAnswer,
    Answers.make(described),
    (first, second) => (answer, about) => second(first(answer, about), about)
  )
  return defined({
    ...rest,
    authorization: authorization === undefined ? undefined : authorizationOf(authorization, places.values),
    authorizationCode: authorizationCode === undefined ? undefined : authorizationCodeOf(authorizationCode),
    refreshToken: refreshToken === undefined ? undefined : withoutKeys(refreshToken, "grantType", "presents"),
    response: Object.keys(rules).length === 0 ? undefined : rules,
    onRequest,
    onAnswer,
    onTokens: FollowUp.make({
      dialect: described,
      tokenEndpoint: filled.tokenEndpoint ?? "",
      introspectionEndpoint: filled.introspectionEndpoint,
      rules: { ...TokenResponse.rfc6749, ...rules }
    })
  })
}

// what the hook on answers writes under the name of its own
const toldBy = (
  answers: DescribedDialect["answers"],
  refreshToken: DescribedDialect["refreshToken"]
): Pick<Dialect.Deviations["response"] & {}, "refreshTokenExpiresIn"> =>
  answers?.refreshTokenExpiresAt !== undefined || answers?.refreshTokenExpiresIn !== undefined ||
    refreshToken?.presents === "access_token"
    ? { refreshTokenExpiresIn: "refresh_token_expires_in" }
    : {}

const authorizationOf = (
  { responseMode, ...rest }: NonNullable<DescribedDialect["authorization"]>,
  values: Readonly<Record<string, string>>
): Dialect.Deviations["authorization"] => {
  const parameters = {
    ...Object.fromEntries(
      Object.entries(rest.parameters ?? {}).map(([name, value]) => [name, Template.fill(value, values)])
    ),
    ...(responseMode === "query" || responseMode === "form_post" ? { response_mode: responseMode } : {})
  }
  const signed = responseMode === "query" || responseMode === "form_post" ? undefined : responseMode
  return {
    ...rest,
    ...(rest.redirectName === undefined ? {} : { redirectName: Template.fill(rest.redirectName, values) }),
    ...(signed === undefined ? {} : { responseMode: signed }),
    ...(Object.keys(parameters).length === 0 ? {} : { parameters })
  }
}

// where it is repeated, it follows every answer and is no matter of the login's
const authorizationCodeOf = (
  { parts, then, ...rest }: NonNullable<DescribedDialect["authorizationCode"]>
): Dialect.Deviations["authorizationCode"] => ({
  ...rest,
  ...(parts === undefined ? {} : { parts: Object.keys(parts) }),
  ...(then === undefined || then.repeated === "at-renewals"
    ? {}
    : { then: { grantType: then.grantType, parameter: then.parameter, parameters: then.parameters ?? {} } })
})

const both = <A>(first: A | undefined, second: A | undefined, join: (first: A, second: A) => A): A | undefined =>
  first === undefined ? second : second === undefined ? first : join(first, second)

type Defined<A> = { readonly [K in keyof A]?: Exclude<A[K], undefined> }

const defined = <A extends object>(options: A): Defined<A> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<A>

const withoutKeys = <A extends object, K extends keyof A>(object: A, ...keys: ReadonlyArray<K>): Omit<A, K> =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key as K))) as Omit<A, K>

const refused = (field: string, problem: string): Compiled<never> =>
  Result.fail(new OAuthError.ConfigurationInvalid({ field, problem }))

const rotationPolicy = (rotation: NonNullable<Description["rotation"]>): RotationPolicy.RotationPolicy => {
  switch (rotation.policy) {
    case "static":
      return RotationPolicy.fixed
    case "rotating":
      return RotationPolicy.rotating(rotation)
    case "oneShot":
      return RotationPolicy.oneShot
    case "unknown":
      return RotationPolicy.unknown
  }
}
