/** What two clients make of the same answer: this one, and `oauth4webapi`. */
import {
  AuthorizationResponse,
  AuthorizationServer,
  BackchannelAuthentication,
  Challenge,
  ClientAuthentication,
  ClientRegistration,
  DeviceAuthorization,
  Introspection,
  type OAuthError,
  ProtectedResource,
  PushedAuthorization,
  ServerMetadata,
  TokenEndpoint,
  TokenResponse
} from "@effect-oauth/core"
import { TestHttp } from "@effect-oauth/core/testing"
import { DateTime, Duration, Effect, Layer, Redacted, Result } from "effect"
import * as peer from "oauth4webapi"
import * as Samples from "./Samples.ts"

/** Accepted, with what was read; or refused, with the server's error where it was one. */
export type Verdict =
  | { readonly _tag: "Accepted"; readonly value: unknown }
  | { readonly _tag: "Refused"; readonly code?: string | undefined }

/** What this client makes of a sample. */
export const ours = (sample: Samples.Sample): Effect.Effect<Verdict> => {
  switch (sample.kind) {
    case "token":
    case "error":
      return Effect.sync(() => {
        const judgement = TokenResponse.judge(received(sample.answer))
        if (judgement._tag !== "Granted") return refusedFor(judgement.reason)
        const { accessToken, authorizationDetails, expiresIn, refreshToken, scopes, tokenType } = judgement.tokens
        return accepted({
          authorizationDetails: authorizationDetails === undefined ? undefined : Redacted.value(authorizationDetails),
          accessToken: Redacted.value(accessToken),
          tokenType: tokenType.toLowerCase(),
          expiresIn: expiresIn === undefined ? undefined : Duration.toSeconds(expiresIn),
          refreshToken: refreshToken === undefined ? undefined : Redacted.value(refreshToken),
          scopes
        })
      })
    case "introspection":
      return Effect.sync(() =>
        Result.match(Introspection.judge(received(sample.answer), 1_750_000_000_000), {
          onFailure: refusedFor,
          onSuccess: ({ _tag }) => accepted(_tag === "Active")
        })
      )
    case "device":
      return DeviceAuthorization.DeviceAuthorization.use((device) => device.start()).pipe(
        Effect.provide(DeviceAuthorization.layer.pipe(
          Layer.provide(TokenEndpoint.layer),
          Layer.provide(ClientAuthentication.layerNone({ clientId: "app" })),
          Layer.provide(AuthorizationServer.layer(AuthorizationServer.make({
            provider: "as",
            tokenEndpoint: `${Samples.issuer}/token`,
            deviceAuthorizationEndpoint: `${Samples.issuer}/device`
          }))),
          Layer.provide(answering(sample.answer))
        )),
        Effect.map(({ deviceCode, expiresAt, interval, userCode, verificationUri }) => ({
          deviceCode: Redacted.value(deviceCode),
          userCode: String(userCode),
          verificationUri,
          expiresIn: DateTime.toEpochMillis(expiresAt) / 1000,
          interval: Duration.toSeconds(interval)
        })),
        judged
      )
    case "metadata":
      return ServerMetadata.ServerMetadata.use((metadata) => metadata.get(Samples.issuer)).pipe(
        Effect.provide(Layer.provide(ServerMetadata.layer, answering(sample.answer))),
        Effect.map(({ tokenEndpoint }) => tokenEndpoint),
        judged
      )
    case "resource":
      return ProtectedResource.ProtectedResource.use((resources) => resources.get(Samples.resource)).pipe(
        Effect.provide(Layer.provide(ProtectedResource.layer(), answering(sample.answer))),
        Effect.map(({ authorizationServers }) => authorizationServers),
        judged
      )
    case "pushed":
      return PushedAuthorization.PushedAuthorization.use(({ push }) => push([["state", Samples.state]])).pipe(
        Effect.provide(Layer.provide(PushedAuthorization.layer, confidential(sample.answer))),
        Effect.map(({ expiresAt, requestUri }) => ({
          requestUri,
          expiresIn: DateTime.toEpochMillis(expiresAt) / 1000
        })),
        judged
      )
    case "backchannel":
      return BackchannelAuthentication.BackchannelAuthentication.use(({ start }) =>
        start({ scopes: ["openid"], loginHint: "ada" })
      ).pipe(
        Effect.provide(Layer.provide(
          BackchannelAuthentication.layer({ mode: "poll" }),
          Layer.provideMerge(TokenEndpoint.layer, confidential(sample.answer))
        )),
        Effect.map(({ authReqId, expiresAt, interval }) => ({
          authReqId: Redacted.value(authReqId),
          expiresIn: DateTime.toEpochMillis(expiresAt) / 1000,
          interval: Duration.toSeconds(interval)
        })),
        judged
      )
    case "registration":
      return ClientRegistration.ClientRegistration.use(({ register }) =>
        register({ redirectUris: [Samples.redirectUri], clientName: "App", clientUri: "https://app.example" })
      ).pipe(
        Effect.provide(Layer.provide(ClientRegistration.layer, confidential(sample.answer))),
        Effect.map(({ clientId, clientSecret, secretExpiresAt = 0 }) => ({
          clientId,
          clientSecret: clientSecret === undefined ? undefined : Redacted.value(clientSecret),
          expiresAt: secretExpiresAt / 1000
        })),
        judged
      )
    case "callback":
      return Effect.sync(() =>
        Result.match(
          Result.flatMap(AuthorizationResponse.fromUrl(sample.url), (response) =>
            AuthorizationResponse.judge(response, {
              state: Redacted.make(Samples.state),
              key: "key",
              issuer: Samples.issuer,
              issuerParameter: sample.issuerAnnounced ? "required" : "optional",
              redirectUri: Samples.redirectUri,
              scopes: []
            })),
          {
            onFailure: ({ reason }) => refusedFor(reason),
            onSuccess: ({ code }) => accepted(Redacted.value(code))
          }
        )
      )
    case "challenge":
      return Effect.sync(() => {
        const { challenges, problem } = Challenge.parse(sample.header)
        return problem !== undefined || challenges.length === 0 ? refused() : accepted(
          challenges.map(({ parameters, scheme, token68 }) => ({
            scheme,
            parameters: Object.fromEntries(parameters),
            token68
          }))
        )
      })
  }
}

