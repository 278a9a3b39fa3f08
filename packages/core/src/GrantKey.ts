/**
 * The name under which a grant is kept.
 *
 * @since 0.1.0
 */

/**
 * Names one grant: what one person (or one service) allowed one client to do at
 * one authorization server.
 *
 * **Details**
 *
 * - `provider` is the provider's usual name, `"frameio"`.
 * - `issuer` is the issuer identifier, or the token endpoint's origin and path
 *   where a server has none, so that overriding a base URL changes the key.
 * - `client` is the client identifier.
 * - `account` is the application's own name for whose grant this is, given at
 *   login. It is known before any token is used; the server's subject is an
 *   attribute of the grant, not its name.
 * - `part` tells families apart where one login gives several (a bot's and a
 *   user's).
 *
 * The resource is not part of the key: one refresh token may serve many
 * targets, so a record holds one refresh token and an access token for each.
 *
 * @category models
 * @since 0.1.0
 */
export interface GrantKey {
  readonly provider: string
  readonly issuer: string
  readonly client: string
  readonly account: string
  readonly part?: string | undefined
  /**
   * The canonical encoding: the fields percent-encoded and joined by `|`. Two
   * keys are the same key exactly when their ids are equal.
   */
  readonly id: string
}

/**
 * Makes a key.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: {
  readonly provider: string
  readonly issuer: string
  readonly client: string
  readonly account: string
  readonly part?: string | undefined
}): GrantKey => {
  const fields = [options.provider, options.issuer, options.client, options.account]
  if (options.part !== undefined) fields.push(options.part)
  const id = fields.map((field) => encodeURIComponent(field.replace(/\p{Surrogate}/gu, "\ufffd"))).join("|")
  return {
    provider: options.provider,
    issuer: options.issuer,
    client: options.client,
    account: options.account,
    ...(options.part === undefined ? {} : { part: options.part }),
    id
  }
}

/**
 * Reads a canonical encoding back; `undefined` when the text is none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromId = (id: string): GrantKey | undefined => {
  const fields = id.split("|")
  if (fields.length < 4 || fields.length > 5) return undefined
  try {
    const [provider = "", issuer = "", client = "", account = "", part] = fields.map((field) => {
      const text = decodeURIComponent(field)
      // one half of a pair of surrogates is in no canonical encoding, and throws too
      if (encodeURIComponent(text) !== field) throw new URIError()
      return text
    })
    return { provider, issuer, client, account, ...(part === undefined ? {} : { part }), id }
  } catch {
    return undefined
  }
}
