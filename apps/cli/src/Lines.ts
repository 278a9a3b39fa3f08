/**
 * Text in lines of a given width.
 */

/** The width of a terminal that nobody has changed. */
export const width = 80

/** Breaks text between words; a line break that is there stays, and so does a word that is longer than a line. */
export const wrap = (text: string, room: number): ReadonlyArray<string> =>
  text.split("\n").flatMap((paragraph) => {
    const lines: Array<string> = []
    let line = ""
    for (const word of paragraph.split(" ")) {
      if (line !== "" && line.length + 1 + word.length > room) {
        lines.push(line)
        line = word
      } else line = line === "" ? word : `${line} ${word}`
    }
    return [...lines, line]
  })

/** Names and what they mean, side by side; a name that is too long has a line of its own. */
export const table = (
  rows: ReadonlyArray<readonly [name: string, meaning: string]>,
  { mark, widest }: { readonly mark: (name: string) => string; readonly widest: number }
): ReadonlyArray<string> => {
  const fitting = rows.map(([name]) => name.length).filter((length) => length <= widest)
  const column = Math.max(0, ...fitting) + 4
  return rows.flatMap(([name, meaning]) => {
    const lines = wrap(meaning, width - column).map((line) => `${" ".repeat(column)}${line}`)
    if (meaning === "") return [`  ${mark(name)}`]
    return name.length > widest
      ? [`  ${mark(name)}`, ...lines]
      : [`  ${mark(name)}${" ".repeat(column - 2 - name.length)}${lines[0]?.trimStart() ?? ""}`, ...lines.slice(1)]
  })
}
