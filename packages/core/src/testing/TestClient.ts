/**
 * Clients that a test authorization server knows.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Redacted from "effect/Redacted"
import type { ClientAuthentication, Credentials } from "../ClientAuthentication.ts"

/**
 * A registered client.
 *
 * @category models
 * @since 0.1.0
 */
export interface Client {
  readonly clientId: string
  /** `basic-raw` is a server that does not form-decode the credentials (RFC 6749, section 2.3.1). */
  readonly authentication: "basic" | "basic-raw" | "post" | "none"
  readonly secret?: string | undefined
  /** Any, unless named. A loopback address without port stands for every port. */
  readonly redirectUris?: ReadonlyArray<string> | undefined
}

/**
 * A client with a secret, presented by Basic.
 *
 * @category models
 * @since 0.1.0
 */
export const confidential: Client = {
  clientId: "test-client",
  authentication: "basic",
  secret: "test-secret: +%&ü"
}

/**
 * A client without a secret.
 *
 * @category models
 * @since 0.1.0
 */
export const publicClient: Client = { clientId: "test-app", authentication: "none" }

/**
 * How a client authenticates, as it is registered.
 *
 * @category constructors
 * @since 0.1.0
 */
export const authentication = (self: Client): ClientAuthentication["Service"] => ({
  clientId: self.clientId,
  credentials: () => Effect.sync(() => credentialsOf(self))
})

const credentialsOf = (client: Client): Credentials => {
  const secret = client.secret ?? ""
  switch (client.authentication) {
    case "basic":
      return basic(formEncode(client.clientId), formEncode(secret))
    case "basic-raw":
      return basic(client.clientId, secret)
    case "post":
      return {
        headers: {},
        parameters: [["client_id", client.clientId], ["client_secret", Redacted.make(secret)]]
      }
    case "none":
      return { headers: {}, parameters: [["client_id", client.clientId]] }
  }
}

const basic = (id: string, secret: string): Credentials => ({
  headers: { authorization: Redacted.make(`Basic ${Base64.encode(`${id}:${secret}`)}`) },
  parameters: []
})

const formEncode = (text: string): string => new URLSearchParams({ v: text }).toString().slice(2)
