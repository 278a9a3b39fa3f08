/** Runs every command of the command line, each in a process of its own, against a server that hands out canaries. */
import { Effect } from "effect"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as Server from "../HostileServer.ts"
import type { Driven } from "./Drive.ts"
import type { Said } from "./Search.ts"
import * as Secrets from "./Secrets.ts"

const root = path.resolve(import.meta.dirname, "../../..")
const bin = path.join(root, "apps/cli/src/bin.ts")
const preload = path.join(import.meta.dirname, "preload.ts")

/** Drives every command once. */
export const drive: Effect.Effect<Driven> = Effect.gen(function*() {
  const said: Array<Said> = []
  const secrets: Secrets.Secrets = {
    "client secret": Secrets.fresh(),
    code: Secrets.fresh(),
    "device code": Secrets.fresh()
  }
  const issue = (name: string): string => secrets[`${name} ${Object.keys(secrets).length}`] = Secrets.fresh()
  let mode: "well" | "quoting" = "well"

  const server = yield* Server.listen((request, _, origin) => {
    const verifier = request.form.get("code_verifier")
    if (verifier !== null) secrets[`verifier ${Object.keys(secrets).length}`] = verifier
    if (request.target.startsWith("/.well-known/")) {
      return Server.json({
        issuer: origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        revocation_endpoint: `${origin}/revoke`,
        introspection_endpoint: `${origin}/introspect`,
        device_authorization_endpoint: `${origin}/device`,
        code_challenge_methods_supported: ["S256"]
      })
    }
    const quoted = `${request.body} ${request.headers["authorization"]}`
    if (mode === "quoting") {
      return Server.json({ error: "invalid_request", error_description: quoted }, {
        status: 400,
        headers: { "www-authenticate": `Bearer error="invalid_token", error_description="${quoted}"` }
      })
    }
    switch (request.target.split("?", 1)[0]) {
      case "/device":
        return Server.json({
          device_code: secrets["device code"],
          user_code: "ABCD-EFGH",
          verification_uri: `${origin}/go`,
          expires_in: 60,
          interval: 1
        })
      case "/introspect":
        return Server.json({ active: true, scope: "read", sub: "user-1" })
      case "/revoke":
        return Server.answer(200, {})
      case "/token":
        return Server.tokens({
          access_token: issue("access token"),
          refresh_token: issue("refresh token"),
          expires_in: 3600
        })
      default:
        // an API that sends back what it got, where the person asked for it
        return Server.json({ ok: true }, { headers: { "x-echo": request.headers["authorization"] ?? "" } })
    }
  })

  const home = yield* Effect.acquireRelease(
    Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "canary-home-"))),
    (home) => Effect.sync(() => fs.rmSync(home, { recursive: true, force: true }))
  )
  // what a command makes up by itself: verifiers, states, the tokens of its own server
  const made = yield* Effect.acquireRelease(
    Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "canary-made-"))),
    (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
  )
  const secretFile = path.join(home, "secret")
  fs.writeFileSync(secretFile, secrets["client secret"] ?? "", { mode: 0o600 })
  const encryptionKey = secrets["encryption key"] = Buffer.from(Secrets.fresh(64).slice(0, 32)).toString("base64")
  const keyring = path.join(home, "keyring.json")
  fs.writeFileSync(keyring, JSON.stringify({ current: "k", keys: { k: encryptionKey } }), { mode: 0o600 })

  const run = (
    place: string,
    args: ReadonlyArray<string>,
    answer?: (stderr: string) => Promise<void>,
    // how it is ended, once it has said that it is ready
    signal?: NodeJS.Signals
  ): Effect.Effect<number> =>
    Effect.callback((resume) => {
      const child = spawn(process.execPath, ["--trace-uncaught", bin, ...args], {
        cwd: home,
        env: {
          PATH: process.env["PATH"],
          HOME: home,
          XDG_CONFIG_HOME: path.join(home, "config"),
          XDG_DATA_HOME: path.join(home, "data"),
          XDG_CACHE_HOME: path.join(home, "cache"),
          NODE_COMPILE_CACHE: path.join(root, "node_modules/.cache/compile"),
          NODE_OPTIONS: `--import=${preload}`,
          CANARIES: made,
          BROWSER: "none",
          LOG_LEVEL: "All",
          NO_COLOR: "1"
        }
      })
      let [stdout, stderr, answered] = ["", "", false]
      child.stdin.on("error", () => {})
      if (answer === undefined) child.stdin.end()
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        stdout += text
        if (signal !== undefined && /https?:\/\//.test(stdout)) setTimeout(() => child.kill(signal), 500)
      })
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        stderr += text
        if (answer === undefined || answered || !/https?:\/\/\S+\s/.test(stderr)) return
        answered = true
        void answer(stderr).finally(() => child.stdin.end())
      })
      child.on("close", (code) => {
        said.push({ place: `${place}: stdout`, text: stdout }, { place: `${place}: stderr`, text: stderr })
        resume(Effect.succeed(code ?? -1))
      })
    })

  const approve = async (stderr: string): Promise<void> => {
    const [address = ""] = /http:\/\/\S+\/authorize\?[^\s"]+/.exec(stderr) ?? []
    const asked = new URL(address.replaceAll("\\u0026", "&"))
    const state = secrets[`state ${Object.keys(secrets).length}`] = asked.searchParams.get("state") ?? "none"
    secrets[`nonce ${Object.keys(secrets).length}`] = asked.searchParams.get("nonce") ?? "none that was made"
    const back = new URL(asked.searchParams.get("redirect_uri") ?? "")
    back.search = new URLSearchParams({ code: secrets["code"] ?? "", state }).toString()
    const page = await fetch(back, { redirect: "manual" })
    said.push({ place: "login: the last page", text: `${await page.text()}${JSON.stringify([...page.headers])}` })
  }

  const grant = [
    "--issuer",
    server.origin,
    "--client-id",
    "app",
    "--client-secret-file",
    secretFile,
    "--redirect-uri",
    "http://127.0.0.1/callback",
    "--scope",
    "read",
    "--api-origin",
    server.origin,
    "--keyring",
    keyring
  ]
  const passphraseFile = path.join(home, "passphrase")
  fs.writeFileSync(passphraseFile, secrets["passphrase"] = Secrets.fresh(), { mode: 0o600 })
  const bundle = path.join(home, "bundle")
  const commands: ReadonlyArray<
    readonly [string, ReadonlyArray<string>, (typeof approve | undefined)?, NodeJS.Signals?]
  > = [
    ["doctor", ["doctor", ...grant]],
    ["login", ["login", "--no-browser", "--save", "work", ...grant], approve],
    ["login --json", ["login", "--no-browser", "--json", ...grant], approve],
    ["token", ["token", ...grant]],
    ["token --json", ["token", "--json", ...grant]],
    ["call", ["call", "GET", `${server.origin}/things`, ...grant]],
    ["call -i -v", ["call", "GET", `${server.origin}/things`, "-v", ...grant]],
    ["call --json", ["call", "GET", `${server.origin}/things`, "-v", "--json", ...grant]],
    ["call elsewhere", ["call", "GET", "https://evil.example/", ...grant]],
    ["refresh", ["refresh", ...grant]],
    ["refresh --json", ["refresh", "--json", ...grant]],
    ["introspect", ["introspect", ...grant]],
    ["introspect --json", ["introspect", "--json", ...grant]],
    ["status", ["status", ...grant]],
    ["status --json", ["status", "--json", ...grant]],
    ["grants list", ["grants", "list", ...grant]],
    ["grants list --json", ["grants", "list", "--json", ...grant]],
    ["grants history", ["grants", "history", ...grant]],
    ["grants history --json", ["grants", "history", "--json", ...grant]],
    ["grants export", ["grants", "export", bundle, "--keep", "--passphrase-file", passphraseFile, ...grant]],
    ["grants export --json", [
      "grants",
      "export",
      `${bundle}.2`,
      "--keep",
      "--json",
      "--passphrase-file",
      passphraseFile,
      ...grant
    ]],
    ["grants import by the wrong passphrase", ["grants", "import", bundle, "--passphrase-file", secretFile, ...grant]],
    ["grants import", ["grants", "import", bundle, "--passphrase-file", passphraseFile, ...grant]],
    ["grants restore", ["grants", "restore", ...grant]],
    ["grants reencrypt", ["grants", "reencrypt", ...grant]],
    ["grants move", ["grants", "move", "--to", path.join(home, "elsewhere"), ...grant]],
    ["grants set-aside", ["grants", "set-aside", ...grant]],
    ["request", ["request", "client-credentials", ...grant]],
    ["request --json", ["request", "client-credentials", "--json", ...grant]],
    ["sandbox", ["sandbox"], undefined, "SIGINT"],
    ["sandbox --json", ["sandbox", "--json"], undefined, "SIGINT"],
    ["providers", ["providers"]],
    ["providers --json", ["providers", "--json"]],
    ["doctor --json", ["doctor", "--json", ...grant]],
    ["a secret on the command line", ["token", "--nonsense", "--client-secret", secrets["client secret"] ?? ""]],
    ["a secret in the wrong place", [
      "token",
      "--client-id",
      "app",
      "--client-secret",
      secrets["client secret"] ?? "",
      secrets["client secret"] ?? ""
    ]]
  ]
  const failing: ReadonlyArray<readonly [string, ReadonlyArray<string>, typeof approve?]> = [
    ["refresh that fails", ["refresh", ...grant]],
    ["refresh --json that fails", ["refresh", "--json", ...grant]],
    ["call that fails", ["call", "GET", `${server.origin}/things`, "-v", ...grant]],
    ["introspect that fails", ["introspect", ...grant]],
    ["login that fails", ["login", "--no-browser", ...grant], approve],
    ["login by code that fails", ["login", "--device", ...grant]],
    ["doctor that fails", ["doctor", ...grant]],
    ["revoke that fails", ["revoke", ...grant]],
    ["logout that fails", ["logout", ...grant]],
    ["logout --json that fails", ["logout", "--json", ...grant]]
  ]
  const last: typeof failing = [
    ["login again", ["login", "--no-browser", ...grant], approve],
    ["login by code", ["login", "--device", ...grant]],
    ["revoke", ["revoke", ...grant]],
    ["logout", ["logout", ...grant]],
    ["grants delete", ["grants", "delete", "--yes", ...grant]],
    ["demo", ["demo"]],
    ["demo --json", ["demo", "--json"]]
  ]
  for (const [place, args, answer, signal] of commands) yield* run(place, args, answer, signal)
  // what is kept is kept sealed, and the settings hold no secret
  for (const file of filesIn(home)) {
    if (![secretFile, keyring, passphraseFile].includes(file)) {
      said.push({
        place: `file ${path.relative(home, file).replace(/[0-9a-f-]{20,}/g, "…")}`,
        text: fs.readFileSync(file, "latin1")
      })
    }
  }
  mode = "quoting"
  for (const [place, args, answer] of failing) yield* run(place, args, answer)
  mode = "well"
  for (const [place, args, answer] of last) yield* run(place, args, answer)
  for (const secret of new Set(filesIn(made).flatMap((file) => fs.readFileSync(file, "utf8").trim().split("\n")))) {
    // most of them have a name already
    if (!Object.values(secrets).some((named) => named.includes(secret))) {
      secrets[`made on the way ${Object.keys(secrets).length}`] = secret
    }
  }
  return { said, secrets }
}).pipe(Effect.scoped)

const filesIn = (folder: string): ReadonlyArray<string> =>
  fs.readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
