/**
 * Client registration at a test authorization server (RFC 7591, RFC 7592).
 * Nothing here is an effect.
 */
import * as Hex from "effect/encoding/Hex"
import type { Json } from "effect/Schema"
import { isObject, isTexts, member, parseObject } from "../../internal/json.ts"
import type { Registration } from "../TestAuthorizationServer.ts"
import type { Client } from "../TestClient.ts"
import * as TestHttp from "../TestHttp.ts"
import { seededBytes } from "./seededBytes.ts"

export interface Settings {
  readonly issuer: string
  readonly seed: number
  readonly registration: Registration
  /** The clients that the server knows. */
  readonly clients: Map<string, Client>
}

type Metadata = Readonly<Record<string, Json>>

interface Entry {
  token: string
  secret: string | undefined
  metadata: Metadata
}

export const makeRegistrations = (settings: Settings, now: () => number) => {
  const bytes = seededBytes(settings.seed + 2)
  const entries = new Map<string, Entry>()
  const { clients, issuer, registration } = settings

  const refuse = (error: string, description: string, status = 400): TestHttp.Answer =>
    TestHttp.json({ error, error_description: description }, { status })

  const unauthorized = TestHttp.empty(401, { headers: { "www-authenticate": `Bearer error="invalid_token"` } })

  const methodOf = (metadata: Metadata): string => {
    const method = member(metadata, "token_endpoint_auth_method") ?? "client_secret_basic"
    return typeof method === "string" ? method : ""
  }

  /** What is wrong with metadata, in the words of RFC 7591, section 3.2.2. */
  const problem = (metadata: Metadata): TestHttp.Answer | undefined => {
    const uris = member(metadata, "redirect_uris") ?? []
    const statement = member(metadata, "software_statement")
    if (statement !== undefined && statement !== registration.softwareStatement) {
      return refuse("unapproved_software_statement", "the statement is not known")
    }
    if (!isTexts(uris) || !uris.every((uri) => URL.canParse(uri))) {
      return refuse("invalid_redirect_uri", "a redirect URI is none")
    }
    return methods.has(methodOf(metadata))
      ? undefined
      : refuse("invalid_client_metadata", "this way to authenticate is not known")
  }

  const keep = (clientId: string, entry: Entry): void => {
    entries.set(clientId, entry)
    const uris = member(entry.metadata, "redirect_uris")
    clients.set(clientId, {
      clientId,
      authentication: methods.get(methodOf(entry.metadata)) ?? "none",
      secret: entry.secret,
      ...(isTexts(uris) ? { redirectUris: uris } : {})
    })
  }

  const told = (clientId: string, { metadata, secret, token }: Entry, status: number): TestHttp.Answer => {
    const { expiresIn } = registration
    return TestHttp.json({
      token_endpoint_auth_method: "client_secret_basic",
      grant_types: ["authorization_code"],
      response_types: ["code"],
      ...metadata,
      client_id: clientId,
      client_id_issued_at: Math.floor(now() / 1000),
      ...(secret === undefined ? {} : {
        client_secret: secret,
        client_secret_expires_at: expiresIn === undefined ? 0 : Math.floor(now() / 1000) + expiresIn
      }),
      registration_access_token: token,
      registration_client_uri: `${issuer}/register/${clientId}`
    }, { status })
  }

  const fresh = (kind: string): string => `test-${kind}-${Hex.encode(bytes(8))}`

  const secretFor = (metadata: Metadata): string | undefined =>
    methodOf(metadata).startsWith("client_secret") ? fresh("secret") : undefined

  return (request: TestHttp.Request): TestHttp.Answer => {
    const clientId = new URL(request.url).pathname.slice("/register/".length)
    const shown = request.headers["authorization"]
    const parsed = request.body === "" ? {} : parseObject(new TextEncoder().encode(request.body))
    if (!isObject(parsed)) return refuse("invalid_client_metadata", "the body is no JSON object")
    if (clientId === "") {
      const { initialAccessToken } = registration
      if (initialAccessToken !== undefined && shown !== `Bearer ${initialAccessToken}`) return unauthorized
      if (request.method !== "POST") return TestHttp.empty(405)
      const wrong = problem(parsed)
      if (wrong !== undefined) return wrong
      const id = fresh("client")
      const entry = { token: fresh("registration"), secret: secretFor(parsed), metadata: parsed }
      keep(id, entry)
      return told(id, entry, 201)
    }
    const entry = entries.get(clientId)
    if (entry === undefined || shown !== `Bearer ${entry.token}`) return unauthorized
    if (registration.rotation === "always" && request.method !== "DELETE") {
      entry.token = fresh("registration")
      if (entry.secret !== undefined) entry.secret = fresh("secret")
    }
    switch (request.method) {
      case "GET":
        keep(clientId, entry)
        return told(clientId, entry, 200)
      case "PUT": {
        const { client_id: id, client_secret: _, ...metadata } = parsed
        if (id !== clientId) return refuse("invalid_client_metadata", "client_id is another")
        const wrong = problem(metadata)
        if (wrong !== undefined) return wrong
        entry.metadata = metadata
        entry.secret ??= secretFor(metadata)
        keep(clientId, entry)
        return told(clientId, entry, 200)
      }
      case "DELETE":
        entries.delete(clientId)
        clients.delete(clientId)
        return TestHttp.empty(204)
      default:
        return TestHttp.empty(405)
    }
  }
}

const methods: ReadonlyMap<string, Client["authentication"]> = new Map([
  ["none", "none"],
  ["client_secret_basic", "basic"],
  ["client_secret_post", "post"]
])
