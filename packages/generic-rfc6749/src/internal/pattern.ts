/**
 * Patterns of descriptions. They are tried on text from outside, so what they cost must not grow faster than the text.
 */
import * as Result from "effect/Result"

/** Whether a pattern matches the whole of a text. A text that is too long matches none. */
export const matches = (pattern: string, text: string): boolean =>
  text.length <= longest && new RegExp(`^(?:${pattern})$`, "u").test(text)

/** What is wrong with a pattern, if anything is. */
export const problem = (pattern: string): string | undefined => {
  if (Result.isFailure(Result.try(() => new RegExp(pattern, "u")))) return "is not a regular expression"
  const nodes = parse(pattern)
  return nodes === undefined || !nodes.every(isLinear)
    ? "may take longer than its text is long: leave out look-around and back-references, let what repeats begin and "
      + "end clearly, and let no two repetitions that take the same characters follow each other"
    : undefined
}

const longest = 256

/** What matches one character, or alternatives of sequences, and how often. */
interface Node {
  readonly atom: string | ReadonlyArray<Sequence>
  readonly optional: boolean
  readonly repeats: boolean
}

type Sequence = ReadonlyArray<Node>

// Reads a pattern that is known to be well-formed; what is too clever to be judged is not read.
const parse = (pattern: string): ReadonlyArray<Sequence> | undefined => {
  let at = 0
  const alternatives = (): ReadonlyArray<Sequence> | undefined => {
    const all: Array<Sequence> = []
    let sequence: Array<Node> = []
    while (at < pattern.length && pattern[at] !== ")") {
      if (pattern[at] === "|") {
        all.push(sequence)
        sequence = []
        at++
        continue
      }
      const node = next()
      if (node === undefined) return undefined
      if (node !== "nothing") sequence.push(node)
    }
    return [...all, sequence]
  }
  const next = (): Node | "nothing" | undefined => {
    const rest = pattern.slice(at)
    const single =
      /^(?:\\[pP]\{[^}]*\}|\\[dDsSwW]|\\u\{[^}]*\}|\\u[\da-fA-F]{4}|\\x[\da-fA-F]{2}|\\[^\w]|\\[nrtfv-]|\[(?:\\.|[^\]\\])*\]|[^\\()[\]{}|*+?^$])/u
        .exec(rest)?.[0]
    let atom: Node["atom"]
    if (single !== undefined) {
      at += single.length
      atom = single
    } else if (rest.startsWith("(")) {
      const opening = /^\((?:\?:|\?<\w+>|(?!\?))/.exec(rest)?.[0]
      if (opening === undefined) return undefined
      at += opening.length
      const inside = alternatives()
      if (inside === undefined) return undefined
      at++
      atom = inside
    } else if (/^[$^]/.test(rest)) {
      at++
      return "nothing"
    } else {
      return undefined
    }
    const quantifier = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/.exec(pattern.slice(at))
    if (quantifier === null) return { atom, optional: false, repeats: false }
    at += quantifier[0].length
    const [text, least = "1", comma, most] = quantifier
    const limit = /^[*+]/.test(text) || (comma === "," && most === "")
      ? Number.POSITIVE_INFINITY
      : Number(most || least)
    const optional = /^[*?]/.test(text) || least === "0"
    // a fixed number of rounds costs no more than the text; an open one multiplies with what is open beside or within it
    const isOpen = Number(least) !== limit || isVarying(atom)
    return { atom, optional, repeats: limit > (isOpen ? 1 : 64) }
  }
  const all = alternatives()
  return at === pattern.length ? all : undefined
}

// whether what it matches may be longer or shorter
const isVarying = (atom: Node["atom"]): boolean =>
  typeof atom !== "string" &&
  (atom.length > 1 || atom.some((one) => one.some((node) => node.optional || node.repeats || isVarying(node.atom))))

const isLinear = (sequence: Sequence): boolean =>
  sequence.every(({ atom, repeats }) =>
    typeof atom === "string" ||
    (atom.every(isLinear) && (!repeats || atom.every((inside) => isDelimited(inside, atom))))
  ) && separated(sequence)

// What repeats as a group tells where each round ends: by a character that is nowhere else in it.
const isDelimited = (sequence: Sequence, group: ReadonlyArray<Sequence>): boolean => {
  if (group.length > 1) {
    return group.every(isSingle) && group.every((one) => group.every((other) => one === other || apart(one, other)))
  }
  if (isSingle(sequence)) return true
  const ends = [sequence[0], sequence.at(-1)]
  return ends.some((end) =>
    end !== undefined && typeof end.atom === "string" && !end.optional && !end.repeats &&
    sequence.every((node) => node === end || !overlap(node, end))
  )
}

const isSingle = (sequence: Sequence): boolean =>
  sequence.length === 1 &&
  sequence.every(({ atom, optional, repeats }) => typeof atom === "string" && !optional && !repeats)

const apart = (one: Sequence, other: Sequence): boolean => one.every((a) => other.every((b) => !overlap(a, b)))

// No two repetitions that take the same characters without one between them that neither takes.
const separated = (sequence: Sequence): boolean => {
  const repeating = sequence.flatMap((node, index) => isUnbounded(node) ? [index] : [])
  return repeating.every((first, count) =>
    repeating.slice(count + 1).every((second) => {
      const [one, other] = [sequence[first], sequence[second]]
      return one === undefined || other === undefined || !overlap(one, other) || opensApart(other, one) ||
        sequence.slice(first + 1, second).some((between) =>
          !between.optional && !isUnbounded(between) && typeof between.atom === "string" && !overlap(between, one)
        )
    })
  )
}

// every round of a group begins with a character that the repetition before it does not take
const opensApart = ({ atom }: Node, before: Node): boolean =>
  typeof atom !== "string" &&
  atom.every(([opening]) =>
    opening !== undefined && typeof opening.atom === "string" && !opening.optional && !overlap(opening, before)
  )

const isUnbounded = ({ atom, repeats }: Node): boolean =>
  repeats || (typeof atom !== "string" && atom.some((sequence) => sequence.some(isUnbounded)))

const overlap = (one: Node, other: Node): boolean =>
  samples.some((sample) => takes(one, sample) && takes(other, sample))

const takes = ({ atom }: Node, character: string): boolean =>
  typeof atom === "string"
    ? new RegExp(`^${atom}$`, "u").test(character)
    : atom.some((sequence) => sequence.some((node) => takes(node, character)))

// every printable character of ASCII, and one that is none
const samples = [...Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)), "é"]
