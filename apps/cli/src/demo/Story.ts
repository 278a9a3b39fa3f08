/**
 * The telling of the demonstration: what happens as it happens, each claim
 * checked, and the timeline at the end.
 */
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { PlatformError } from "effect/PlatformError"
import * as Stream from "effect/Stream"
import * as Output from "../Output.ts"
import * as Style from "../Style.ts"

/** The demonstration did not show what it claims. */
export class NotShown extends Data.TaggedError("NotShown")<{ readonly claim: string; readonly instead: string }> {
  override get message(): string {
    return `The demonstration did not show what it claims: ${this.claim} (instead: ${this.instead})`
  }
}

/** A scene, as the timeline has it. */
export interface Scene {
  readonly title: string
  /** Milliseconds since the story began. */
  readonly begins: number
  readonly ends: number
  readonly shown: ReadonlyArray<string>
}

/** The telling of a story. */
export interface Story {
  /** Runs a scene. */
  readonly scene: <A, E, R>(
    title: string,
    scene: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | PlatformError, R>
  /** Says what happens. */
  readonly say: (text: string) => Effect.Effect<void, PlatformError>
  /** Claims something, and fails where it does not hold. */
  readonly show: (claim: string, actual: unknown, expected: unknown) => Effect.Effect<void, NotShown | PlatformError>
  /** What was told. */
  readonly scenes: Effect.Effect<ReadonlyArray<Scene>>
  /** Prints the timeline, or all of the story as JSON. */
  readonly end: Effect.Effect<void, PlatformError>
}

/** Begins a story. */
export const begin = Effect.gen(function*() {
  const output = yield* Output.Output
  const { stdout } = yield* Style.capabilities
  const style = Style.make(stdout.color)
  const start = yield* Clock.currentTimeMillis
  const elapsed = Effect.map(Clock.currentTimeMillis, (now) => now - start)
  const scenes: Array<Scene> = []
  let shown: Array<string> = []

  const line = (text: string): Effect.Effect<void, PlatformError> =>
    output.format === "json" ? Effect.void : output.bytes(Stream.make(`${text}\n`))

  const story: Story = {
    scene: (title, scene) =>
      Effect.gen(function*() {
        const begins = yield* elapsed
        shown = []
        yield* line(`\n${style.bold(`${scenes.length + 1}. ${title}`)} ${style.dim(at(begins))}`)
        const result = yield* scene
        scenes.push({ title, begins, ends: yield* elapsed, shown })
        return result
      }),
    say: (text) => line(`   ${text}`),
    show: (claim, actual, expected) =>
      Effect.suspend((): Effect.Effect<void, NotShown | PlatformError> => {
        if (JSON.stringify(actual) !== JSON.stringify(expected)) {
          return Effect.fail(new NotShown({ claim, instead: JSON.stringify(actual) ?? "nothing" }))
        }
        shown.push(claim)
        return line(`   ${style.green("✓")} ${claim}`)
      }),
    scenes: Effect.sync(() => [...scenes]),
    end: Effect.gen(function*() {
      const total = yield* elapsed
      yield* output.result(
        { scenes: scenes.map((scene) => ({ ...scene, shown: [...scene.shown] })), milliseconds: total },
        (style) => timeline(scenes, total, style)
      )
    })
  }
  return story
})

// One bar for each scene, where it stands in the whole.
const timeline = (scenes: ReadonlyArray<Scene>, total: number, style: Style.Style): string => {
  const width = 40
  const column = (millis: number): number => Math.round((millis / Math.max(1, total)) * width)
  const rows = scenes.map((scene) => {
    const from = column(scene.begins)
    const length = Math.max(1, column(scene.ends) - from)
    const bar = `${" ".repeat(from)}${style.cyan("█".repeat(length))}${" ".repeat(Math.max(0, width - from - length))}`
    const seconds = ((scene.ends - scene.begins) / 1000).toFixed(1).padStart(5)
    return `${bar} ${seconds} s  ${scene.title}`
  })
  const facts = scenes.reduce((sum, scene) => sum + scene.shown.length, 0)
  return [
    "",
    style.bold("Timeline"),
    ...rows,
    "",
    `${style.green("✓")} ${facts} claims shown in ${(total / 1000).toFixed(1)} s. No grant was lost that could be kept.`
  ].join("\n")
}

const at = (millis: number): string => `+${(millis / 1000).toFixed(1)} s`
