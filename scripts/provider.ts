// Makes the package of a provider, which passes its contract from the first minute:
//
//   npm run provider:new NAME
//
// NAME is the provider's usual name in lower case, as in `acme` or `acme-cloud`. What is still to be told of the server
// stands in its `src`, and what its documentation shows in its `test`.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"

const root = path.resolve(import.meta.dirname, "..")
const [name = ""] = process.argv.slice(2)
const folder = path.join(root, "packages", name)

if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
  console.error("Usage: npm run provider:new NAME, where NAME is lower-case letters, digits and hyphens: acme-cloud")
  process.exit(2)
}
if (fs.existsSync(folder)) {
  console.error(`There is a package packages/${name} already; choose another name, or change that one.`)
  process.exit(2)
}

const module = name.split("-").map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("")
const host = `${name}.example`

const manifest = {
  name: `@effect-oauth/${name}`,
  version: "0.0.0",
  private: true,
  description: `${module} for effect-oauth`,
  license: "MIT",
  sideEffects: [],
  type: "module",
  exports: {
    "./package.json": "./package.json",
    ".": "./src/index.ts",
    "./*": "./src/*.ts",
    "./internal/*": null,
    "./index": null,
    "./*/index": null
  },
  files: ["src", "dist", "!**/*.tsbuildinfo"],
  dependencies: { "@effect-oauth/core": "workspace:^" },
  devDependencies: { "@effect/vitest": "catalog:", effect: "catalog:", vitest: "catalog:" },
  peerDependencies: { effect: "^4.1.0" },
  publishConfig: {
    access: "public",
    provenance: true,
    exports: {
      "./package.json": "./package.json",
      ".": "./dist/index.js",
      "./*": "./dist/*.js",
      "./internal/*": null,
      "./index": null,
      "./*/index": null
    }
  }
}

const source = `/**
 * ${module}.
 *
 * @since 0.1.0
 */
import * as AuthorizationServer from "@effect-oauth/core/AuthorizationServer"
import * as ClientAuthentication from "@effect-oauth/core/ClientAuthentication"
import * as Configuration from "@effect-oauth/core/Configuration"
import type * as OAuthClient from "@effect-oauth/core/OAuthClient"
import type * as OAuthError from "@effect-oauth/core/OAuthError"
import * as Layer from "effect/Layer"

/**
 * How the client is registered with ${module}.
 *
 * @category options
 * @since 0.1.0
 */
export type Options = ClientAuthentication.SecretOptions

/**
 * The server.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerAuthorizationServer: Layer.Layer<AuthorizationServer.AuthorizationServer, OAuthError.OAuthError> =
  AuthorizationServer.layer(AuthorizationServer.make({
    provider: "${name}",
    authorizationEndpoint: "https://${host}/authorize",
    tokenEndpoint: "https://${host}/token",
    revocationEndpoint: "https://${host}/revoke",
    apiOrigins: ["https://api.${host}"]
  }))

/**
 * The client's authentication.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerClientAuthentication = (
  options: Options
): Layer.Layer<ClientAuthentication.ClientAuthentication, OAuthError.OAuthError> =>
  ClientAuthentication.layerBasic(options)

/**
 * The server and the client's authentication.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): OAuthClient.Provider =>
  Layer.merge(layerAuthorizationServer, layerClientAuthentication(options))

/**
 * The server and the client's authentication, where each option is a value or a
 * \`Config\`. What is missing or wrong is named by its variable.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (options: Configuration.Options<Options>): OAuthClient.Provider =>
  Configuration.layer(options, layer)
`

