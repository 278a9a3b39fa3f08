/**
 * The revocation endpoint (RFC 7009).
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type { Json } from "effect/Schema"
import { AuthorizationServer } from "./AuthorizationServer.ts"
import { ClientAuthentication } from "./ClientAuthentication.ts"
import * as Form from "./internal/form.ts"
import * as OAuthError from "./OAuthError.ts"
import { OAuthHttpClient } from "./OAuthHttpClient.ts"
import * as TokenResponse from "./TokenResponse.ts"

/**
 * What became of a revocation: the server no longer knows the token, or it has
 * no way to revoke such a token.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome = "done" | "unsupported"

/**
 * The revocation endpoint of one authorization server, for one client.
 *
 * @category services
 * @since 0.1.0
 */
export class Revocation extends Context.Service<Revocation, {
  /**
   * Asks the server to forget a token. On most servers that of a refresh token
   * ends the whole grant (RFC 7009, section 2.1). `hint` tells what kind of
   * token it is, and may be wrong.
   *
   * Any 2xx answer is `done`, whatever its body says, and so is one that calls
   * the token invalid: it is not there. `ServerUnavailable` means that it still
   * is. `kept` is what the token's grant keeps, for dialects whose requests depend
   * on it.
   */
  readonly revoke: (
    token: Redacted.Redacted,
    hint?: string,
    kept?: Readonly<Record<string, Json>>
  ) => Effect.Effect<Outcome, OAuthError.OAuthError>
}>()("@effect-oauth/core/Revocation") {}

/**
 * Makes the revocation endpoint of the authorization server in context. A
 * server without one answers every call with `unsupported`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<
  Revocation["Service"],
  never,
  OAuthHttpClient | AuthorizationServer | ClientAuthentication
> = /* @__PURE__ */ Effect.gen(function*() {
  const client = yield* OAuthHttpClient
  const server = yield* AuthorizationServer
  const authentication = yield* ClientAuthentication

  const attempt = Effect.fnUntraced(function*(
    url: string,
    token: Redacted.Redacted,
    hint: string,
    kept: Readonly<Record<string, Json>> | undefined
  ): Effect.fn.Return<Outcome, OAuthError.OAuthErrorReason> {
    const answer = yield* Form.exchange(client, authentication, server.dialect, {
      endpoint: "revocation",
      url,
      field: "revocationEndpoint",
      kept,
      parameters: [["token", token], ["token_type_hint", hint]],
      bodyMatters: () => false
    })
    if (answer.status >= 200 && answer.status < 300) return "done"
    const judgement = TokenResponse.judge(answer)
    if (judgement._tag === "Granted") return "done"
    if (judgement._tag === "Refused") {
      const { code } = judgement.reason
      if (code === "unsupported_token_type") return "unsupported"
      if (code === "invalid_token" || code === "invalid_grant") return "done"
    }
    return yield* Effect.fail(judgement.reason)
  })

  return Revocation.of({
    revoke: Effect.fn("Revocation.revoke")(function*(token, hint = "", kept?) {
      yield* Effect.annotateCurrentSpan("oauth.provider", server.provider)
      if (server.revocationEndpoint === undefined) return "unsupported"
      return yield* attempt(server.revocationEndpoint, token, hint, kept).pipe(
        Effect.mapError((reason) => OAuthError.make("Revocation", "revoke", reason))
      )
    })
  })
})

/**
 * The revocation endpoint of the authorization server in context.
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
  Revocation,
  never,
  OAuthHttpClient | AuthorizationServer | ClientAuthentication
> = /* @__PURE__ */ Layer.fresh(/* @__PURE__ */ Layer.effect(Revocation, make))