/** What `oauth4webapi` makes of it. */
export const theirs = (sample: Samples.Sample): Effect.Effect<Verdict> => {
  switch (sample.kind) {
    case "token":
    case "error":
      return attempted(async () => {
        const tokens = await peer.processGenericTokenEndpointResponse(server, client, response(sample.answer))
        return {
          authorizationDetails: tokens.authorization_details,
          accessToken: tokens.access_token,
          tokenType: tokens.token_type,
          expiresIn: tokens.expires_in,
          refreshToken: tokens.refresh_token,
          scopes: tokens.scope?.split(" ").filter((scope) => scope !== "")
        }
      })
    case "introspection":
      return attempted(async () =>
        (await peer.processIntrospectionResponse(server, client, response(sample.answer))).active
      )
    case "device":
      return attempted(async () => {
        const started = await peer.processDeviceAuthorizationResponse(server, client, response(sample.answer))
        return {
          deviceCode: started.device_code,
          userCode: started.user_code,
          verificationUri: started.verification_uri,
          expiresIn: started.expires_in,
          interval: started.interval ?? 5
        }
      })
    case "metadata":
      return attempted(async () =>
        (await peer.processDiscoveryResponse(new URL(Samples.issuer), response(sample.answer))).token_endpoint ??
          undefined
      )
    case "resource":
      return attempted(async () =>
        (await peer.processResourceDiscoveryResponse(new URL(Samples.resource), response(sample.answer)))
          .authorization_servers ?? []
      )
    case "pushed":
      return attempted(async () => {
        const pushed = await peer.processPushedAuthorizationResponse(server, client, response(sample.answer))
        return { requestUri: pushed.request_uri, expiresIn: pushed.expires_in }
      })
    case "backchannel":
      return attempted(async () => {
        const started = await peer.processBackchannelAuthenticationResponse(server, client, response(sample.answer))
        return { authReqId: started.auth_req_id, expiresIn: started.expires_in, interval: started.interval ?? 5 }
      })
    case "registration":
      return attempted(async () => {
        const registered = await peer.processDynamicClientRegistrationResponse(response(sample.answer))
        return {
          clientId: registered.client_id,
          clientSecret: registered.client_secret,
          expiresAt: registered["client_secret_expires_at"] ?? 0
        }
      })
    case "callback":
      return attempted(async () => {
        const as = { ...server, authorization_response_iss_parameter_supported: sample.issuerAnnounced }
        const parameters = peer.validateAuthResponse(as, client, new URL(sample.url), Samples.state)
        let sent: string | null = null
        // the code is looked at where it is sent
        await peer.authorizationCodeGrantRequest(as, client, peer.None(), parameters, Samples.redirectUri, "verifier", {
          [peer.customFetch]: (_url, { body }) => {
            sent = body.get("code")
            return Promise.resolve(new Response())
          }
        })
        return sent
      })
    case "challenge":
      return attempted(async () => {
        try {
          await peer.processUserInfoResponse(
            server,
            client,
            peer.skipSubjectCheck,
            new Response("", { status: 401, headers: { "www-authenticate": sample.header } })
          )
        } catch (error) {
          if (error instanceof peer.WWWAuthenticateChallengeError) {
            return error.cause.map(({ parameters, scheme, token68 }) => ({
              scheme,
              parameters: { ...parameters },
              token68
            }))
          }
        }
        throw new Error("no challenge")
      })
  }
}

