import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as Fleet from "../fleet.ts"
import { at, count } from "../needs.ts"
import { open } from "../service.ts"
import { type Kind, storeOf } from "../stores.ts"
import type { Contender, Need, Sample, Workload } from "../Workload.ts"

const processes = 8
const callers = 1_000

const placeOf = (kind: Kind): string =>
  kind === "file" ? fs.mkdtempSync(path.join(os.tmpdir(), "bench-grants-")) : "w3p"

/** One expired grant, and as many processes with as many callers. */
const run = async (store: Kind, name: "herd" | "floor"): Promise<Sample> => {
  const place = placeOf(store)
  const endpoint = `${at("server")}/token?delay=20`
  const expired = { age: 7_200_000, lifetime: "1 hour" } as const
  const { runtime } = await open([["expired", "a-refresh-token"]], { store: storeOf(store, place), ...expired })
  await runtime.dispose()
  await count()
  const results = await Fleet.run(
    Array.from({ length: processes }, (_, index) => ({ name, store, place, endpoint, callers, asks: index === 0 }))
  )
  const { asked } = await count()
  return {
    requests: asked,
    cpu: results.reduce((sum, { cpu }) => sum + cpu, 0),
    ms: Math.max(...results.map(({ ms }) => ms))
  }
}

const floorOf = (kind: Kind) => `a read for each process and one request, ${kind}`
const oursOf = (kind: Kind) => `TokenService, ${kind}`
const kinds: ReadonlyArray<Kind> = ["postgres", "redis", "file"]

export const workload: Workload = {
  title: `${processes} processes with ${callers} callers each of one expired grant`,
  metrics: { requests: "token requests", cpu: "CPU ms of all", ms: "ms to the last caller" },
  cpu: ["cpu"],
  wall: ["ms"],
  contenders: kinds.flatMap((kind): ReadonlyArray<Contender> => {
    const needs: ReadonlyArray<Need> = kind === "file" ? ["server"] : ["server", kind]
    return [
      { name: floorOf(kind), kind: "floor", long: true, needs, run: () => run(kind, "floor") },
      { name: oursOf(kind), kind: "ours", over: floorOf(kind), long: true, needs, run: () => run(kind, "herd") }
    ]
  }),
  reach: kinds.flatMap((kind) => [
    { contender: oursOf(kind), metric: "requests", atMost: 1 },
    { contender: oursOf(kind), metric: "ms", over: floorOf(kind), atMost: 2 }
  ])
}
