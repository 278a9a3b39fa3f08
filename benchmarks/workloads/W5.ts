import { registerHooks } from "node:module"
import * as path from "node:path"
import { gzipSync } from "node:zlib"
import type { Contender, Sample, Workload } from "../Workload.ts"

const entries = path.resolve(import.meta.dirname, "../size")

/**
 * Milliseconds to import a program module by module as it is published; its size as one minified file; and the size of
 * what in it is not Effect's.
 */
const program = (name: string, kind: Contender["kind"], entry: string): Contender => ({
  name,
  kind,
  run: async (): Promise<Sample> => {
    const file = path.join(entries, entry)
    importPublished()
    const before = performance.now()
    await import(file)
    const ms = performance.now() - before
    return { gzip: await gzipSize(file), own: await gzipSize(file, /^effect\//), ms }
  }
})

/** Lets our packages be imported as they are built by `tsc -b`: types are not stripped at a user's start. */
const importPublished = () =>
  registerHooks({
    resolve: (specifier, context, next) => {
      const found = next(specifier, context)
      const url = found.url.replace(/(\/packages\/[^/]+)\/src\/(.+)\.ts$/, "$1/dist/$2.js")
      return url === found.url ? found : { ...found, url, format: "module" }
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
  metrics: { gzip: "bytes, minified and gzipped", own: "bytes without Effect", ms: "ms to import" },
  contenders: [program(floor, "floor", "floor.ts"), program(ours, "ours", "tokens.ts")],
  reach: [
    { contender: ours, metric: "own", atMost: 12_000 },
    { contender: ours, metric: "ms", over: floor, atMost: 1.15 }
  ]
}
