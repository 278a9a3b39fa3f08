/**
 * What OpenID Connect adds to an authorization request (OpenID Connect Core,
 * sections 3.1.2.1, 5.5 and 11).
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Json } from "effect/Schema"
import { hintOf } from "./internal/hint.ts"
import { ConfigurationInvalid } from "./OAuthError.ts"
import type { Scopes } from "./Scopes.ts"

/**
 * Claims that are asked for one by one (OpenID Connect Core, section 5.5.1):
 * `null` for a voluntary one.
 *
 * @category models
 * @since 0.1.0
 */
export type ClaimRequests = Readonly<
  Record<
    string,
    null | {
      readonly essential?: boolean
      readonly value?: Json
      readonly values?: ReadonlyArray<Json>
    }
  >
>

/**
 * What the server asks of the person.
 *
 * @category models
 * @since 0.1.0
 */
export type Prompt = "login" | "consent" | "select_account" | "create"

/**
 * What a login asks for, as it is sent and as it is remembered.
 *
 * @category models
 * @since 0.1.0
 */
export interface Parameters {
  /** Sent unless a server's rules say otherwise. */
  readonly usual: Readonly<Record<string, string>>
  /** Sent as asked. */
  readonly asked: Readonly<Record<string, string>>
  /** In seconds. */
  readonly maxAge?: number | undefined
  readonly acr?: ReadonlyArray<string> | undefined
}

/**
 * What a login asks for.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * What the person is asked, whatever they did before; `"none"`, which stands
   * alone, lets nothing be shown. Name the last ID token in `idTokenHint` with it.
   */
  readonly prompt?: "none" | readonly [Prompt, ...ReadonlyArray<Prompt>] | undefined
  /** How long ago the person may have signed in. It is checked. */
  readonly maxAge?: Duration.Input | undefined
  /** The authentication context classes of which one is needed, in order of preference. It is checked. */
  readonly acr?: ReadonlyArray<string> | undefined
  /** The same as a wish, which is not checked. */
  readonly preferredAcr?: ReadonlyArray<string> | undefined
  /** Who is about to sign in. Where the issuer was found by a hint, the same one. */
  readonly loginHint?: string | undefined
  /** An ID token of the person. One that is encrypted is not a hint. */
  readonly idTokenHint?: Redacted.Redacted | undefined
  readonly display?: "page" | "popup" | "touch" | "wap" | undefined
  /** Languages for what is shown, in order of preference. */
  readonly uiLocales?: ReadonlyArray<string> | undefined
  /** Languages for what is told of the person, in order of preference. */
  readonly claimsLocales?: ReadonlyArray<string> | undefined
  /** Claims beyond those of the scopes. */
  readonly claims?: {
    readonly idToken?: ClaimRequests | undefined
    readonly userinfo?: ClaimRequests | undefined
  } | undefined
  /** How the answer arrives where not in the query: in the body of a POST. */
  readonly responseMode?: "form_post" | undefined
}

/**
 * The parameters of a login.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parameters = (
  scopes: Scopes,
  options: Options | undefined
): Result.Result<Parameters, ConfigurationInvalid> => {
  const isOpenId = scopes.includes("openid")
  if (options === undefined) {
    // whoever asks for offline access asks the person (OpenID Connect Core, section 11)
    const usual = isOpenId && scopes.includes("offline_access") ? { prompt: "consent" } : {}
    return Result.succeed({ usual, asked: {} })
  }
  if (!isOpenId) return invalid("scopes", "lacks openid, which is what makes a login one of OpenID Connect")
  return Result.gen(function*() {
    const { acr, claims, display, loginHint, preferredAcr, responseMode } = options
    const prompts = typeof options.prompt === "string" ? [options.prompt] : options.prompt ?? []
    if (prompts.length > 1 && prompts.some((prompt) => prompt === "none")) {
      return yield* invalid("prompt", "names none, which stands alone, together with others")
    }
    if (acr !== undefined && acr.length === 0) return yield* invalid("acr", "is empty, so nothing could satisfy it")
    const maxAge = options.maxAge === undefined
      ? undefined
      : Math.floor(Duration.toSeconds(Duration.fromInputUnsafe(options.maxAge)))
    if (maxAge !== undefined && !(maxAge >= 0 && Number.isFinite(maxAge))) {
      return yield* invalid("maxAge", "is not a span of time")
    }
    const hint = options.idTokenHint === undefined ? undefined : yield* hintOf(options.idTokenHint)
    return {
      usual: scopes.includes("offline_access") ? { prompt: "consent" } : {},
      asked: given({
        prompt: list(prompts),
        max_age: maxAge === undefined ? undefined : String(maxAge),
        acr_values: list([...acr ?? [], ...preferredAcr ?? []]),
        login_hint: loginHint,
        id_token_hint: hint,
        display,
        ui_locales: list(options.uiLocales),
        claims_locales: list(options.claimsLocales),
        claims: claims === undefined
          ? undefined
          : JSON.stringify({ id_token: claims.idToken, userinfo: claims.userinfo }),
        response_mode: responseMode
      }),
      maxAge,
      acr
    }
  })
}

const list = (words: ReadonlyArray<string> | undefined): string | undefined =>
  words === undefined || words.length === 0 ? undefined : words.join(" ")

const given = (parameters: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(parameters).flatMap(([name, value]) => value === undefined ? [] : [[name, value]]))

const invalid = (field: string, problem: string): Result.Result<never, ConfigurationInvalid> =>
  Result.fail(new ConfigurationInvalid({ field, problem }))
