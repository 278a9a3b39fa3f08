/**
 * Logins at a test authorization server: the authorization request, its code,
 * and the device grant. Nothing here is an effect.
 */
import * as Base64Url from "effect/encoding/Base64Url"
import * as Hex from "effect/encoding/Hex"
import type { AuthorizationDetails } from "../../AuthorizationDetails.ts"
import * as Scopes from "../../Scopes.ts"
import type { Members } from "../IdTokenSigner.ts"
import type { Decision } from "../TestAuthorizationServer.ts"
import type { Client } from "../TestClient.ts"
import { detailsOf, wrongDetails } from "./details.ts"
import * as RequestObjects from "./requestObjects.ts"
import { seededBytes } from "./seededBytes.ts"
import { sha256 } from "./sha256.ts"

/** What a person agreed to. */
export interface Agreement {
  readonly client: string
  readonly subject: string
  readonly scopes: Scopes.Scopes
  readonly nonce: string | undefined
  readonly authenticatedAt: number
  readonly claims: Members
  readonly details: AuthorizationDetails | undefined
  /** The DPoP key that must redeem the code (RFC 9449, section 10). */
  readonly thumbprint?: string | undefined
}

/** What came of an authorization request: the browser goes back, or stays on a page of the server. */
export type Outcome =
  | {
    readonly _tag: "Redirect"
    readonly url: string
    /** The answer, where it is to be signed (JARM), and where to. */
    readonly signed?: {
      readonly redirectUri: string
      readonly parameters: Members
      readonly mode: string
    } | undefined
  }
  | { readonly _tag: "Page"; readonly problem: string }

/** What came of redeeming a code. */
export type Redemption =
  | { readonly _tag: "Agreed"; readonly agreement: Agreement; readonly remember: (family: string) => void }
  | { readonly _tag: "Refused"; readonly error: string; readonly description: string; readonly reusedFamily?: string }

interface Code {
  readonly agreement: Agreement
  readonly redirectUri: string | undefined
  readonly challenge: string | undefined
  readonly expiresAt: number
  family: string | undefined
  used: boolean
}

interface Pushed {
  readonly client: string
  readonly parameters: Readonly<Record<string, string>>
  readonly expiresAt: number
}

interface Device {
  readonly client: string
  readonly scopes: Scopes.Scopes
  readonly details: AuthorizationDetails | undefined
  readonly expiresAt: number
  interval: number
  polledAt: number | undefined
  decision: Decision | undefined
  used: boolean
}

export interface Settings {
  readonly issuer: string
  readonly seed: number
  readonly pkce: "required" | "optional"
  readonly scopeSeparator: string
  /** Milliseconds. */
  readonly codeLifetime: number
  readonly pushedRequests: "absent" | "offered" | "required"
  readonly clients: ReadonlyMap<string, Client>
  /** The types of authorization details that are known. */
  readonly detailsTypes: ReadonlyArray<string>
}

