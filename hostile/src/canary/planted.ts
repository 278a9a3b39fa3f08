/**
 * A set-up of vitest that listens to a suite: every log, every span and how it failed. `Suites.ts` adds it to the suites
 * of the packages.
 *
 * Whatever a test, or what it tests, takes for a secret is `Redacted`, so no test has to know of this: the registry in
 * which Effect keeps the values of `Redacted` tells them all. Of these only what no text holds by chance can be searched
 * for. Tokens and codes of the test kit are such values, and so are verifiers, states, nonces and keys that are made on
 * the way.
 */
import { OAuthError } from "@effect-oauth/core"
import { Logger, References, Tracer } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { afterAll, expect } from "vitest"
import * as Heard from "./Heard.ts"
import { watch } from "./Registry.ts"
import { type Find, search } from "./Search.ts"

/** What one file of a suite has said. */
export interface Searched {
  readonly file: string
  readonly places: number
  readonly characters: number
  readonly secrets: ReadonlyArray<string>
  readonly finds: ReadonlyArray<Find>
}

// files share a process, and with it what is installed here
const ears: {
  heard: Heard.Heard
  errors: Array<unknown>
  readonly secrets: Set<string>
  times: Map<string, number>
  isInstalled: boolean
} = (globalThis as { canaries?: typeof ears }).canaries ??= {
  heard: Heard.make(),
  errors: [],
  secrets: new Set(),
  times: new Map(),
  isInstalled: false
}

// what is said a thousand times in one file is rendered so often
const often = 50
const isSeldom = (name: string): boolean => {
  const times = (ears.times.get(name) ?? 0) + 1
  ears.times.set(name, times)
  return times <= often
}

if (!ears.isInstalled) {
  ears.isInstalled = true
  watch((secret) => void ears.secrets.add(secret))
  // every error that is made, also where no span ends with it
  Object.defineProperty(OAuthError.OAuthError.prototype, "reason", {
    configurable: true,
    set(this: OAuthError.OAuthError, value: unknown) {
      Object.defineProperty(this, "reason", { value, enumerable: true, writable: true, configurable: true })
      if (isSeldom(`${this.module}.${this.method} ${(value as { readonly _tag?: string })._tag}`)) {
        ears.errors.push(this)
      }
    }
  })
  const loggers = Logger.CurrentLoggers.defaultValue()
  const defaults = (reference: object, value: unknown) =>
    Object.assign(reference, { defaultValue: () => value, "~effect/Context/defaultValue": value })
  const span = Tracer.nativeTracer.span.bind(Tracer.nativeTracer)
  Object.assign(Tracer.nativeTracer, {
    span: ((options) => isSeldom(options.name) ? ears.heard.tracer.span(options) : span(options)) satisfies typeof span
  })
  defaults(
    Logger.CurrentLoggers,
    new Set([...loggers, Logger.make((options) => ears.heard.logger.log(options))])
  )
  defaults(References.MinimumLogLevel, "All")
}

afterAll(() => {
  for (const error of ears.errors) ears.heard.note("an error", error)
  const { said } = ears.heard
  const secrets = [...ears.secrets]
  const file = path.relative(process.cwd(), expect.getState().testPath ?? "unknown")
  const searched: Searched = {
    file,
    places: new Set(said.map(({ place }) => place)).size,
    characters: said.reduce((sum, { text }) => sum + text.length, 0),
    secrets,
    finds: search(said, Object.fromEntries(secrets.map((secret) => [secret, secret])))
  }
  fs.appendFileSync(path.join(process.env["CANARIES"] ?? "", `${process.pid}.jsonl`), `${JSON.stringify(searched)}\n`)
  ears.heard = Heard.make()
  ears.errors = []
  ears.times = new Map()
})
