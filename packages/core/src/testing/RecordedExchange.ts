/**
 * The exchanges of a provider as its documentation shows them, run through the
 * whole client: what is sent is compared with what the provider expects, and
 * what comes of its answers with what they mean.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Json } from "effect/Schema"
import type { AuthorizationServer } from "../AuthorizationServer.ts"
import type { ClientAuthentication } from "../ClientAuthentication.ts"
import * as DeviceAuthorization from "../DeviceAuthorization.ts"
import * as TokenEndpoint from "../TokenEndpoint.ts"
import * as TokenRequest from "../TokenRequest.ts"
import type { Law } from "./Contract.ts"
import { ensure, same } from "./internal/law.ts"
import { direct, playing, received, sentAsRecorded } from "./internal/recordings.ts"

/**
 * A request as it should be sent. What is random is written `~`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Request {
  /** `POST`. */
  readonly method?: "DELETE" | "GET" | "POST" | undefined
  /** Without a query, where `parameters` are in it. */
  readonly url: string
  /** `form`. */
  readonly encoding?: "form" | "json" | "query" | undefined
  /** Texts; the members of an object where a JSON body holds one. */
  readonly parameters: Readonly<Record<string, Json>>
  /** Headers that it must carry, names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/**
 * One exchange: the request that is expected, and the answer to it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Exchange {
  readonly request: Request
  readonly answer: {
    /** 200. */
    readonly status?: number | undefined
    /** The content type is JSON's, unless it is named here. */
    readonly headers?: Readonly<Record<string, string>> | undefined
    readonly body: Json
  }
}

/**
 * What the tokens of an answer mean.
 *
 * @category models
 * @since 0.1.0
 */
export interface Given {
  readonly token: string
  /** Whether the grant can be renewed. */
  readonly renewable: boolean
  /** Seconds; absent where the token does not end. */
  readonly expiresIn?: number | undefined
  /** Seconds until the server wants the token renewed; absent where it does not say. */
  readonly refreshIn?: number | undefined
  readonly scopes?: ReadonlyArray<string> | undefined
  /** Seconds; absent where the refresh token does not end. */
  readonly refreshTokenExpiresIn?: number | undefined
  /** What is kept with the grant: these members, and maybe more. */
  readonly kept?: Readonly<Record<string, Json>> | undefined
  /** The access tokens of other parts of the account. */
  readonly parts?: Readonly<Record<string, string>> | undefined
}

/**
 * The recorded exchanges of a provider.
 *
 * @category models
 * @since 0.1.0
 */
export interface Recording {
  readonly scopes: ReadonlyArray<string>
  /** Parameters that the authorization request must carry. */
  readonly authorization: Readonly<Record<string, string>>
  /** Parameters of the authorization request as they must be written, encoded. */
  readonly written?: Readonly<Record<string, string>> | undefined
  /** What the browser brings back besides `state`. */
  readonly callback: Readonly<Record<string, string>>
  /** The exchange of the code, and a second one where there is one. */
  readonly login: readonly [Exchange, ...ReadonlyArray<Exchange>]
  readonly gives: Given
  /** The renewal, and what follows it before its tokens are given. */
  readonly refresh?:
    | (Exchange & { readonly gives: Given; readonly followedBy?: ReadonlyArray<Exchange> | undefined })
    | undefined
  /** An answer to a renewal that ends the grant. */
  readonly refused?: Exchange["answer"] | undefined
  /** An answer to the exchange of the code that refuses it, and what is read in it. */
  readonly fault?:
    | (Exchange["answer"] & { readonly code: string; readonly description?: string | undefined })
    | undefined
  readonly revocation?: Exchange | undefined
  /** The beginning of a login on another device, and where its code is to be entered. */
  readonly device?: (Exchange & { readonly verificationUri: string }) | undefined
}

/**
 * The recorded exchange of a provider that has no logins.
 *
 * @category models
 * @since 0.1.0
 */