export const makeAuthorizations = (settings: Settings, now: () => number) => {
  const bytes = seededBytes(settings.seed + 1)
  const codes = new Map<string, Code>()
  const devices = new Map<string, Device>()
  const userCodes = new Map<string, string>()
  const pushed = new Map<string, Pushed>()
  const secret = (kind: string): string => `test-${kind}-${Hex.encode(bytes(8))}`

  const agreed = (
    client: string,
    asked: Scopes.Scopes,
    details: AuthorizationDetails | undefined,
    decision: Decision,
    nonce: string | undefined
  ): Agreement => ({
    client,
    details: details === undefined ? undefined : decision.authorizationDetails?.(details) ?? details,
    subject: decision.subject ?? "user-1",
    scopes: decision.scopes === undefined ? asked : asked.filter((scope) => decision.scopes?.includes(scope)),
    nonce,
    authenticatedAt: now(),
    claims: decision.claims ?? {}
  })

  return {
    /** Takes a request that comes by another way than the browser (RFC 9126). */
    push: (client: string, parameters: Readonly<Record<string, string>>) => {
      const requestUri = `urn:ietf:params:oauth:request_uri:${secret("request")}`
      pushed.set(requestUri, { client, parameters, expiresAt: now() + pushedLifetime })
      return { requestUri, expiresIn: pushedLifetime / 1000 }
    },

    authorize: (address: string, decision: Decision): Outcome => {
      const shown = new URL(address).searchParams
      const requestUri = shown.get("request_uri")
      const taken = requestUri === null ? undefined : pushed.get(requestUri)
      if (requestUri !== null) {
        pushed.delete(requestUri)
        if (taken?.client !== shown.get("client_id")) return page("the pushed request is not known, or was used")
        if (taken !== undefined && now() >= taken.expiresAt) return page("the pushed request has expired")
      } else if (settings.pushedRequests === "required") return page("the request was not pushed")
      const sent = taken === undefined
        ? shown
        : new URLSearchParams({ ...taken.parameters, client_id: taken.client })
      const sender = settings.clients.get(sent.get("client_id") ?? "")
      const object = sent.get("request") ?? undefined
      // of a client that signs, nothing counts that is not signed
      if (sender?.requestKey !== undefined && object === undefined) return page("the request is not signed")
      const request = object === undefined || sender === undefined
        ? sent
        : RequestObjects.open(object, sender, { issuer: settings.issuer, now: now() })
      if (typeof request === "string") return page(request)
      const names = [...request.keys()].filter((name) => name !== "resource")
      const client = settings.clients.get(request.get("client_id") ?? "")
      const redirectUri = request.get("redirect_uri") ?? client?.redirectUris?.[0]
      // what cannot be trusted to be the client's is not redirected to (RFC 6749, section 4.1.2.1)
      if (client === undefined) return page("the client is not known")
      if (redirectUri === undefined || !URL.canParse(redirectUri)) return page("redirect_uri is missing or invalid")
      if (!isRegistered(client, redirectUri)) return page("redirect_uri is not registered")
      if (new Set(names).size !== names.length) return page("a parameter is repeated")

      const state = request.get("state")
      const mode = request.get("response_mode") ?? ""
      const back = (parameters: Readonly<Record<string, string>>): Outcome => {
        if (mode.endsWith("jwt")) {
          const all = {
            iss: settings.issuer,
            aud: client.clientId,
            ...parameters,
            ...(state === null ? {} : { state })
          }
          const exp = Math.floor(now() / 1000) + 600
          return { _tag: "Redirect", url: redirectUri, signed: { redirectUri, mode, parameters: { ...all, exp } } }
        }
        const url = new URL(redirectUri)
        for (const [name, value] of Object.entries(parameters)) url.searchParams.append(name, value)
        if (state !== null) url.searchParams.append("state", state)
        url.searchParams.append("iss", settings.issuer)
        return { _tag: "Redirect", url: url.href }
      }
      const refuse = (error: string, description: string): Outcome => back({ error, error_description: description })

      if (state === null || state === "") return refuse("invalid_request", "state is missing")
      if (request.get("response_type") !== "code") return refuse("unsupported_response_type", "only code is supported")
      const challenge = request.get("code_challenge") ?? undefined
      if (challenge === undefined && settings.pkce === "required") {
        return refuse("invalid_request", "code_challenge is missing")
      }
      if (challenge !== undefined && request.get("code_challenge_method") !== "S256") {
        return refuse("invalid_request", "code_challenge_method must be S256")
      }
      const details = detailsOf(request.get("authorization_details") ?? undefined)
      if (wrongDetails(details, settings.detailsTypes)) {
        return refuse("invalid_authorization_details", "a type is not known")
      }
      if (decision.error !== undefined) return refuse(decision.error, decision.description ?? "the person declined")

      const code = secret("code")
      const asked = Scopes.fromString(request.get("scope") ?? "", settings.scopeSeparator)
      codes.set(code, {
        agreement: {
          ...agreed(client.clientId, asked, details, decision, request.get("nonce") ?? undefined),
          thumbprint: request.get("dpop_jkt") ?? undefined
        },
        redirectUri: request.get("redirect_uri") ?? undefined,
        challenge,
        expiresAt: now() + settings.codeLifetime,
        family: undefined,
        used: false
      })
      return back({ code })
    },

    redeem: (
      client: string,
      parameters: Readonly<Record<string, string>>,
      thumbprint: string | undefined
    ): Redemption => {
      const { code: value = "", code_verifier: verifier, redirect_uri: redirectUri } = parameters
      const code = codes.get(value)
      if (code === undefined || code.agreement.client !== client) return refusal("the code is not known")
      if (code.used) {
        return { ...refusal("the code was used"), ...(code.family === undefined ? {} : { reusedFamily: code.family }) }
      }
      if (code.agreement.thumbprint !== undefined && code.agreement.thumbprint !== thumbprint) {
        return refusal("the code is bound to another key")
      }
      code.used = true
      if (now() >= code.expiresAt) return refusal("the code has expired")
      if (code.redirectUri !== redirectUri) return refusal("redirect_uri differs from the authorization request's")
      if (code.challenge === undefined) {
        if (verifier !== undefined) return refusal("code_verifier was not announced")
      } else if (verifier === undefined || challengeOf(verifier) !== code.challenge) {
        return refusal("code_verifier does not fit")
      }
      return {
        _tag: "Agreed",
        agreement: code.agreement,
        remember: (family) => {
          code.family = family
        }
      }
    },

    startDevice: (client: string, scopes: Scopes.Scopes, details: AuthorizationDetails | undefined) => {
      const deviceCode = secret("device")
      const userCode = `TEST-${String(1000 + devices.size)}`
      devices.set(deviceCode, {
        client,
        scopes,
        details,
        expiresAt: now() + deviceLifetime,
        interval: 5000,
        polledAt: undefined,
        decision: undefined,
        used: false
      })
      userCodes.set(userCode, deviceCode)
      return { deviceCode, userCode, expiresIn: deviceLifetime / 1000, interval: 5 }
    },

    decideDevice: (userCode: string, decision: Decision): boolean => {
      const device = devices.get(userCodes.get(userCode) ?? "")
      if (device === undefined) return false
      device.decision = decision
      return true
    },

    pollDevice: (client: string, deviceCode: string): Redemption => {
      const device = devices.get(deviceCode)
      if (device === undefined || device.client !== client || device.used) return refusal("the code is not known")
      if (now() >= device.expiresAt) return refusal("the code has expired", "expired_token")
      if (device.polledAt !== undefined && now() - device.polledAt < device.interval) {
        device.polledAt = now()
        device.interval += 5000
        return refusal("polled too fast", "slow_down")
      }
      device.polledAt = now()
      if (device.decision === undefined) return refusal("nobody has decided", "authorization_pending")
      if (device.decision.error !== undefined) return refusal("the person declined", device.decision.error)
      device.used = true
      return {
        _tag: "Agreed",
        agreement: agreed(client, device.scopes, device.details, device.decision, undefined),
        remember: () => undefined
      }
    }
  }
}

const pushedLifetime = 60_000

const deviceLifetime = 600_000

const page = (problem: string): Outcome => ({ _tag: "Page", problem })

const refusal = (description: string, error = "invalid_grant") => ({ _tag: "Refused", error, description }) as const

/** The S256 challenge of a verifier (RFC 7636, section 4.2). */
export const challengeOf = (verifier: string): string => Base64Url.encode(sha256(new TextEncoder().encode(verifier)))

/** Exactly, but for the port of a loopback address (RFC 8252, section 7.3). */
const isRegistered = (client: Client, redirectUri: string): boolean => {
  if (client.redirectUris === undefined || client.redirectUris.includes(redirectUri)) return true
  const url = new URL(redirectUri)
  if (url.protocol !== "http:" || !["127.0.0.1", "[::1]"].includes(url.hostname)) return false
  url.port = ""
  return client.redirectUris.includes(url.href)
}
