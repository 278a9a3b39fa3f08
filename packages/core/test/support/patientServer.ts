/** A server in a thread of its own, which answers while this one does nothing else. */
import { Effect } from "effect"
import { Worker } from "node:worker_threads"

/** Its address, whether it has the request, and its answer, through which this thread sleeps. */
export interface PatientServer {
  readonly url: string
  readonly hasRequest: () => boolean
  /** Has it answer, and comes back when the answer is on its way and so much time has passed. */
  readonly answer: (millis: number) => void
}

/** Starts one, which answers a single request with tokens. */
export const patientServer = Effect.acquireRelease(
  Effect.callback<PatientServer & { readonly worker: Worker }>((resume) => {
    const flags = new Int32Array(new SharedArrayBuffer(12))
    const worker = new Worker(code, { eval: true, workerData: flags })
    worker.once("message", (port: number) =>
      resume(Effect.succeed({
        worker,
        url: `http://127.0.0.1:${port}/token`,
        hasRequest: () => Atomics.load(flags, requested) === 1,
        answer: (millis) => {
          Atomics.store(flags, mayAnswer, 1)
          Atomics.notify(flags, mayAnswer)
          Atomics.wait(flags, answered, 0, 30_000)
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis)
        }
      })))
  }),
  ({ worker }) => Effect.promise(() => worker.terminate())
)

const [requested, mayAnswer, answered] = [0, 1, 2]

const code = `
  const { parentPort, workerData: flags } = require("node:worker_threads")
  const server = require("node:http").createServer((request, response) => {
    request.resume().on("end", () => {
      Atomics.store(flags, ${requested}, 1)
      Atomics.wait(flags, ${mayAnswer}, 0)
      response.setHeader("content-type", "application/json")
      response.end('{"access_token":"a","token_type":"bearer"}', () => {
        Atomics.store(flags, ${answered}, 1)
        Atomics.notify(flags, ${answered})
      })
    })
  })
  server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port))
`
