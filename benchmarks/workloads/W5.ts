import { registerHooks } from "node:module"
import * as path from "node:path"
import { gzipSync } from "node:zlib"
import { spent } from "../measure.ts"
import { isEffects, partsOf, weigh } from "../parts.ts"
import type { Contender, Sample, Workload } from "../Workload.ts"

const entries = path.resolve(import.meta.dirname, "../size")

/**
 * Milliseconds to import a program module by module as it is published; its size as one minified file; and the size of
 * what in it is not Effect's.
 */
const program = (name: string, kind: Contender["kind"], entry: "floor" | "tokens"): Contender => ({
  name,
  kind,
  needs: ["published"],
  run: async (): Promise<Sample> => {
    const file = path.join(entries, `${entry}.ts`)
    importPublished()
    const { cpu, wall } = await spent(() => import(file))
    return {
      gzip: await gzipSize(file),
      own: await gzipSize(file, /^effect\//),
      beyond: await beyondEffect(entry),
      cpu: cpu / 1000,
      modules: loaded.size,
      ms: wall / 1000
    }
  }
})

const loaded = new Set<string>()

/** Lets core be imported as it is published. */
const importPublished = () =>
  registerHooks({
    resolve: (specifier, context, next) => {
      const found = next(specifier, context)
      const url = found.url.replace(/(\/packages\/[^/]+)\/src\/(.+)\.ts$/, "$1/dist/$2.js")
      loaded.add(url)
      return url === found.url ? found : { ...found, url, format: "module" }
    }
  })

/** What a program has beyond what it and the floor hold of Effect together. */
const beyondEffect = async (entry: string): Promise<number> =>
  (await weigh(await partsOf(entry))).gzip - (await weigh((await partsOf("floor", entry)).filter(isEffects))).gzip

/** A whole peer, as most of them are one class. */
const peer = (name: string): Contender => ({
  name,
  kind: "peer",
  long: true,
  run: async (): Promise<Sample> => {
    importPublished()
    const { cpu, wall } = await spent(() => import(name))
    return { cpu: cpu / 1000, modules: loaded.size, ms: wall / 1000 }
  }
})

const gzipSize = async (entry: string, external?: RegExp): Promise<number> => {
  const { rolldown } = await import("rolldown")
  const build = await rolldown({
    input: entry,
    platform: "neutral",
    external: external === undefined ? /^node:/ : [/^node:/, external],
    logLevel: "silent"
  })
  const { output } = await build.generate({ format: "esm", minify: true, codeSplitting: false })
  return output.reduce((sum, file) => sum + (file.type === "chunk" ? gzipSync(file.code, { level: 9 }).length : 0), 0)
}

const floor = "FetchHttpClient and Schema by subpath"
const ours = "client credentials and refresh"

export const workload: Workload = {
  steady: true,
  title: "import and size of client credentials and refresh",
  metrics: {
    gzip: "bytes, minified and gzipped",
    own: "bytes without Effect",
    beyond: "bytes beyond the floor and the Effect modules it needs",
    modules: "modules",
    cpu: "CPU ms to import",
    ms: "ms to import"
  },
  cpu: ["cpu"],
  wall: ["ms"],
  contenders: [
    program(floor, "floor", "floor"),
    program(ours, "ours", "tokens"),
    ...["oauth4webapi", "openid-client", "arctic", "@badgateway/oauth2-client", "google-auth-library"].map((name) =>
      peer(name)
    )
  ],
  reach: [
    { contender: ours, metric: "beyond", atMost: 12_000 },
    { contender: ours, metric: "own", atMost: 12_000 },
    { contender: ours, metric: "cpu", over: floor, atMost: 1.15 }
  ]
}
