/**
 * Words that came from the other side of the wire.
 *
 * An authorization server's `error_description`, a callback's parameters and an
 * HTTP reason phrase are written by strangers. They are worth showing to a
 * person who has to mend something, and worth nothing else. This module is the
 * one place where such text is cut to size and freed of everything that could
 * act on a terminal, a log or a page.
 *
 * @since 0.1.0
 */
import type * as Brand from "effect/Brand"

/**
 * Text of the other side, cleaned and shortened. It may be displayed, and must
 * never decide anything.
 *
 * @category models
 * @since 0.1.0
 */
export type RemoteText = string & Brand.Brand<"@effect-oauth/core/RemoteText">

/**
 * The longest remote text that is kept, in UTF-16 code units.
 *
 * @category models
 * @since 0.1.0
 */
export const maxLength = 300

/**
 * Cleans a value that came from the other side.
 *
 * **Details**
 *
 * Control characters (C0, C1, line and paragraph separators), bidirectional
 * marks, zero-width characters and lone surrogates become a space; runs of
 * spaces become one; the rest is cut at {@link maxLength}. Anything that is not
 * a string becomes `undefined`, as does text of which nothing is left.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromUnknown = (value: unknown): RemoteText | undefined => {
  if (typeof value !== "string") return undefined
  // cut first: the work done here is bounded by what is kept, not by what was sent
  const clean = value.slice(0, maxLength * 4).replace(unprintable, " ").replace(/ +/g, " ").trim()
  return clean.length === 0 ? undefined : truncate(clean) as RemoteText
}

const unprintable =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u00a0\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]|\p{Surrogate}|[\u{e0000}-\u{e0fff}]/gu

const truncate = (text: string): string => text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`
