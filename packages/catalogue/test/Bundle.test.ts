import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import { gzipSync } from "node:zlib"
import { rolldown } from "rolldown"

const source = path.join(import.meta.dirname, "../src")

const names = fs.readdirSync(source).map((file) => path.basename(file, ".ts"))

describe("A bundle", () => {
  it("with a description is less than 1 kB larger than one without", async () => {
    const one = "zoho"
    const generic = `import { layerDescription } from "@effect-oauth/generic-rfc6749/GenericRfc6749"\n`
    const without = await bundled(`${generic}export const provider = layerDescription`)
    const within = await bundled(
      `${generic}import { ${one} } from "@effect-oauth/catalogue/${one}"\n`
        + `export const provider = (client) => layerDescription({ ...client, description: ${one} })`
    )

    assert.isBelow(within.size - without.size, 1000)
  })

  for (const name of names) {
    it(`of ${name} is that file alone, of less than 1 kB`, async () => {
      const { modules, size } = await bundled(`export * from "@effect-oauth/catalogue/${name}"`)

      assert.deepStrictEqual(modules.map((module) => path.relative(source, module)), [`${name}.ts`])
      assert.isBelow(size, 1000)
    })
  }
})

/** What an application's bundler makes of some code: the modules in it, and the size as it travels. */
const bundled = async (code: string) => {
  const entry = path.join(import.meta.dirname, "entry.js")
  const bundle = await rolldown({
    input: entry,
    treeshake: true,
    plugins: [{
      name: "entry",
      resolveId: (id) => id === entry ? id : null,
      load: (id) => id === entry ? code : null
    }]
  })
  const { output: [chunk] } = await bundle.generate({ format: "esm", minify: true })
  await bundle.close()
  return { modules: chunk.moduleIds.filter((id) => id !== entry), size: gzipSync(chunk.code).length }
}
