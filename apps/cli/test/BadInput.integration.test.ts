import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import * as Http from "node:http"
import * as Path from "node:path"
import type { Options } from "./support/commandLine.ts"
import { addressIn, onMachine } from "./support/process.ts"

describe("wrong input", () => {
  describe("on the command line", () => {
    wrong("an unknown command", ["tokn"], 2, /^"tokn": is not a command, did you mean token\?/)
    wrong("an unknown flag", ["token", "--acount", "x"], 2, /^--acount: is not a flag, did you mean --account\?/)
    wrong("a flag without its value", ["token", "--account"], 2, /^--account: has no value/)
    wrong("a value that begins with a dash", ["token", "--client-secret", "-hush"], 2, /^--client-secret: has no value/)
    wrong("a flag that is given twice", ["token", "--account", "a", "--account", "b"], 2, /^--account: is given more/)
    wrong(
      "a value that is no choice",
      ["token", "--kind", "app"],
      2,
      /^--kind: cannot be "app"; it must be web-app, spa, native or s2s/
    )
    wrong(
      "a provider that is not known",
      ["token", "--provider", "dropbax"],
      2,
      /^--provider: cannot be "dropbax"; did you mean dropbox\? effect-oauth providers lists the known ones/
    )
    wrong(
      "a value for a place that is written otherwise",
      ["token", "--provider", "okta", "--client-id", "id", "--variable", "domain"],
      2,
      /^--variable: is written NAME=VALUE/
    )
    wrong(
      "a value for a place that the provider's addresses do not have",
      ["token", "--provider", "slack", "--client-id", "id", "--variable", "domain=x"],
      2,
      /^--variable domain=…: is supplied, and the description has no such variable; remove it/
    )
    wrong(
      "a provider whose clients sign, without a key",
      ["token", "--provider", "apple", "--client-id", "id", "--variable", "teamId=T"],
      2,
      /^--signing-key-file: is missing, and clients of apple sign with a key/
    )
    wrong(
      "a provider that needs an application",
      ["token", "--provider", "shopline", "--client-id", "id", "--variable", "handle=x"],
      2,
      /^--provider: is shopline, which needs a hook \(sends appkey.*; the command line has none, so use the library/
    )
    wrong("an argument too many", ["token", "hush-hush"], 2, /^"hush-hush": is one argument too many/, {
      mayQuote: true
    })
    wrong("a secret after a misspelt flag", ["token", "--client-secrt", "hush"], 2, /^--client-secrt: is not a flag/)
    wrong("a call without an address", ["call", "GET"], 2, /^URL: is missing/)
    wrong("a call by an unknown method", ["call", "FETCH", "/x", ...client], 2, /^METHOD: must be one of GET/)
    wrong("a call to a relative address", ["call", "GET", "v4/me", ...client], 2, /^URL: is not an absolute address/)
    wrong("a call by plain http", ["call", "GET", "http://api.example/", ...client], 2, /^URL: .* in the clear/)
    wrong(
      "a call to a foreign origin",
      ["call", "GET", "https://evil.example/", ...client],
      2,
      /^URL: the token is not/
    )
    wrong("a call with a password", ["call", "GET", "https://u:hush@api.example/", ...client], 2, /^URL: holds a user/)
    wrong("a header that is none", ["call", "GET", "/", "-H", "hush", ...client], 2, /^-H: must be written/)
    wrong(
      "a header of two lines",
      ["call", "GET", "/", "-H", "X-A: hush\r\nX-B: y", ...client],
      2,
      /^-H: must be written/
    )
    wrong(
      "an Authorization header",
      ["call", "GET", "/", "-H", "Authorization: Bearer hush", ...client],
      2,
      /^-H Authorization: is set by effect-oauth/
    )
    wrong(
      "stdin for body and secret",
      ["call", "POST", "/", "-d", "-", ...client, "--client-secret-stdin"],
      2,
      /^--client-secret-stdin: stdin is needed for the body/
    )
    wrong(
      "a parameter that the protocol sends",
      ["login", ...client, "--parameter", "state=hush"],
      2,
      /^--parameter: .*state/
    )
    wrong("a parameter that is none", ["login", ...client, "--parameter", "prompt"], 2, /^--parameter: /)
    wrong("a body from a file that is not there", ["call", "POST", "/", "-d", "@none", ...client], 2, /^--data: .*none/)
    wrong("a port that is none", ["sandbox", "--port", "70000"], 2, /^--port: cannot be "70000"; it must be from 0/)
    wrong("a port that is no number", ["sandbox", "--port", "http"], 2, /^--port: cannot be "http"/)
    wrong("two servers", ["token", ...client, "--description", "x.json"], 2, /^--issuer: cannot be used together/)
    wrong(
      "two secrets",
      ["token", "--client-secret", "hush", "--client-secret-stdin"],
      2,
      /^--client-secret-stdin: cann/
    )
    wrong("no server", ["token"], 2, /^--provider: is missing/)
    wrong("no client", ["token", "--provider", "frameio"], 2, /^--client-id: is missing: give the flag, set EFFECT_OAU/)
    wrong(
      "an endpoint of another provider",
      ["token", "--provider", "frameio", "--client-id", "x", "--token-endpoint", "https://a.example/t"],
      2,
      /^--token-endpoint: is for the provider generic/
    )
    wrong(
      "an issuer that is no address",
      ["token", "--issuer", "example", "--client-id", "x"],
      2,
      /^--issuer: is not an/
    )
    wrong(
      "an issuer by plain http",
      ["token", "--issuer", "http://as.example", "--client-id", "x"],
      2,
      /^--issuer: must begin with https:\/\//
    )
    wrong(
      "a token endpoint by plain http",
      ["token", "--token-endpoint", "http://as.example/t", "--client-id", "x"],
      2,
      /^--token-endpoint: must begin with https:\/\//
    )
    wrong(
      "an API origin with a path",
      ["token", "--token-endpoint", "https://as.example/t", "--client-id", "x", "--api-origin", "https://a.example/v1"],
      2,
      /^--api-origin: must be origins/
    )
    wrong(
      "a test origin elsewhere",
      ["token", "--provider", "frameio", "--client-id", "x", "--test-origin", "http://frame.example"],
      2,
      /^--test-origin: |must begin with https/
    )
    wrong(
      "a secret for a client without one",
      ["token", "--provider", "frameio", "--kind", "spa", "--client-id", "x", "--client-secret", "hush"],
      2,
      /^--client-secret: is given, though/
    )
    wrong(
      "a service without a secret",
      ["token", "--provider", "frameio", "--kind", "s2s", "--client-id", "x"],
      2,
      /^--client-secret-file: is missing/
    )
    wrong(
      "a secret file that is not there",
      ["token", ...client, "--client-secret-file", "/none"],
      2,
      /^--client-secret-file: there is no file \/none/
    )
    wrong(
      "a login to Frame.io V4 without a redirect URI",
      ["login", "--provider", "frameio", "--client-id", "x"],
      2,
      /^--redirect-uri: is missing/
    )
    wrong(
      "a redirect URI by plain http",
      ["login", ...client, "--redirect-uri", "http://a.example/cb"],
      2,
      /^--redirect-uri: must begin with https:\/\//
    )
    wrong("a scope that is none", ["login", ...client, "--scope", "a\"b"], 2, /^--scope: /)
  })

  describe("in the environment and in files", () => {
    wrong("a provider that is not known", ["token"], 2, /^EFFECT_OAUTH_PROVIDER: cannot be "dropbax"; did you/, {
      env: { EFFECT_OAUTH_PROVIDER: "dropbax" }
    })
    wrong("a configuration file that is not there", ["token"], 2, /^EFFECT_OAUTH_CONFIG: there is no file/, {
      env: { EFFECT_OAUTH_CONFIG: "/none.json" }
    })
    wrong("a configuration file that is not JSON", ["token"], 2, /config\.json: is not JSON/, {
      files: { "config/effect-oauth/config.json": "profile = hush" }
    })
    wrong("a member that is not known", ["token"], 2, /^profiles\.a\.client_id in .*: is not known/, {
      files: { "config/effect-oauth/config.json": "{\"profiles\":{\"a\":{\"client_id\":\"hush\"}}}" }
    })
    wrong("a secret in the configuration", ["token"], 2, /^profiles\.a\.clientSecret in .*: does not belong here/, {
      files: { "config/effect-oauth/config.json": "{\"profiles\":{\"a\":{\"clientSecret\":\"hush\"}}}" }
    })
    wrong(
      "a description that is not JSON",
      ["token", "--description", "DIR/d.json", "--client-id", "x"],
      2,
      /is not JSON/,
      {
        files: { "d.json": "hush" }
      }
    )
    wrong(
      "a description with a field that is not known",
      ["token", "--description", "DIR/d.json", "--client-id", "x"],
      2,
      /^tokenendpoint in .*d\.json: is not known|^tokenEndpoint in .*d\.json: is missing/,
      { files: { "d.json": "{\"provider\":\"p\",\"tokenendpoint\":\"hush\"}" } }
    )
    wrong(
      "an empty secret file",
      ["token", ...client, "--client-secret-file", "DIR/s"],
      2,
      /^--client-secret-file: is em/,
      {
        files: { s: "\n" }
      }
    )
    wrong(
      "a secret file of two lines",
      ["token", ...client, "--client-secret-file", "DIR/s"],
      2,
      /more than one line/,
      {
        files: { s: "hush\nhush" }
      }
    )
    wrong(
      "a store in which a file is in the way",
      ["status"],
      2,
      /^--store: its directory cannot be used \(ENOTDIR\)/,
      {
        env: { EFFECT_OAUTH_STORE: "DIR/file/store" },
        files: { file: "" }
      }
    )
    wrong("nothing to paste", ["login", "--paste", ...client], 2, /^The input ended before there was an answer/)
  })

  describe("from the server", () => {
    const answers: ReadonlyArray<readonly [title: string, answer: Answer, exitCode: number, message: RegExp]> = [
      ["an HTML page for metadata", [200, "text/html", "<h1>hush</h1>"], 2, /^--issuer: .*there are none/],
      [
        "metadata of another issuer",
        [200, "application/json", "{\"issuer\":\"https://hush.example\"}"],
        2,
        /another issuer/
      ],
      [
        "metadata without a token endpoint",
        [200, "application/json", "{\"issuer\":\"ISSUER\"}"],
        2,
        /lack token_endpoint/
      ],
      ["no metadata", [404, "text/plain", "hush"], 2, /^--issuer: .*there are none/],
      ["a failure", [500, "text/plain", "hush"], 4, /was asked and failed|not available/],
      ["a request to wait", [429, "text/plain", "hush"], 4, /not available now \(status 429\): run the command again/]
    ]
    for (const [title, answer, exitCode, message] of answers) {
      onMachine(`tells ${title} in one sentence`, function*({ run }) {
        const issuer = yield* serving(answer)

        const ran = yield* run(["token", "--issuer", issuer, "--client-id", "x"])

        told(ran, exitCode, message)
      })
    }

    const tokens: ReadonlyArray<readonly [title: string, answer: Answer, exitCode: number, message: RegExp]> = [
      ["an error about the client", [401, "application/json", "{\"error\":\"invalid_client\"}"], 2, /^--client-id: /],
      ["an error about the scope", [400, "application/json", "{\"error\":\"invalid_scope\"}"], 2, /^--scope: /],
      [
        "an error that moves the cursor",
        [400, "application/json", "{\"error\":\"invalid_request\",\"error_description\":\"\\u001b[2Jbad\\nidea\"}"],
        1,
        /\(the server said: \[2Jbad idea\)$/
      ],
      ["an HTML page for a token", [200, "text/html", "<h1>hush</h1>"], 4, /answered with a page, .*status 200/],
      ["a token that is none", [200, "application/json", "{\"access_token\":42}"], 1, /wrong type of access_token/],
      ["a token of no type", [200, "application/json", "{\"access_token\":\"hush\"}"], 1, /lacks token_type/],
      [
        "a token of a strange type",
        [200, "application/json", "{\"access_token\":\"hush\",\"token_type\":\"mac\"}"],
        1,
        /^token_type: the server issued a token of the type "mac"/
      ],
      ["a redirect", [307, "text/plain", ""], 1, /answered with a redirect/],
      ["a failure", [500, "text/plain", "hush"], 4, /was asked and failed \(status 500\): what there was is kept/]
    ]
    for (const [title, answer, exitCode, message] of tokens) {
      onMachine(`tells ${title} in one sentence, and keeps nothing of it`, function*(machine) {
        const origin = yield* serving(answer)

        const ran = yield* machine.run([
          "token",
          "--kind",
          "s2s",
          "--token-endpoint",
          `${origin}/token`,
          "--client-id",
          "x",
          "--client-secret-stdin"
        ], { stdin: "hush" })

        told(ran, exitCode, message)
        assert.deepStrictEqual(yield* grantsIn(machine.directory), [])
      })
    }

    onMachine("tells a server that takes no connections", function*({ run }) {
      const origin = yield* Effect.scoped(serving([200, "text/plain", ""]))

      const ran = yield* run(["token", "--kind", "s2s", "--token-endpoint", `${origin}/t`, ...own], { stdin: "hush" })

      told(ran, 4, /^http:\/\/127\.0\.0\.1:\d+: does not take connections/)
    })

    onMachine("tells a server whose name is not known", function*({ run }) {
      const ran = yield* run(["token", "--kind", "s2s", "--token-endpoint", "https://nowhere.invalid/t", ...own], {
        stdin: "hush"
      })

      told(ran, 4, /^https:\/\/nowhere\.invalid: its name cannot be found/)
    })
  })

  describe("from the browser", () => {
    const callbacks: ReadonlyArray<
      readonly [title: string, change: (answer: URL) => string, exitCode: number, message: RegExp]
    > = [
      [
        "an address without its end",
        (answer) => `${answer.origin}${answer.pathname}?code=hush`,
        2,
        /its end is missing/
      ],
      ["another address", () => "https://elsewhere.example/?code=hush&state=x", 2, /this is another address/],
      ["the answer to another login", (answer) => changed(answer, "state", "other"), 2, /to another login/],
      ["nothing", () => "", 2, /nothing was pasted/],
      [
        "a code that is not the server's",
        (answer) => changed(answer, "code", "hush"),
        1,
        /does not accept the login's code/
      ],
      ["two codes", (answer) => `${answer.href}&code=hush`, 1, /^code: is there more than once/],
      ["another issuer", (answer) => changed(answer, "iss", "https://hush.example"), 1, /^iss: .*another authorization/]
    ]
    for (const [title, change, exitCode, message] of callbacks) {
      onMachine(`tells ${title} in one sentence, and what it had stays`, function*(machine) {
        const { client, loggedIn, run, sandbox } = machine
        yield* loggedIn("oidc-public")
        const before = yield* grantsIn(machine.directory)

        const ran = yield* run(["login", "--paste", ...yield* client("oidc-public")], {
          types: (said) =>
            Effect.map(Effect.orDie(sandbox.approve(addressIn(said))), (answer) => change(new URL(answer)))
        })

        told(ran, exitCode, message)
        assert.deepStrictEqual(yield* grantsIn(machine.directory), before)
      })
    }
  })
})

type Answer = readonly [status: number, type: string, body: string]

const client = ["--issuer", "ISSUER", "--client-id", "sandbox-oidc-public", "--api-origin", "https://api.example"]

const own = ["--client-id", "x", "--client-secret-stdin"]

function wrong(
  title: string,
  args: ReadonlyArray<string>,
  exitCode: number,
  message: RegExp,
  options: Options & { readonly files?: Readonly<Record<string, string>>; readonly mayQuote?: boolean } = {}
): void {
  onMachine(`tells ${title} in one sentence`, function*(machine) {
    const { directory, run, sandbox } = machine
    const here = (text: string) => text.replace("ISSUER", sandbox.endpoints.oidc.issuer).replace("DIR", directory)
    for (const [name, text] of Object.entries(options.files ?? {})) yield* write(Path.join(directory, name), text)

    const ran = yield* run(args.map(here), {
      stdin: options.stdin ?? "",
      env: Object.fromEntries(Object.entries(options.env ?? {}).map(([name, value]) => [name, here(value)]))
    })

    told(ran, exitCode, message, options.mayQuote)
  })
}

const told = (
  { exitCode, stderr, stdout }: { readonly exitCode: number; readonly stderr: string; readonly stdout: string },
  expected: number,
  message: RegExp,
  mayQuote = false
): void => {
  const lines = stderr.trimEnd().split("\n").filter((line) => line.startsWith("error: "))
  assert.strictEqual(exitCode, expected, stderr)
  assert.strictEqual(stdout, "")
  assert.strictEqual(lines.length, 1, stderr)
  assert.match((lines[0] ?? "").slice("error: ".length), message)
  assert.notMatch(stderr, /\n\s+at |\[object|undefined/)
  if (!mayQuote) assert.notInclude(stderr, "hush")
}

const changed = (answer: URL, name: string, value: string): string => {
  const url = new URL(answer)
  url.searchParams.set(name, value)
  return url.href
}

// a server with one answer to everything
const serving = ([status, type, body]: Answer) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<Http.Server>((resume) => {
        const server = Http.createServer((request, response) => {
          response.writeHead(status, { "content-type": type, location: "/elsewhere", connection: "close" })
          response.end(body.replace("ISSUER", `http://${request.headers.host}`))
        })
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.sync(() => server.close())
    ),
    (server) => {
      const address = server.address()
      return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
    }
  )

const write = (path: string, text: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    yield* fs.makeDirectory(Path.dirname(path), { recursive: true })
    yield* fs.writeFileString(path, text)
  }).pipe(Effect.orDie, Effect.provide(NodeFileSystem.layer))

const grantsIn = (directory: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const folder = Path.join(directory, "data", "effect-oauth", "grants")
    const names = yield* Effect.orElseSucceed(fs.readDirectory(folder), () => [])
    return yield* Effect.forEach(
      names.filter((name) => name.endsWith(".json")).sort(),
      (name) => fs.readFileString(Path.join(folder, name))
    )
  })
