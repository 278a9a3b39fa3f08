/**
 * Searches what was said for secrets: as they are, within encodings of any depth that anybody uses, and broken up into
 * pieces. A piece of a secret counts as the secret.
 */

/** Something that was said, and where. */
export interface Said {
  readonly place: string
  readonly text: string
}

/** A secret that was found. */
export interface Find {
  readonly place: string
  readonly secret: string
  /** What stands before it, where it stands as it is. */
  readonly before: string
  /** The same, and how it goes on. */
  readonly around: string
}

/** So many letters of a secret in a row are a find. */
export const piece = 12

/** The finds in what was said: one for each secret and place. */
export const search = (said: ReadonlyArray<Said>, secrets: Readonly<Record<string, string>>): ReadonlyArray<Find> => {
  const pieces = new Map(
    Object.entries(secrets).flatMap(([name, secret]) => piecesOf(secret).map((piece) => [piece, name] as const))
  )
  const beginnings = new Uint8Array(1 << 21)
  for (const piece of pieces.keys()) beginnings[beginningOf(piece, 0)] = 1
  const byPlace = new Map<string, Set<string>>()
  for (const { place, text } of said) {
    const texts = byPlace.get(place) ?? new Set()
    byPlace.set(place, texts.add(text))
  }
  return [...byPlace].flatMap(([place, texts]) => {
    const text = [...texts].join("\n")
    const found = new Map<string, Find>()
    for (const reading of readingsOf(text)) {
      for (let at = 0; at + 3 <= reading.length; at++) {
        if (beginnings[beginningOf(reading, at)] === 0) continue
        const name = pieces.get(reading.slice(at, at + piece))
        if (name === undefined || found.has(name)) continue
        const shown = text.indexOf(reading.slice(at, at + piece))
        found.set(name, {
          place,
          secret: name,
          before: shown < 0 ? "" : text.slice(Math.max(0, shown - 120), shown),
          around: shown < 0 ? "" : text.slice(Math.max(0, shown - 120), shown + 40)
        })
      }
    }
    return [...found.values()]
  })
}

// most of what was said begins like no secret, which is told by three letters
const beginningOf = (text: string, at: number): number =>
  ((text.charCodeAt(at) & 127) << 14) | ((text.charCodeAt(at + 1) & 127) << 7) | (text.charCodeAt(at + 2) & 127)

const piecesOf = (secret: string): ReadonlyArray<string> => {
  const whole = bare(secret)
  // any run of fifteen letters holds one of these
  const starts = Array.from(
    { length: Math.max(0, Math.floor((whole.length - piece) / 4) + 1) },
    (_, index) => index * 4
  )
  return starts.map((start) => whole.slice(start, start + piece))
}

// what writers put between the pieces of a text that they break
const bare = (text: string): string => text.replace(/[\s"'`+,\\;|(){}[\]<>…*_^-]+/g, "")

/** A text as it is, without what breaks it, and with each encoding undone, one within another. */
function* readingsOf(text: string, depth = 3): Generator<string> {
  yield bare(text)
  if (depth === 0) return
  if (/%[0-9a-f]{2}/i.test(text)) yield* readingsOf(unescaped(text), depth - 1)
  if (/\\u[0-9a-f]{4}|\\x[0-9a-f]{2}/i.test(text)) {
    yield* readingsOf(
      text.replace(
        /\\u([0-9a-f]{4})|\\x([0-9a-f]{2})/gi,
        (_, long: string | undefined, short: string) => String.fromCharCode(Number.parseInt(long ?? short, 16))
      ),
      depth - 1
    )
  }
  const decoded = [
    ...[...text.matchAll(/[A-Za-z0-9+/_-]{16,}/g)].flatMap(([run]) => inBase64(run)),
    ...[...text.matchAll(/(?:[0-9a-f]{2}[\s,:]?){12,}/gi)].map(([run]) =>
      Buffer.from(run.replace(/[\s,:]/g, ""), "hex").toString("latin1")
    ),
    ...[...text.matchAll(/(?:\d{1,3},\s*){12,}/g)].map(([run]) =>
      String.fromCharCode(...run.split(",").slice(0, 10_000).map(Number))
    )
  ]
  if (decoded.length > 0) yield* readingsOf(decoded.join("\n"), depth - 1)
}

// a secret may begin anywhere within what is encoded
const inBase64 = (run: string): ReadonlyArray<string> =>
  [0, 1, 2, 3].map((start) => Buffer.from(run.slice(start), "base64url").toString("latin1"))

const unescaped = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
