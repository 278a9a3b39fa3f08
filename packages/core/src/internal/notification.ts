/**
 * What an authorization server brings to the client notification endpoint (OpenID Connect CIBA, sections 10.3.1 and 12).
 */
import * as Result from "effect/Result"
import type { JsonObject } from "effect/Schema"
import * as OAuthError from "../OAuthError.ts"
import * as RemoteText from "../RemoteText.ts"
import * as TokenResponse from "../TokenResponse.ts"
import type { TokenSet } from "../TokenSet.ts"
import { member } from "./json.ts"

/** The tokens of a notification, or the error that it brings instead (sections 10.3.1 and 12). */
export const tokensOf = (
  object: JsonObject,
  body: Uint8Array,
  { now, origin }: { readonly now: number; readonly origin: string }
): Result.Result<TokenSet, OAuthError.OAuthError> => {
  const refuse = (reason: OAuthError.OAuthErrorReason) =>
    Result.fail(OAuthError.make("BackchannelLogin", "notified", reason))
  const code = RemoteText.fromUnknown(member(object, "error"))
  if (code !== undefined) {
    const description = RemoteText.fromUnknown(member(object, "error_description"))
    return refuse(new OAuthError.AuthorizationRefused({ code, description }))
  }
  const headers = { "content-type": "application/json" }
  const judgement = TokenResponse.judge({ origin, status: 200, headers, body, sentAt: now })
  return judgement._tag === "Granted" ? Result.succeed(judgement.tokens) : refuse(judgement.reason)
}
