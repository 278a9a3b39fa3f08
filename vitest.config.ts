import * as fs from "node:fs"
import * as os from "node:os"
import { defineConfig } from "vitest/config"

const project = (name: string, root: string, options?: { readonly globalSetup: Array<string> }) => ({
  extends: true as const,
  test: { name, root, include: ["test/**/*.test.ts"], ...options }
})

export default defineConfig({
  test: {
    sequence: { concurrent: true },
    // how long a busy machine takes says nothing; what must not take long says so itself
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // importing Effect once a file is half the time; tests that need a process of their own start one
    isolate: false,
    // tests wait for processes, browsers and clocks: two cores are not busy with one worker
    maxWorkers: Math.max(2, os.availableParallelism() - 1),
    // `npm run canaries` listens to the suites
    setupFiles: process.env["CANARIES"] === undefined ? [] : [`${import.meta.dirname}/hostile/src/canary/planted.ts`],
    allowOnly: false,
    // what it is used for here is what it warns of
    onConsoleLog: (log) => !/oidc-provider (NOTICE|WARNING)/.test(log),
    coverage: { provider: "v8", include: ["packages/*/src/**/*.ts"], reporter: ["text-summary", "html"] },
    projects: [
      ...fs.readdirSync(`${import.meta.dirname}/packages`).map((name) => {
        const setup = `${import.meta.dirname}/packages/${name}/test/support/globalSetup.ts`
        return project(name, `packages/${name}`, fs.existsSync(setup) ? { globalSetup: [setup] } : undefined)
      }),
      project("cli", "apps/cli"),
      project("sample", "apps/web"),
      project("chaos", "chaos"),
      project("hostile", "hostile"),
      { extends: true as const, test: { name: "examples", root: "examples", include: ["*/*.test.ts"] } },
      project("house", ".")
    ]
  }
})
