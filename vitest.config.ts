import { defineConfig } from "vitest/config"

const project = (name: string, root: string, options?: { readonly globalSetup: Array<string> }) => ({
  extends: true as const,
  test: { name, root, include: ["test/**/*.test.ts"], ...options }
})

export default defineConfig({
  test: {
    sequence: { concurrent: true },
    // importing Effect once a file is half the time; tests that need a process of their own start one
    isolate: false,
    allowOnly: false,
    coverage: { provider: "v8", include: ["packages/*/src/**/*.ts"], reporter: ["text-summary", "html"] },
    projects: [
      project("core", "packages/core"),
      project("generic-rfc6749", "packages/generic-rfc6749"),
      project("frameio", "packages/frameio"),
      project("catalogue", "packages/catalogue"),
      project("node", "packages/node"),
      project("postgres", "packages/postgres", {
        globalSetup: [`${import.meta.dirname}/packages/postgres/test/support/globalSetup.ts`]
      }),
      project("cli", "apps/cli"),
      project("house", ".")
    ]
  }
})
