/**
 * The pushed authorization request endpoint (RFC 9126): the parameters of a
 * login go to the server directly, and the browser carries a reference to them.
 * What a person or a page in between cannot see, they cannot change.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as AuthorizationRequest from "./AuthorizationRequest.ts"
import { AuthorizationServer } from "./AuthorizationServer.ts"
import { ClientAuthentication } from "./ClientAuthentication.ts"
import { Dpop, type Proof } from "./Dpop.ts"
import * as Form from "./internal/form.ts"
import { member, parseObject } from "./internal/json.ts"
import * as SuccessfulAnswer from "./internal/successfulAnswer.ts"
import * as OAuthError from "./OAuthError.ts"
import { OAuthHttpClient } from "./OAuthHttpClient.ts"
import type { Parameters } from "./TokenRequest.ts"
import type * as TokenResponse from "./TokenResponse.ts"

/**
 * A request that the server has taken.
 *
 * @category models
 * @since 0.1.0
 */
export interface Pushed {
  /** Where to send the browser, once. It holds the client's name and the reference, and nothing else. */
  readonly url: string
  /** The reference (RFC 9126, section 2.2). */
  readonly requestUri: string
  /** When the reference is of no more use, by this process's clock. */
  readonly expiresAt: DateTime.Utc
}

/**
 * The pushed authorization request endpoint of one authorization server, for one
 * client.
 *
 * @category services
 * @since 0.1.0
 */
export class PushedAuthorization extends Context.Service<PushedAuthorization, {
  /**
   * Pushes the parameters of an `AuthorizationRequest`, with the client's
   * authentication.
   *
   * **Details**
   *
   * Every call is one request, and gives a reference of its own. A failure is the
   * server's word or the lack of it, by the reasons of a token endpoint; what a
   * lost answer leaves at the server is a reference that nobody knows, so the
   * request may be pushed again.
   *
   * With a `Dpop` in context the request is proven by the key that the code is to
   * be bound to (RFC 9449, section 10.1); where the server wants its nonce in the
   * proof, it is sent once more.
   *
   * **Gotchas**
   *
   * A server that refuses a pushed request is not to be sent the same in an
   * address: that is the change that pushing prevents.
   */
  readonly push: (parameters: Parameters) => Effect.Effect<Pushed, OAuthError.OAuthError>
}>()("@effect-oauth/core/PushedAuthorization") {}

