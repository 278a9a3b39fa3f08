/**
 * Camera to Cloud: devices that log in by code.
 *
 * - `client_id` is the device's own, a serial number say; `client_secret` names
 *   its model. Every device that brings the model's secret is a client.
 * - Forms may be `multipart/form-data`, as the vendor's examples have it.
 * - Refresh tokens are good once; a spent one is answered `invalid_request`, and
 *   one that is known no more with a 401 in the form of the API's errors.
 *
 * Facts: https://developer.frame.io/docs/device-integrations/how-to-authorization-management
 * and https://next.developer.frame.io/camera-to-cloud/api-reference/authentication/device-request-code
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Dress from "../Dress.ts"
import * as Engine from "../Engine.ts"
import * as Message from "../Message.ts"
import * as Registration from "../Registration.ts"

/** The path below which devices log in. */
export const mount = "/v2/auth"

/** A timer may fire a little early. */
const pollTolerance = 0.8

/** Makes the dress. */
export const make = Effect.fnUntraced(function*(cloth: Dress.Cloth): Effect.fn.Return<Dress.Dress> {
  const model = cloth.registrations.camera
  const secret = model.clientSecret === undefined ? "" : Redacted.value(model.clientSecret)
  const polls = new Map<string, number>()
  const spent = new WeakSet<URLSearchParams>()
  const engine = yield* Engine.make({
    origin: cloth.origin,
    mount,
    configuration: Dress.configuration(cloth, {
      name: "camera",
      mount,
      clients: [],
      scopes: Registration.cameraScopes,
      offlineScope: "offline",
      routes: {
        device_authorization: "/device/code",
        code_verification: "/device",
        token: "/token",
        revocation: "/revoke"
      },
      features: {
        deviceFlow: Dress.deviceFlow("******", "digits"),
        revocation: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId }
      },
      claims: {}
    })
  })

  const known = (device: string) => engine.store.read("Client", device) !== undefined

  const admit = (parameters: URLSearchParams) => {
    const device = parameters.get("client_id") ?? ""
    if (device === "" || device.length > 255 || parameters.get("client_secret") !== secret || known(device)) return
    engine.store.put("Client", device, {
      ...Registration.metadata({ ...model, clientId: device, title: device })
    })
  }

  const polledTooSoon = Effect.fnUntraced(function*(device: string) {
    const now = yield* Clock.currentTimeMillis
    const last = polls.get(device)
    polls.set(device, now)
    return last !== undefined && now - last < Duration.toMillis(cloth.settings().deviceInterval) * pollTolerance
  })

  return {
    name: "camera",
    mount,
    engine,
    endpoint: Dress.endpoints({
      "/device/code": "device-authorization",
      "/device": "page",
      "/token": "token",
      "/revoke": "revocation"
    }),
    request: Effect.fnUntraced(function*({ endpoint, parameters }) {
      if (endpoint === "device-authorization") admit(parameters)
      if (endpoint !== "token") return undefined
      // The older of the vendor's pages polls and refreshes without the secret.
      const device = parameters.get("client_id") ?? ""
      if (!parameters.has("client_secret") && known(device)) parameters.set("client_secret", secret)
      const refreshToken = parameters.get("refresh_token")
      if (refreshToken !== null && engine.store.read("RefreshToken", refreshToken)?.consumed !== undefined) {
        spent.add(parameters)
      }
      const code = parameters.get("device_code")
      if (code !== null && (yield* polledTooSoon(code))) return Message.oauthError(400, "slow_down")
      return undefined
    }),
    answer: ({ endpoint, parameters }, answer) => {
      switch (endpoint) {
        case "device-authorization":
          return Message.mapJson(answer, (body) =>
            "error" in body ? body : {
              ...body,
              interval: Duration.toSeconds(cloth.settings().deviceInterval),
              name: parameters.get("client_id")
            })
        case "token":
          if (
            parameters.get("grant_type") === "refresh_token" && Message.jsonBody(answer)?.error === "invalid_grant"
          ) return spent.has(parameters) ? Message.oauthError(400, "invalid_request") : notAuthorized
          return Message.mapJson(answer, (body) => Dress.bearer(Message.without(body, "scope")))
        case "revocation":
          return answer.status === 200 ? Message.json(200, { success: true }) : answer
        default:
          return answer
      }
    },
    callback: () => {}
  }
})

const notAuthorized = Message.json(401, {
  code: 401,
  errors: [{
    code: 401,
    detail: "You are not allowed to access that resource",
    status: 401,
    title: "Not Authorized"
  }],
  message: "Not Authorized"
})
