// Several processes that begin together: each says when it is ready, and what came of its task.
import { spawn } from "node:child_process"
import * as path from "node:path"
import * as readline from "node:readline"
import type { Result, Task } from "./worker.ts"

/** Starts a process for each task, lets all of them go at once, and gives what came of each. */
export const run = async (tasks: ReadonlyArray<Task>): Promise<ReadonlyArray<Result>> => {
  const workers = await Promise.all(tasks.map(start))
  return Promise.all(workers.map((go) => go()))
}

const start = async (task: Task): Promise<() => Promise<Result>> => {
  const child = spawn(
    process.execPath,
    ["--expose-gc", "--no-warnings", path.join(import.meta.dirname, "worker.ts"), JSON.stringify(task)],
    { stdio: ["pipe", "pipe", "inherit"] }
  )
  const lines = readline.createInterface(child.stdout)[Symbol.asyncIterator]()
  // what a process logs stands between its words
  const next = async (word: string): Promise<string> => {
    const { done, value } = await lines.next()
    if (done === true) throw new Error(`a process of the task ${task.name} has ended`)
    return value.startsWith(word) ? value : next(word)
  }
  await next("ready")
  return async () => {
    child.stdin.write("go\n")
    const result: Result = JSON.parse(await next("{"))
    child.stdin.end()
    return result
  }
}
