// A program as one file, cut into the modules that it is made of, and what such parts weigh together.
import * as path from "node:path"
import { gzipSync } from "node:zlib"
import { rolldown } from "rolldown"
import { minify } from "rolldown/utils"

/** A module, and what a bundle keeps of it. */
export interface Part {
  readonly name: string
  readonly code: string
}

/** The modules of programs of `size` in one bundle, named by their files. */
export const partsOf = async (...programs: ReadonlyArray<string>): Promise<ReadonlyArray<Part>> => {
  const files = programs.map((name) => path.join(import.meta.dirname, "size", `${name}.ts`))
  const build = await rolldown({
    input: entry,
    platform: "neutral",
    external: /^node:/,
    logLevel: "silent",
    plugins: [{
      name: entry,
      resolveId: (id) => id === entry ? id : null,
      load: (id) => id === entry ? files.map((file) => `export * from ${JSON.stringify(file)}`).join("\n") : null
    }]
  })
  const { output: [{ code }] } = await build.generate({ format: "esm", codeSplitting: false })
  // each module begins with its path in a line of its own
  return code.split(/^\/\/ (?=\S+\.[jt]s$)/m).filter((part) => part !== "").map((part) => {
    const end = part.indexOf("\n")
    return { name: nameOf(part.slice(0, end)), code: part.slice(end) }
  })
}

const entry = "programs"

const nameOf = (file: string): string =>
  file.replace(/^.*\/(effect|core|jose)\/(dist|src)\//, "$1/").replace(/\.[jt]s$/, "")

/** Whether a part is Effect's. */
export const isEffects = ({ name }: Part): boolean => name.startsWith("effect/")

/** Bytes of parts as one file: minified, and gzipped. What only a part that is missing would use stays in it. */
export const weigh = async (
  parts: ReadonlyArray<Part>
): Promise<{ readonly minified: number; readonly gzip: number }> => {
  const { code, errors } = await minify("program.js", parts.map((part) => part.code).join("\n"), {
    module: true,
    compress: { unused: false },
    mangle: { toplevel: true }
  })
  const [error] = errors
  if (error !== undefined) throw error
  return { minified: code.length, gzip: gzipSync(code, { level: 9 }).length }
}
