import * as path from "node:path"
import { gzipSync } from "node:zlib"
import type { Contender, Sample, Workload } from "../Workload.ts"

const entries = path.resolve(import.meta.dirname, "../size")

/** Milliseconds to import a program module by module, and its size as one minified file. */
const program = (name: string, kind: Contender["kind"], entry: string): Contender => ({
  name,
  kind,
  run: async (): Promise<Sample> => {
    const file = path.join(entries, entry)
    const before = performance.now()
    await import(file)
    const ms = performance.now() - before
    return { gzip: await gzipSize(file), ms }
  }
})

const gzipSize = async (entry: string): Promise<number> => {
  const { rolldown } = await import("rolldown")
  const build = await rolldown({ input: entry, platform: "neutral", external: /^node:/, logLevel: "silent" })
  const { output } = await build.generate({ format: "esm", minify: true, codeSplitting: false })
  return output.reduce((sum, file) => sum + (file.type === "chunk" ? gzipSync(file.code, { level: 9 }).length : 0), 0)
}

export const workload: Workload = {
  title: "import and size of client credentials and refresh",
  metrics: { gzip: "bytes, minified and gzipped", ms: "ms to import" },
  contenders: [program("FetchHttpClient and Schema by subpath", "floor", "floor.ts")],
  reach: []
}
