// A process that enters the section of a lock, says so, and stays for some milliseconds:
// `node lockHolder.ts <lock> <log> <milliseconds>`.
import { Console, Effect } from "effect"
import * as Fs from "node:fs"
import * as Lock from "../../src/internal/lock.ts"

const [lock = "", log = "", stay = "0"] = process.argv.slice(2)

Effect.runFork(
  Lock.exclusively(lock, () => {
    Fs.appendFileSync(log, `+${process.pid}\n`)
    Fs.writeSync(1, "held\n")
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(stay))
    Fs.appendFileSync(log, `-${process.pid}\n`)
  }).pipe(
    Effect.match({ onFailure: (error) => error.message, onSuccess: () => "left" }),
    Effect.flatMap(Console.log)
  )
)
