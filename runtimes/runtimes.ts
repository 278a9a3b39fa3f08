/**
 * Tries the packages as they are published, in a project that knows nothing of this repository, under every compiler and
 * in every runtime that is promised, follows the pages of docs/getting-started there, and publishes as a dry run:
 *
 *     npm run runtimes [-- --short] [-- --write]
 *
 * `--short` tries the Node of this repository and its compiler only; `--write` writes the table of docs/runtimes.md,
 * which is compared otherwise. Compilers and runtimes come from npm, by their exact versions. The last line is the sum.
 */
import { spawn, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { parseArgs } from "node:util"
import { rolldown } from "rolldown"
import { freePort } from "../packages/core/test/support/freePort.ts"
import { follow } from "./gettingStarted.ts"
import type { Place } from "./probe/features.ts"
import type { Outcome } from "./probe/report.ts"

const { values: { short, write } } = parseArgs({
  options: { short: { type: "boolean", default: false }, write: { type: "boolean", default: false } }
})

const root = path.resolve(import.meta.dirname, "..")
const consumer = path.join(root, ".tmp", "pack", "consumer")
const page = path.join(root, "docs", "runtimes.md")

const versions = {
  typescript: ["5.9.3", "6.0.3", "7.0.2"],
  node: ["22.19.0", "24.21.0", "26.12.1"],
  bun: "1.4.5",
  deno: "2.9.6",
  workerd: "1.20261117.1"
} as const

// what each runtime is called on this machine; npm's names differ
const machine = `${process.platform}-${process.arch}`
const binaries: Readonly<Record<string, { readonly bun: string; readonly deno: string; readonly workerd: string }>> = {
  "linux-x64": { bun: "@oven/bun-linux-x64", deno: "@deno/linux-x64-glibc", workerd: "@cloudflare/workerd-linux-64" },
  "linux-arm64": {
    bun: "@oven/bun-linux-aarch64",
    deno: "@deno/linux-arm64-glibc",
    workerd: "@cloudflare/workerd-linux-arm64"
  },
  "darwin-arm64": {
    bun: "@oven/bun-darwin-aarch64",
    deno: "@deno/darwin-arm64",
    workerd: "@cloudflare/workerd-darwin-arm64"
  }
}

let passed = 0
let failed = 0
let skipped = 0

const judge = (name: string, works: boolean, why = ""): void => {
  if (works) passed++
  else failed++
  console.log(works ? `${name}: works` : `${name}: FAILED: ${why}`)
}

const run = (command: string, args: ReadonlyArray<string>, cwd: string) => {
  const done = spawnSync(command, args, { cwd, encoding: "utf8", timeout: 300_000, maxBuffer: 2 ** 26 })
  return {
    works: done.status === 0,
    output: done.stdout ?? "",
    why: `${done.stdout ?? ""}${done.stderr ?? ""}${done.error?.message ?? ""}`.trim().slice(-2000)
  }
}

const must = (what: string, done: ReturnType<typeof run>): string => {
  if (done.works) return done.output
  console.log(`${what} failed:\n${done.why}`)
  process.exit(1)
}

// the folder of an npm package that holds tools, beside the project and out of its sight
const tool = (alias: string, spec: string): string => {
  const home = path.join(root, ".tmp", "tools", alias)
  const stamp = path.join(home, "spec")
  if (!fs.existsSync(stamp) || fs.readFileSync(stamp, "utf8") !== spec) {
    fs.rmSync(home, { recursive: true, force: true })
    fs.mkdirSync(home, { recursive: true })
    fs.writeFileSync(path.join(home, "package.json"), JSON.stringify({ private: true }))
    const flags = ["--no-audit", "--no-fund", "--silent", "--no-save", "--ignore-scripts"]
    must(`installing ${spec}`, run("npm", ["install", ...flags, spec], home))
    fs.writeFileSync(stamp, spec)
  }
  return path.join(home, "node_modules", spec.slice(0, spec.lastIndexOf("@")))
}

// The project: the packed packages, the probe's sources, and nothing else.
must("packing", run("node", [path.join(root, "scripts", "pack.ts")], root))
const release = run("node", [path.join(root, "scripts", "release.ts")], root)
judge("release, as a dry run", release.works, release.why)
const probe = path.join(consumer, "src")
fs.cpSync(path.join(import.meta.dirname, "probe"), probe, { recursive: true })
must(
  "installing types",
  run("npm", ["install", "--no-audit", "--no-fund", "--silent", "@types/node@24.19.2"], consumer)
)
fs.writeFileSync(
  path.join(consumer, "tsconfig.json"),
  JSON.stringify({
    compilerOptions: {
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      target: "ES2022",
      module: "NodeNext",
      moduleResolution: "NodeNext",
      rewriteRelativeImportExtensions: true,
      // the declarations of the packages are judged too
      skipLibCheck: false,
      lib: ["ES2023", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
      types: ["node"],
      rootDir: "src",
      outDir: "built"
    },
    include: ["src"]
  })
)

for (const version of short ? versions.typescript.slice(-1) : versions.typescript) {
  const home = tool(`typescript-${version}`, `typescript@${version}`)
  const done = run("node", [path.join(home, "bin", "tsc"), "-p", "."], consumer)
  judge(`typescript ${version}`, done.works, done.why)
}

const compiler = versions.typescript[2]
follow({ run, judge, tsc: path.join(tool(`typescript-${compiler}`, `typescript@${compiler}`), "bin", "tsc") })

// The server: the sandbox of the command line, as a process of its own.
const sandbox = spawn("node", [path.join(root, "apps/cli/src/bin.ts"), "sandbox", "--json"], {
  stdio: ["ignore", "pipe", "inherit"]
})
process.on("exit", () => sandbox.kill("SIGTERM"))
const started = await new Promise<{ readonly origin: string; readonly config: string; readonly control: string }>(
  (resolve, reject) => {
    let text = ""
    sandbox.stdout.on("data", (chunk) => {
      text += chunk
      if (text.includes("\n")) resolve(JSON.parse(text.slice(0, text.indexOf("\n"))))
    })
    sandbox.on("exit", () => reject(new Error("the sandbox did not start")))
  }
)
const { profiles } = JSON.parse(fs.readFileSync(started.config, "utf8"))
const clientOf = (name: string): Place["service"] => {
  const { clientId, clientSecretFile, redirectUri } = profiles[name]
  return {
    clientId,
    ...(redirectUri === undefined ? {} : { redirectUri }),
    ...(clientSecretFile === undefined ? {} : { clientSecret: fs.readFileSync(clientSecretFile, "utf8").trim() })
  }
}
const place: Place = {
  issuer: profiles["oidc-public"].issuer,
  confidential: clientOf("oidc-confidential"),
  publicClient: clientOf("oidc-public"),
  service: clientOf("oidc-service"),
  control: JSON.parse(fs.readFileSync(started.control, "utf8"))
}
const placeFile = path.join(consumer, "place.json")
fs.writeFileSync(placeFile, JSON.stringify(place), { mode: 0o600 })

const table = new Map<string, ReadonlyArray<Outcome>>()
const tell = (runtime: string, outcomes: ReadonlyArray<Outcome>): void => {
  table.set(runtime, outcomes)
  for (const { name, why, works } of outcomes) judge(`${runtime}: ${name}`, works, why)
}

const inProcess = (runtime: string, command: string, args: ReadonlyArray<string>): void => {
  const done = run(command, [...args, path.join("built", "process.js"), placeFile], consumer)
  const line = done.output.trim().split("\n").at(-1) ?? ""
  if (done.works && line.startsWith("[")) tell(runtime, JSON.parse(line))
  else judge(runtime, false, done.why)
}

// a worker is one module, bundled as an application would be
const inWorkerd = async (runtime: string, command: string): Promise<void> => {
  const bundle = await rolldown({
    input: path.join(consumer, "built", "worker.js"),
    platform: "browser",
    resolve: { conditionNames: ["workerd", "worker", "browser", "import", "default"] }
  })
  await bundle.write({ file: path.join(consumer, "worker.mjs"), format: "esm" })
  const port = await freePort()
  fs.writeFileSync(
    path.join(consumer, "worker.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker), (name = "loopback", network = (allow = ["private"]))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.mjs", esModule = embed "worker.mjs")],
  compatibilityDate = "2026-11-01",
  globalOutbound = "loopback"
);
`
  )
  const child = spawn(command, ["serve", "worker.capnp"], { cwd: consumer, stdio: ["ignore", "ignore", "pipe"] })
  let complaints = ""
  child.stderr.on("data", (chunk) => complaints += chunk)
  try {
    for (let attempt = 0; attempt < 100 && child.exitCode === null; attempt++) {
      const answer = await fetch(`http://127.0.0.1:${port}`, { method: "POST", body: JSON.stringify(place) })
        .catch(() => undefined)
      if (answer?.ok === true) return tell(runtime, await answer.json() as ReadonlyArray<Outcome>)
      if (answer !== undefined) return judge(runtime, false, `${await answer.text()}\n${complaints}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    judge(runtime, false, complaints)
  } finally {
    child.kill()
  }
}

const own = process.versions.node
inProcess(`Node ${own}`, process.execPath, [])
if (!short) {
  for (const version of versions.node.filter((version) => version !== own)) {
    const home = tool(`node-${version}`, `node-${process.platform}-${process.arch}@${version}`)
    inProcess(`Node ${version}`, path.join(home, "bin", "node"), [])
  }
  const names = binaries[machine]
  if (names === undefined) {
    skipped += 3
    console.log(`SKIPPED: Bun, Deno and workerd: their packages for ${machine} are not known here`)
  } else {
    inProcess(`Bun ${versions.bun}`, path.join(tool("bun", `${names.bun}@${versions.bun}`), "bin", "bun"), ["run"])
    inProcess(`Deno ${versions.deno}`, path.join(tool("deno", `${names.deno}@${versions.deno}`), "deno"), [
      "run",
      "--allow-all",
      "--node-modules-dir=manual"
    ])
    const workerd = tool("workerd", `${names.workerd}@${versions.workerd}`)
    await inWorkerd(`workerd ${versions.workerd}`, path.join(workerd, "bin", "workerd"))
  }
}
sandbox.kill("SIGTERM")

// The table, where everything was tried.
const begin = "<!-- runtimes -->\n\n"
const end = "\n<!-- /runtimes -->"
const names = [...new Set([...table.values()].flatMap((outcomes) => outcomes.map(({ name }) => name)))]
const runtimes = [...table.keys()]
const cell = (runtime: string, name: string): string => {
  const outcome = table.get(runtime)?.find((outcome) => outcome.name === name)
  return outcome === undefined ? "–" : outcome.works ? "yes" : "no"
}
const rows = [
  ["", ...runtimes],
  ["---", ...runtimes.map(() => "---")],
  ...names.map((name) => [name, ...runtimes.map((runtime) => cell(runtime, name))])
].map((cells) => `| ${cells.join(" | ")} |`).join("\n")
if (!short && fs.existsSync(page)) {
  const text = fs.readFileSync(page, "utf8")
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  const squeezed = (table: string) => table.replaceAll(/ +/g, " ").replaceAll(/-+/g, "-").trim()
  if (write) fs.writeFileSync(page, `${text.slice(0, from + begin.length)}${rows}\n${text.slice(to)}`)
  else {
    judge(
      "docs/runtimes.md",
      squeezed(text.slice(from + begin.length, to)) === squeezed(rows),
      "is out of date: run it with --write, then the formatter"
    )
  }
}

console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exit(failed === 0 ? 0 : 1)