export interface Direct {
  readonly grantType: string
  /** Parameters of the grant: `scope`, `username`. */
  readonly parameters: Readonly<Record<string, string>>
  readonly exchange: Exchange
  readonly gives: Pick<Given, "expiresIn" | "renewable" | "token">
}

/**
 * The laws of a recording.
 *
 * @category testing
 * @since 0.1.0
 */
export const cases = (recording: Recording): ReadonlyArray<Law<Provider>> => {
  const { device, fault, gives, refresh, refused, revocation } = recording
  return [
    {
      name: "logs in as recorded",
      run: playing(recording, recording.login, (played) => received(played, gives))
    },
    ...(fault === undefined ? [] : [{
      name: "reads a fault as recorded",
      run: Effect.gen(function*() {
        const [first] = recording.login
        const login = yield* Effect.result(playing(recording, [{ ...first, answer: fault }], () => Effect.void))

        const reason = Result.isFailure(login) ? login.failure.reason : undefined
        const read = reason?._tag === "RequestRefused"
          ? { code: reason.code, description: reason.description }
          : { reason: reason?._tag ?? "tokens" }
        yield* same("what is read in the fault", read, { code: fault.code, description: fault.description })
      })
    }]),
    ...(refresh === undefined ? [] : [{
      name: "renews as recorded",
      run: playing(
        recording,
        [...recording.login, refresh, ...(refresh.followedBy ?? [])],
        (played) => Effect.andThen(played.service.refresh(played.key), received(played, refresh.gives))
      )
    }]),
    ...(refresh === undefined || refused === undefined ? [] : [{
      name: "ends the grant as recorded",
      run: playing(
        recording,
        [...recording.login, { ...refresh, answer: refused }],
        Effect.fnUntraced(function*({ key, service }) {
          const renewed = yield* Effect.result(service.refresh(key))
          const status = Option.getOrUndefined(yield* service.status(key))

          const read = Result.isFailure(renewed) ? renewed.failure.message : "tokens"
          yield* ensure(
            Result.isFailure(renewed) && renewed.failure.reason._tag === "ReauthorizationRequired",
            `the refusal is read as ${read}, which does not end the grant`
          )
          yield* same("the state of the grant", status?.state._tag, "ReauthorizationRequired")
        })
      )
    }]),
    ...(revocation === undefined ? [] : [{
      name: "revokes as recorded",
      run: playing(
        recording,
        [...recording.login, revocation],
        ({ key, service }) =>
          Effect.flatMap(service.revoke(key), (outcome) => same("the outcome of the revocation", outcome, "done"))
      )
    }]),
    ...(device === undefined ? [] : [{
      name: "begins a login on another device as recorded",
      run: direct([device], (sent) =>
        Effect.gen(function*() {
          const devices = yield* DeviceAuthorization.make
          const started = yield* devices.start({ scopes: recording.scopes })

          yield* same("where the code is entered", started.verificationUri, device.verificationUri)
          yield* sentAsRecorded(sent, [device])
        }))
    }])
  ]
}

/**
 * The laws of the recording of a provider that has no logins.
 *
 * @category testing
 * @since 0.1.0
 */
export const directCases = ({ exchange, gives, grantType, parameters }: Direct): ReadonlyArray<Law<Provider>> => [{
  name: "gives tokens as recorded",
  run: direct([exchange], (sent) =>
    Effect.gen(function*() {
      const endpoint = yield* TokenEndpoint.TokenEndpoint
      const tokens = yield* endpoint.request(TokenRequest.extension(grantType, Object.entries(parameters)))

      yield* same("the token", Redacted.value(tokens.accessToken), gives.token)
      yield* same("whether it can be renewed", tokens.refreshToken !== undefined, gives.renewable)
      yield* same(
        "its lifetime in seconds",
        tokens.expiresIn === undefined ? undefined : Duration.toSeconds(tokens.expiresIn),
        gives.expiresIn
      )
      yield* sentAsRecorded(sent, [exchange])
    }))
}]

type Provider = AuthorizationServer | ClientAuthentication
