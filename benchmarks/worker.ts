// One process of a fleet: `node worker.ts <task>`. It begins when its standard input says so, and ends with it.
import * as GrantKeeper from "@effect-oauth/core/GrantKeeper"
import { TokenService } from "@effect-oauth/core/TokenService"
import { TokenStore } from "@effect-oauth/core/TokenStore"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { once } from "node:events"
import { heldBytes, spent } from "./measure.ts"
import { layer } from "./service.ts"
import { counted, type Kind, storeOf } from "./stores.ts"

/** What a process is to do, over which store. */
export interface Task {
  /** `herd`: so many callers of one grant; `floor`: a read, and the request where it is asked for; `keep`: what is due. */
  readonly name: "herd" | "floor" | "keep"
  readonly store: Kind
  /** The table or the directory. */
  readonly place: string
  readonly endpoint: string
  readonly callers?: number
  readonly asks?: boolean
}

/** What came of it, in milliseconds and bytes, and how many grants were renewed by how many calls of the store. */
export interface Result {
  readonly ms: number
  readonly cpu: number
  readonly renewed: number
  readonly trips: number
  readonly heap: number
}

const task: Task = JSON.parse(process.argv[2] ?? "{}")
const { callers = 0, endpoint } = task
const { seen, store } = counted(storeOf(task.store, task.place))
// on a machine with much else to do a store is slow, and not away
const policy = { storeTimeLimit: "1 minute" } as const
const runtime = ManagedRuntime.make(layer({ endpoint, http: NodeHttpClient.layerUndici, store, policy }))

const herd = Effect.gen(function*() {
  const service = yield* TokenService
  const { token } = service.bind(service.key("account-0"))
  yield* Effect.all(Array.from({ length: callers }, () => token), { concurrency: "unbounded", discard: true })
  return 0
})

const floor = Effect.gen(function*() {
  const service = yield* TokenService
  const store = yield* TokenStore
  yield* store.read(service.key("account-0"))
  if (task.asks === true) {
    yield* Effect.promise(() => fetch(endpoint, { method: "POST" }).then((answer) => answer.json()))
  }
  return 0
})

const keep = Effect.scoped(Effect.gen(function*() {
  const keeper = yield* GrantKeeper.make({ concurrency: 64, limit: { permits: 100_000, interval: "1 second" } })
  return (yield* keeper.once).renewed
}))

const program = { herd, floor, keep }[task.name]

process.stdin.once("end", () => process.exit(0))
await runtime.runPromise(TokenService)
console.log("ready")
await once(process.stdin, "data")
const { cpu, value, wall } = await spent(() => runtime.runPromise(program))
const result: Result = { ms: wall / 1000, cpu: cpu / 1000, renewed: value, trips: seen.trips, heap: heldBytes() }
console.log(JSON.stringify(result))