/**
 * Makes the pushed authorization request endpoint of the authorization server in
 * context.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<
  PushedAuthorization["Service"],
  never,
  OAuthHttpClient | AuthorizationServer | ClientAuthentication
> = /* @__PURE__ */ Effect.gen(function*() {
  const client = yield* OAuthHttpClient
  const server = yield* AuthorizationServer
  const authentication = yield* ClientAuthentication
  const dpop = Option.getOrUndefined(yield* Effect.serviceOption(Dpop))

  // RFC 9449, section 10.1: proven by the key that the code is bound to, once more where the server wants its nonce
  const send = Effect.fnUntraced(function*(
    to: To,
    dpop: Dpop["Service"]
  ) {
    let last: Proof | undefined
    const thumbprint = to.parameters.find(([name]) => name === "dpop_jkt")?.[1]
    const exchange = Form.exchange(client, authentication, server.dialect, {
      ...to,
      prove: (request) =>
        dpop.proof({
          method: request.method,
          url: request.url,
          thumbprint: typeof thumbprint === "string" ? thumbprint : undefined,
          algorithms: server.dpopSigningAlgorithms
        }).pipe(
          Effect.map((proof) => {
            last = proof
            return HttpClientRequest.setHeader(request, "dpop", Redacted.value(proof.value))
          }),
          Effect.mapError(({ reason }) =>
            reason._tag === "ConfigurationInvalid" ? reason : new OAuthError.KeyUnavailable({ use: "dpop" })
          )
        )
    })
    const answer = yield* exchange
    return last !== undefined && dpop.heard(last, { headers: answer.headers, error: errorOf(answer) })
      ? yield* exchange
      : answer
  })

  const attempt = Effect.fnUntraced(function*(
    parameters: Parameters
  ): Effect.fn.Return<Pushed, OAuthError.OAuthErrorReason> {
    const { clientId } = authentication
    const endpoint = yield* present(server, "authorizationEndpoint")
    const field = "pushedAuthorizationRequestEndpoint"
    const url = yield* present(server, field)
    const unusable = parameters.find(([name]) => name === "request_uri")
    if (unusable !== undefined) {
      return yield* new OAuthError.ConfigurationInvalid({
        field: "parameters",
        problem: "must not name request_uri, which is what pushing gives (RFC 9126, section 2.1)"
      })
    }
    const to = {
      endpoint: "pushed-authorization-request",
      url,
      field,
      clientId,
      parameters: parameters.filter(([name]) => name !== "client_id")
    } as const
    const answer = yield* dpop === undefined
      ? Form.exchange(client, authentication, server.dialect, to)
      : send(to, dpop)
    const { expiresAt, requestUri } = yield* Effect.fromResult(judge(answer))
    return { url: AuthorizationRequest.pushed(endpoint, { clientId, requestUri }), requestUri, expiresAt }
  })

  return PushedAuthorization.of({
    push: Effect.fn("PushedAuthorization.push")(function*(parameters) {
      yield* Effect.annotateCurrentSpan("oauth.provider", server.provider)
      return yield* attempt(parameters).pipe(
        Effect.mapError((reason) => OAuthError.make("PushedAuthorization", "push", reason))
      )
    })
  })
})

/**
 * The pushed authorization request endpoint of the authorization server in
 * context.
 *
 * **Details**
 *
 * It is built anew wherever it is provided: two clients in one application, of
 * two servers, never share one.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<
  PushedAuthorization,
  never,
  OAuthHttpClient | AuthorizationServer | ClientAuthentication
> = /* @__PURE__ */ Layer.fresh(/* @__PURE__ */ Layer.effect(PushedAuthorization, make))

const present = (
  server: AuthorizationServer["Service"],
  field: "authorizationEndpoint" | "pushedAuthorizationRequestEndpoint"
): Effect.Effect<string, OAuthError.ConfigurationInvalid> =>
  server[field] === undefined
    ? Effect.fail(new OAuthError.ConfigurationInvalid({ field, problem: "is missing; this server has none" }))
    : Effect.succeed(server[field])

type To = globalThis.Parameters<typeof Form.exchange>[3]

const errorOf = ({ body }: TokenResponse.Answer): string | undefined => {
  const parsed = parseObject(body)
  const error = typeof parsed === "string" ? undefined : member(parsed, "error")
  return typeof error === "string" ? error : undefined
}

const judge = (answer: TokenResponse.Answer): SuccessfulAnswer.Read<Pick<Pushed, "expiresAt" | "requestUri">> =>
  Result.gen(function*() {
    // RFC 9126, section 2.2, names the one status; another may be a page that happens to be JSON
    const object = yield* SuccessfulAnswer.objectOf(answer, { success: 201, unexpected: [200] })
    const requestUri = yield* SuccessfulAnswer.textOf(object, answer, "request_uri")
    // it is put into an address as one parameter, so anything printable will do
    if (!/^[\x21-\x7e]{1,2048}$/.test(requestUri)) {
      return yield* SuccessfulAnswer.invalid(answer, "out-of-range", "request_uri")
    }
    const expiresAt = yield* SuccessfulAnswer.expiryOf(object, answer, longest)
    return Number.isInteger(member(object, "expires_in"))
      ? { requestUri, expiresAt: DateTime.makeUnsafe(expiresAt) }
      : yield* SuccessfulAnswer.invalid(answer, "out-of-range", "expires_in")
  })

// a day: an instant that every clock can hold
const longest = 86_400