const test = `import { ProviderContract, RecordedExchange } from "@effect-oauth/core/testing"
import { ${module} } from "@effect-oauth/${name}"
import { describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"

describe("${module}", () => {
  for (const law of [...ProviderContract.cases, ...RecordedExchange.cases(recording())]) {
    it.effect(law.name, () => Effect.provide(law.run, ${module}.layer(client)))
  }
})

const client = { clientId: "app", clientSecret: Redacted.make("s-3cr3t") }

/** The exchanges as the documentation shows them. */
function recording(): RecordedExchange.Recording {
  const headers = { authorization: \`Basic \${btoa("app:s-3cr3t")}\` }
  return {
    scopes: ["read"],
    authorization: { client_id: "app", scope: "read", code_challenge_method: "S256" },
    callback: { code: "c-1" },
    login: [{
      request: {
        url: "https://${host}/token",
        headers,
        parameters: {
          grant_type: "authorization_code",
          code: "c-1",
          redirect_uri: "https://client.test/callback",
          code_verifier: "~"
        }
      },
      answer: { body: { access_token: "a-1", token_type: "Bearer", expires_in: 3600, refresh_token: "r-1" } }
    }],
    gives: { token: "a-1", renewable: true, expiresIn: 3600, scopes: ["read"] },
    refresh: {
      request: {
        url: "https://${host}/token",
        headers,
        parameters: { grant_type: "refresh_token", refresh_token: "r-1" }
      },
      answer: { body: { access_token: "a-2", token_type: "Bearer", expires_in: 3600, refresh_token: "r-2" } },
      gives: { token: "a-2", renewable: true, expiresIn: 3600 }
    },
    refused: { status: 400, body: { error: "invalid_grant" } },
    revocation: {
      request: { url: "https://${host}/revoke", parameters: { token: "r-1", token_type_hint: "refresh_token" } },
      answer: { body: {} }
    }
  }
}
`

const readme = `# @effect-oauth/${name}

${module} for [\`@effect-oauth/core\`](../core/README.md).
`

const write = (file: string, text: string): void => {
  const full = path.join(root, file)
  fs.mkdirSync(path.dirname(full), { recursive: true })
  fs.writeFileSync(full, text)
  console.log(`wrote ${file}`)
}

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`

/** Adds a line after the one of another package, where packages are listed one below the other. */
const enlist = (file: string, line: (name: string) => string): void => {
  const full = path.join(root, file)
  const text = fs.readFileSync(full, "utf8")
  fs.writeFileSync(full, text.replace(line("frameio"), `${line("frameio")}\n${line(name)}`))
  console.log(`wrote ${file}`)
}

const run = (program: string, ...args: ReadonlyArray<string>): void => {
  const { error, status, stdout } = spawnSync(program, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"]
  })
  if (status !== 0) {
    console.error(
      `${stdout ?? ""}${program} ${args.join(" ")} failed${error === undefined ? "" : `: ${error.message}`}`
    )
    process.exit(1)
  }
}

write(`packages/${name}/package.json`, json(manifest))
write(
  `packages/${name}/tsconfig.json`,
  json({
    extends: "../../tsconfig.base.json",
    include: ["src"],
    references: [{ path: "../core" }],
    compilerOptions: { rootDir: "src", outDir: "dist" }
  })
)
write(`packages/${name}/src/${module}.ts`, source)
write(`packages/${name}/test/${module}.test.ts`, test)
write(`packages/${name}/README.md`, readme)
write(`packages/${name}/LICENSE`, fs.readFileSync(path.join(root, "LICENSE"), "utf8"))
enlist("tsconfig.json", (name) => `    { "path": "packages/${name}" },`)
enlist("tsconfig.tests.json", (name) => `    { "path": "packages/${name}" },`)
enlist(".changeset/config.json", (name) => `      "@effect-oauth/${name}",`)
enlist("package.json", (name) => `    "@effect-oauth/${name}": "workspace:^",`)
run("node", "scripts/barrels.ts")
run("dprint", "fmt")
run("pnpm", "install", "--no-frozen-lockfile")
run("tsc", "-b")

console.log(`
Now tell what is so: the addresses in packages/${name}/src/${module}.ts, and what its documentation shows in
packages/${name}/test/${module}.test.ts. Then: node scripts/setup.mjs vitest run --project ${name}`)
