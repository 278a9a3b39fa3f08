/** What the parts of the site share. */
import * as path from "node:path"

/** The repository. */
export const root: string = path.resolve(import.meta.dirname, "..")

/** What has no page: what only those need who work on the repository. */
export const withoutPage: ReadonlyArray<string> = [
  ".*/**",
  "AGENTS.md",
  "**/CHANGELOG.md",
  "{api,benchmarks,chaos,hostile,runtimes,scripts}/**",
  "**/{test,coverage,node_modules}/**"
]

/** Whether a Markdown file, or the README of a folder, is a page. */
export const isPage = (file: string): boolean =>
  !withoutPage.some((pattern) => path.matchesGlob(file, pattern) || path.matchesGlob(`${file}/README.md`, pattern))

/** Whether the modules of a package have pages in the reference. The catalogue's are data, and have a table of their own. */
export const hasReference = (name: string): boolean => name !== "catalogue"