const accepted = (value: unknown): Verdict => ({ _tag: "Accepted", value })

const refused = (code?: string): Verdict => ({ _tag: "Refused", code })

const refusedFor = (reason: OAuthError.OAuthErrorReason): Verdict =>
  refused(reason._tag === "RequestRefused" || reason._tag === "AuthorizationRefused" ? reason.code : undefined)

const judged = <A>(effect: Effect.Effect<A, OAuthError.OAuthError>): Effect.Effect<Verdict> =>
  Effect.match(effect, { onFailure: ({ reason }) => refusedFor(reason), onSuccess: accepted })

const received = ({ body, headers, status }: Samples.Answer): TokenResponse.Answer => ({
  origin: Samples.issuer,
  status,
  headers,
  body,
  sentAt: 0
})

const answering = (answer: Samples.Answer) => TestHttp.layer(() => Effect.succeed(answer))

const confidential = (answer: Samples.Answer) =>
  Layer.mergeAll(
    ClientAuthentication.layerPost({ clientId: "app", clientSecret: Redacted.make("secret") }),
    AuthorizationServer.layer(AuthorizationServer.make({
      provider: "as",
      authorizationEndpoint: `${Samples.issuer}/authorize`,
      tokenEndpoint: `${Samples.issuer}/token`,
      pushedAuthorizationRequestEndpoint: `${Samples.issuer}/par`,
      backchannelAuthenticationEndpoint: `${Samples.issuer}/ciba`,
      registrationEndpoint: `${Samples.issuer}/register`
    })),
    answering(answer)
  )

const server: peer.AuthorizationServer = { issuer: Samples.issuer, token_endpoint: `${Samples.issuer}/token` }

const client: peer.Client = { client_id: "app" }

const response = ({ body, headers, status }: Samples.Answer): Response => new Response(body, { status, headers })

const attempted = (run: () => Promise<unknown>): Effect.Effect<Verdict> =>
  Effect.match(Effect.tryPromise({ try: run, catch: codeOf }), { onFailure: refused, onSuccess: accepted })

const codeOf = (error: unknown): string | undefined =>
  error instanceof peer.ResponseBodyError || error instanceof peer.AuthorizationResponseError ? error.error : undefined
