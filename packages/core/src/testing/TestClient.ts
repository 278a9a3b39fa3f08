/**
 * Clients that a test authorization server knows.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type { Json } from "effect/Schema"
import * as ClientAuthentication from "../ClientAuthentication.ts"

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
  /**
   * The public key, of the curve P-256, that its request objects are signed with
   * (RFC 9101), as a JSON Web Key. A client that has one signs every request.
   */
  readonly requestKey?: Readonly<Record<string, Json>> | undefined
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
export const authentication = (self: Client): ClientAuthentication.ClientAuthentication["Service"] => {
  const { clientId } = self
  const options = { clientId, clientSecret: Redacted.make(self.secret ?? "") }
  switch (self.authentication) {
    case "basic":
      return Result.getOrThrow(ClientAuthentication.basic(options))
    case "basic-raw":
      return Result.getOrThrow(ClientAuthentication.basicRaw(options))
    case "post":
      return Result.getOrThrow(ClientAuthentication.post(options))
    case "none":
      return Result.getOrThrow(ClientAuthentication.none({ clientId }))
  }
}
