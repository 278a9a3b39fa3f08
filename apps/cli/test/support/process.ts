/**
 * The command line against a sandbox: in this process, which is quick, and in
 * processes of its own.
 */
import type { Registration } from "@effect-oauth/cli/sandbox/Registration"
import * as Sandbox from "@effect-oauth/cli/sandbox/Sandbox"
import type * as Settings from "@effect-oauth/cli/sandbox/Settings"
import { NodeFileSystem } from "@effect/platform-node"
import { it } from "@effect/vitest"
import { Deferred, Effect, FileSystem, Redacted, type Scope } from "effect"
import { type ChildProcess, spawn as spawnProcess } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { type Options, type Ran, run as runHere } from "./commandLine.ts"

/** A process of the command line. */
export interface Started {
  readonly process: ChildProcess
  /** What stderr has said so far, once it says something that fits. */
  readonly says: (pattern: RegExp) => Effect.Effect<string>
  readonly ended: Effect.Effect<Ran>
}

/** A machine on which commands are run: a sandbox, and directories of its own. */
export interface Machine {
  readonly sandbox: Sandbox.Sandbox["Service"]
  readonly directory: string
  /** The flags of a client of the sandbox. */
  readonly client: (name: Registration["name"], account?: string) => Effect.Effect<ReadonlyArray<string>>
  /** Runs a command in this process. */
  readonly run: (args: ReadonlyArray<string>, options?: Options) => Effect.Effect<Ran>
  /** Runs a command in a process of its own. */
  readonly spawn: (args: ReadonlyArray<string>, options?: SpawnOptions) => Effect.Effect<Ran>
  /** Starts a command in a process of its own. */
  readonly start: (args: ReadonlyArray<string>, options?: SpawnOptions) => Effect.Effect<Started>
  /** Logs a client in, as a person would, and returns its flags. */
  readonly loggedIn: (name: Registration["name"], account?: string) => Effect.Effect<ReadonlyArray<string>>
  /** How many renewals the sandbox granted. */
  readonly renewals: Effect.Effect<number>
}

/** How a process is run. */
export interface SpawnOptions {
  readonly stdin?: string
  /** `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** A file that stdout is written to. */
  readonly stdout?: string
}

/** A test on a machine of its own. */
export const onMachine = (
  title: string,
  body: (
    machine: Machine
  ) => Generator<Effect.Effect<unknown, unknown, FileSystem.FileSystem | Scope.Scope>, void, never>,
  options?: { readonly settings?: Settings.Input; readonly timeout?: number }
): void => {
  it.live(
    title,
    () =>
      Effect.gen(function*() {
        const sandbox = yield* Sandbox.make({ settings: { accessToken: "1 hour", ...options?.settings } })
        const fs = yield* FileSystem.FileSystem
        const directory = yield* fs.makeTempDirectoryScoped({ prefix: "effect-oauth-test-" })
        yield* Effect.gen(() => body(makeMachine(sandbox, directory)))
      }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer)),
    options?.timeout ?? 300_000
  )
}

