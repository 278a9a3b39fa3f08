/**
 * One Postgres server for all test files: the one of `DATABASE_URL`, or one that is started here. Where there is
 * neither, the tests that need it are skipped, and this says so.
 */
import type { TestProject } from "vitest/node"
import { launch } from "./PostgresServer.ts"

declare module "vitest" {
  export interface ProvidedContext {
    /** Where the server is, and whether it was started here. */
    readonly postgres: { readonly url: string; readonly isOurs: boolean } | undefined
  }
}

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env["DATABASE_URL"]
  if (given !== undefined && given !== "") {
    process.stderr.write("SKIPPED: Postgres, stopped and started. The server of DATABASE_URL is not ours to stop.\n")
    project.provide("postgres", { url: given, isOurs: false })
    return undefined
  }
  try {
    const server = await launch()
    project.provide("postgres", { url: server.url, isOurs: true })
    return server.dispose
  } catch (error) {
    process.stderr.write(
      `SKIPPED: the tests on Postgres. No DATABASE_URL, and none could be started: ${String(error)}\n`
    )
    project.provide("postgres", undefined)
    return undefined
  }
}
