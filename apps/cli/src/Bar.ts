/**
 * Time as people read it.
 */
import type { Style } from "./Style.ts"

/** What is left of a lifetime, as a bar of `width` cells. Milliseconds. */
export const lifetime = (
  { left, of, style, width = 20 }: {
    readonly left: number
    readonly of: number
    readonly style: Style
    readonly width?: number
  }
): string => {
  const part = of <= 0 ? 0 : Math.min(1, Math.max(0, left / of))
  // what lives has a cell, and what has aged lacks one
  const full = part === 0 ? 0 : part === 1 ? width : Math.min(width - 1, Math.max(1, Math.round(part * width)))
  const paint = part > 0.25 ? style.green : style.yellow
  return (full === 0 ? "" : paint("█".repeat(full))) + (full === width ? "" : style.dim("░".repeat(width - full)))
}

/** A duration in its two largest units: `1 h 5 min`. Milliseconds. */
export const duration = (millis: number): string => {
  let rest = Math.max(0, Math.floor(millis / 1000))
  const parts: Array<string> = []
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(`${count} ${unit}`)
    // 2 d 0 h 5 min would be more precise than anyone asked for
    if (parts.length === 2 || (parts.length === 1 && count === 0)) break
  }
  return parts.length === 0 ? "0 s" : parts.join(" ")
}

const units = [["d", 86_400], ["h", 3_600], ["min", 60], ["s", 1]] as const