/** A machine of a directory of its own, before a sandbox. */
export const makeMachine = (sandbox: Sandbox.Sandbox["Service"], directory: string): Machine => {
  const environment = {
    HOME: directory,
    XDG_CONFIG_HOME: Path.join(directory, "config"),
    XDG_DATA_HOME: Path.join(directory, "data"),
    XDG_CACHE_HOME: Path.join(directory, "cache"),
    BROWSER: "none",
    // a test leaves nothing in the keyring of whoever runs it
    EFFECT_OAUTH_KEYRING: "none"
  }
  const run: Machine["run"] = (args, options) => runHere(args, { ...options, env: { ...environment, ...options?.env } })
  const start: Machine["start"] = (args, { env = {}, stdin, stdout: file } = {}) =>
    Effect.sync(() => {
      const child = spawnProcess(process.execPath, [bin, ...args], {
        stdio: ["pipe", file === undefined ? "pipe" : Fs.openSync(file, "w"), "pipe"],
        env: { PATH: process.env["PATH"], NODE_COMPILE_CACHE: compiled, ...environment, ...env }
      })
      const ended = Deferred.makeUnsafe<Ran>()
      let stdout = ""
      let stderr = ""
      let listeners: Array<() => void> = []
      child.stdout?.setEncoding("utf8").on("data", (chunk: string) => stdout += chunk)
      child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
        stderr += chunk
        for (const listener of listeners) listener()
      })
      child.on("close", (code, signal) => {
        Deferred.doneUnsafe(
          ended,
          Effect.succeed({ stdout, stderr, exitCode: code ?? (signal === "SIGINT" ? 130 : -1) })
        )
        for (const listener of listeners) listener()
      })
      // one that ends before it has read is no failure of the test
      child.stdin?.on("error", () => {})
      if (stdin !== undefined) child.stdin?.end(stdin)
      return {
        process: child,
        ended: Deferred.await(ended),
        says: (pattern: RegExp) =>
          Effect.callback<string>((resume) => {
            const look = () => {
              if (pattern.test(stderr)) resume(Effect.succeed(stderr))
              else if (child.exitCode !== null) {
                resume(Effect.die(new Error(`ended without ${String(pattern)}: ${stderr}`)))
              }
            }
            listeners.push(look)
            look()
            return Effect.sync(() => {
              listeners = listeners.filter((listener) => listener !== look)
            })
          })
      }
    })
  const spawn: Machine["spawn"] = (args, options) =>
    Effect.flatMap(start(args, { stdin: "", ...options }), ({ ended }) => ended)

  const client: Machine["client"] = Effect.fnUntraced(function*(name, account = name) {
    const { clientId, clientSecret, redirectUris } = sandbox.registrations[name]
    const secret = clientSecret === undefined ? [] : ["--client-secret-file", yield* secretFile(name, clientSecret)]
    const redirectUri = redirectUris.find((uri) => uri.startsWith("http"))
    return [
      ...serverFlags(name, sandbox),
      ...secret,
      "--client-id",
      clientId,
      "--account",
      account,
      ...(redirectUri === undefined ? [] : ["--redirect-uri", redirectUri])
    ]
  })
  const secretFile = (name: string, secret: Redacted.Redacted) =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const path = Path.join(directory, `${name}.secret`)
      yield* fs.writeFileString(path, `${Redacted.value(secret)}\n`, { mode: 0o600 })
      return path
    }).pipe(Effect.orDie, Effect.provide(NodeFileSystem.layer))

  const loggedIn: Machine["loggedIn"] = Effect.fnUntraced(function*(name, account) {
    const flags = yield* client(name, account)
    const { exitCode, stderr } = yield* run(["login", "--no-browser", "--paste", ...flags], {
      types: (said) => Effect.orDie(sandbox.approve(addressIn(said)))
    })
    if (exitCode !== 0) return yield* Effect.die(new Error(`login failed: ${stderr}`))
    return flags
  })

  return {
    sandbox,
    directory,
    run,
    spawn,
    start,
    client,
    loggedIn,
    renewals: Effect.map(
      sandbox.ledger.entries,
      (entries) =>
        entries.filter((entry) => entry.grantType === "refresh_token" && entry.outcome === "succeeded").length
    )
  }
}

/** The address that a login showed. */
export const addressIn = (said: string): string =>
  /https?:\/\/[^\s"]+\?(?:response_type|client_id)=[^\s"]+/.exec(said)?.[0] ?? ""

const serverFlags = (
  name: Registration["name"],
  { endpoints, origin }: Sandbox.Sandbox["Service"]
): ReadonlyArray<string> => {
  if (name.startsWith("v4-")) return ["--provider", "frameio", "--test-origin", origin, ...kinds[name] ?? []]
  if (name.startsWith("legacy-")) return ["--provider", "frameio-legacy", "--test-origin", origin]
  if (name === "camera") return ["--provider", "frameio-c2c", "--test-origin", origin]
  return ["--issuer", endpoints.oidc.issuer, "--api-origin", origin, ...kinds[name] ?? ["--scope", oidcScope]]
}

const oidcScope = "openid offline_access profile email"

const kinds: { readonly [name: string]: ReadonlyArray<string> | undefined } = {
  "v4-single-page-app": ["--kind", "spa"],
  "v4-server-to-server": ["--kind", "s2s"],
  "oidc-service": ["--kind", "s2s", "--scope", "read"]
}

// shared, as a person's is: no machine compiles again what another has
const compiled = Path.resolve(import.meta.dirname, "../../node_modules/.cache/compiled")

const bin = Path.resolve(import.meta.dirname, "../../src/bin.ts")
