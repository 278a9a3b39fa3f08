/**
 * Sets of scope tokens (RFC 6749, section 3.3).
 *
 * @since 0.1.0
 */

/**
 * A set of scope tokens in the order in which they were first named. Scope
 * tokens are compared letter by letter; the set is open, as every server names
 * its own.
 *
 * @category models
 * @since 0.1.0
 */
export type Scopes = ReadonlyArray<string>

/**
 * The set of no scopes.
 *
 * @category constructors
 * @since 0.1.0
 */
export const empty: Scopes = []

/**
 * Makes a set from scope tokens, each kept once.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (...scopes: ReadonlyArray<string>): Scopes => [...new Set(scopes.filter((scope) => scope !== ""))]

/**
 * Splits a list of scope tokens as it stands on the wire. The separator is a
 * space unless a dialect says otherwise.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromString = (text: string, separator = " "): Scopes => make(...text.split(separator).map((s) => s.trim()))

/**
 * Joins scope tokens as they stand on the wire.
 *
 * @category getters
 * @since 0.1.0
 */
export const toString = (self: Scopes, separator = " "): string => self.join(separator)

/**
 * Whether every one of `required` is in the set.
 *
 * @category predicates
 * @since 0.1.0
 */
export const includes = (self: Scopes, required: Scopes): boolean => required.every((scope) => self.includes(scope))

/**
 * The scope tokens of both sets.
 *
 * @category combinators
 * @since 0.1.0
 */
export const union = (self: Scopes, that: Scopes): Scopes => make(...self, ...that)

/**
 * Whether the text is a `scope-token` of RFC 6749, section 3.3: printable ASCII
 * without space, `"` and `\`.
 *
 * @category guards
 * @since 0.1.0
 */
export const isScopeToken = (text: string): boolean => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)
