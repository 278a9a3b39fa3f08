/** The processes of a run: started, killed, stopped, and remembered. */
import { Effect, type Scope } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { rolldown } from "rolldown"
import type * as Client from "./Client.ts"
import { now } from "./Settings.ts"
import type { Store } from "./Store.ts"

/** The life of one process. */
export interface Life {
  readonly name: string
  readonly startedAt: number
  killedAt: number | undefined
  /** How it ended though nobody killed it. */
  died: string | undefined
}

/** A process in its place. */
export interface Member {
  readonly life: Life
  readonly child: ChildProcess
  /** Its next line; nothing when it has ended. */
  readonly line: () => Promise<string | undefined>
  readonly exited: Promise<void>
}

/** The processes of a run, each in its place. */
export interface Fleet {
  readonly members: Array<Member>
  readonly lives: Array<Life>
  /** Starts a process in a place. */
  readonly start: (place: number) => Member
  /** Ends the process in a place at once. */
  readonly kill: (place: number) => Effect.Effect<void>
  /** Stops the process in a place, or lets it go on. */
  readonly signal: (place: number, signal: "SIGSTOP" | "SIGCONT") => Effect.Effect<void>
  /** Lets all processes end in order, and waits. */
  readonly close: Effect.Effect<void>
}

/** Makes a fleet of processes that run a script of this folder. */
export const make = Effect.fnUntraced(function*(options: {
  readonly script: string
  readonly store: Store
  readonly origin: string
  /** Where the processes keep journals. */
  readonly directory: string
  readonly window: number
}): Effect.fn.Return<Fleet, never, Scope.Scope> {
  const members: Array<Member> = []
  const lives: Array<Life> = []
  const { directory, origin, script, store, window } = options
  const program = yield* bundle(script, directory)

  const start = (place: number): Member => {
    const life: Life = { name: `${place}.${lives.length}`, startedAt: now(), killedAt: undefined, died: undefined }
    lives.push(life)
    const way = store.ways[place]
    if (way === undefined) throw new Error(`There is no way from place ${place} to the store.`)
    const task: Client.Task = {
      name: life.name,
      way,
      origin,
      journal: Path.join(directory, `${life.name}.journal`),
      window,
      isFirst: lives.length === 1
    }
    const child = spawn(process.execPath, [program, JSON.stringify(task)], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, NODE_COMPILE_CACHE: Path.join(directory, "compiled") },
      ...store.user
    })
    const lines = child.stdout.setEncoding("utf8").iterator()
    let rest = ""
    const line = async (): Promise<string | undefined> => {
      while (!rest.includes("\n")) {
        const { done, value } = await lines.next()
        if (done === true) return undefined
        rest += String(value)
      }
      const end = rest.indexOf("\n")
      const next = rest.slice(0, end)
      rest = rest.slice(end + 1)
      return next
    }
    const exited = new Promise<void>((resolve) =>
      child.once("exit", (code, signal) => {
        if (life.killedAt === undefined && !isClosing) life.died = signal ?? String(code)
        resolve()
      })
    )
    child.stdin.on("error", () => {})
    return members[place] = { life, child, line, exited }
  }
  let isClosing = false

  const fleet: Fleet = {
    members,
    lives,
    start,
    kill: (place) =>
      Effect.promise(async () => {
        const member = members[place]
        if (member === undefined) return
        member.life.killedAt = now()
        member.child.kill("SIGKILL")
        await member.exited
      }),
    signal: (place, signal) =>
      Effect.sync(() => {
        members[place]?.child.kill(signal)
      }),
    close: Effect.promise(() => {
      isClosing = true
      return Promise.all(members.map((member) => {
        member.child.kill("SIGCONT")
        member.child.stdin?.end()
        return member.exited
      }))
    })
  }
  yield* Effect.addFinalizer(() =>
    Effect.promise(() => {
      isClosing = true
      for (const { child } of members) child.kill("SIGKILL")
      return Promise.all(members.map(({ exited }) => exited))
    })
  )
  return fleet
})

// One file of the sources: a process starts in a third of the time, and many are started.
const bundle = (script: string, directory: string): Effect.Effect<string> =>
  Effect.promise(async () => {
    const build = await rolldown({
      input: Path.join(import.meta.dirname, script),
      platform: "node",
      external: ["pg-native"]
    })
    const { output: [{ code }] } = await build.generate({ format: "esm", codeSplitting: false })
    await build.close()
    const file = Path.join(directory, "process.mjs")
    Fs.writeFileSync(file, code)
    return file
  })
