/**
 * The house plan: which storey of core a module stands on, and who may import whom.
 *
 * The rules are data; `violations` reads the imports of the files it is given and names every one that the plan does
 * not allow. The second half of this file hands it small houses that break one rule each.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"

/** Core's storeys, from the ground up. A module imports its own storey and lower ones. */
const storeys: ReadonlyArray<{ readonly name: string; readonly modules: ReadonlyArray<string> }> = [
  {
    name: "vocabulary",
    modules: [
      "AuthorizationDetails",
      "Configuration",
      "Grant",
      "GrantEvent",
      "GrantHistory",
      "GrantKey",
      "GrantSchema",
      "Identity",
      "OAuthError",
      "PlatformDigest",
      "RemoteText",
      "Scopes",
      "Target",
      "TokenSet"
    ]
  },
  {
    name: "wire",
    modules: [
      "AuthorizationRequest",
      "AuthorizationResponse",
      "Challenge",
      "ClientAuthentication",
      "ClientCertificate",
      "ClientMetadata",
      "Dpop",
      "DpopKey",
      "DpopProof",
      "EndpointRequest",
      "ExchangeLimits",
      "EndSession",
      "InitiatedLogin",
      "OpenIdRequest",
      "PasswordGrant",
      "Pkce",
      "RetryAfter",
      "TokenRequest",
      "TokenResponse"
    ]
  },
  {
    name: "plug",
    modules: ["AuthorizationServer", "Dialect", "JwtVerifier", "MetadataVerifier", "RequestSigner", "RotationPolicy"]
  },
  {
    name: "exchange",
    modules: [
      "ClientRegistration",
      "BackchannelAuthentication",
      "DeviceAuthorization",
      "Introspection",
      "MutualTls",
      "OAuthHttpClient",
      "ProtectedResource",
      "PushedAuthorization",
      "Revocation",
      "ServerMetadata",
      "TokenEndpoint"
    ]
  },
  {
    name: "custody",
    modules: [
      "EncryptedPendingAuthorizations",
      "EncryptedTokenStore",
      "Escrow",
      "GrantMove",
      "Keyring",
      "PendingAuthorizations",
      "RedisPendingAuthorizations",
      "RedisTokenStore",
      "RegistrationStore",
      "RequestReferences",
      "SqlPendingAuthorizations",
      "SqlRegistrationStore",
      "SqlTokenStore",
      "TokenStore"
    ]
  },
  {
    name: "service",
    modules: [
      "GrantAdministration",
      "GrantKeeper",
      "GrantTelemetry",
      "RefreshPolicy",
      "RegisteredClient",
      "TokenService"
    ]
  },
  {
    name: "edge",
    modules: [
      "AssertionGrant",
      "AuthorizedHttpClient",
      "BackchannelLogin",
      "BackchannelNotifications",
      "ClientCredentials",
      "Login",
      "OAuthClient",
      "TokenExchange",
      "TokenSource",
      "UserInfo"
    ]
  }
]

/** What an internal module may import by value: the vocabulary and the wire. Of the others it may know the types. */
const internalStoreys = 2

const effectModule = /^effect\/([a-z][a-z-]*\/)*[A-Z]\w*$/
const coreModule = /^@effect-oauth\/core\/(jose\/)?[A-Z]\w*$/
const ourBarrel = /^@effect-oauth\/[a-z][a-z0-9-]*(\/jose)?$/

/**
 * Who may import whom. Relative imports are seen as paths from the root of the repository. The first room whose `files`
 * match is the file's room.
 */
const rooms: ReadonlyArray<{
  readonly files: RegExp
  readonly may: ReadonlyArray<RegExp>
}> = [
  {
    files: /^packages\/[^/]+\/src\/(jose\/)?(testing\/)?index\.ts$/,
    may: [/^packages\/[^/]+\/src\/(jose\/)?(testing\/)?[A-Z]\w*\.ts$/]
  },
  {
    files: /^packages\/core\/src\/jose\/testing\//,
    may: [effectModule, /^jose$/, /^packages\/core\/src\/(.+\/)?(?!index\.)\w+\.ts$/]
  },
  {
    // above all storeys: nothing else of core knows of it, so that only who wants JOSE pays for it
    files: /^packages\/core\/src\/jose\//,
    may: [
      effectModule,
      /^jose$/,
      /^packages\/core\/src\/(jose\/)?([A-Z]|internal\/[a-z])\w*\.ts$/
    ]
  },
  {
    files: /^packages\/core\/src\/testing\//,
    may: [effectModule, /^packages\/core\/src\/(?!jose\/)(.+\/)?(?!index\.)\w+\.ts$/]
  },
  {
    files: /^packages\/core\/src\//,
    may: [effectModule, /^packages\/core\/src\/[A-Z]\w*\.ts$/, /^packages\/core\/src\/internal\/[a-z]\w*\.ts$/]
  },
  {
    files: /^packages\/catalogue\/src\//,
    may: [/^@effect-oauth\/generic-rfc6749\/[A-Z]\w*$/]
  },
  {
    files: /^packages\/node\/src\//,
    may: [
      effectModule,
      coreModule,
      /^node:/,
      /^@effect\/platform-node\/[A-Z]\w*$/,
      /^packages\/node\/src\/(internal\/[a-z]|[A-Z])\w*\.ts$/
    ]
  },
  {
    files: /^packages\/postgres\/src\//,
    may: [
      effectModule,
      coreModule,
      /^@effect\/sql-pg\/[A-Z]\w*$/,
      /^packages\/postgres\/src\/(internal\/[a-z]|[A-Z])\w*\.ts$/
    ]
  },
  {
    files: /^packages\/web\/src\//,
    may: [effectModule, coreModule, /^packages\/web\/src\/(internal\/[a-z]|[A-Z])\w*\.ts$/]
  },
  {
    // every other package is a provider's
    files: /^packages\/[^/]+\/src\//,
    may: [
      effectModule,
      coreModule,
      /^packages\/[^/]+\/src\/(internal\/[a-z]|[A-Z])\w*\.ts$/
    ]
  },
  {
    files: /^apps\/cli\/src\//,
    may: [
      ourBarrel,
      coreModule,
      // it needs a peer of its own, so no barrel has it
      /^@effect-oauth\/node\/UndiciClientCertificate$/,
      /^apps\/cli\/src\//,
      /^(?!@effect-oauth\/|packages\/|apps\/)/
    ]
  },
  {
    files: /^apps\/web\/src\//,
    may: [
      ourBarrel,
      coreModule,
      // what it is tried with
      /^@effect-oauth\/cli\/sandbox\/[A-Z]\w*$/,
      /^apps\/web\/src\//,
      /^(?!@effect-oauth\/|packages\/|apps\/)/
    ]
  },
  {
    files: /^chaos\//,
    may: [
      ourBarrel,
      // how a real server is started
      /^packages\/(core|postgres)\/test\/support\/(Redis|Postgres)Server\.ts$/,
      /^chaos\//,
      /^(?!@effect-oauth\/|packages\/|apps\/)/
    ]
  },
  { files: /^runtimes\//, may: [ourBarrel, /^runtimes\//, /^(?!@effect-oauth\/|packages\/|apps\/)/] },
  {
    files: /^hostile\//,
    may: [
      // what reads the bytes of strangers is called here by its public name, and the command line as a whole
      /^@effect-oauth\/[a-z][a-z0-9-]*(\/jose)?(\/testing)?(\/[A-Z]\w*)?$/,
      /^hostile\//,
      /^(?!@effect-oauth\/|packages\/|apps\/)/
    ]
  },
  {
    // what people copy: packages by their public names, and a real server to try it with
    files: /^examples\//,
    may: [
      ourBarrel,
      coreModule,
      /^@effect-oauth\/core\/testing$/,
      /^@effect-oauth\/cli\/sandbox\/[A-Z]\w*$/,
      /^packages\/(browser|postgres)\/test\/support\/(chromium|PostgresServer)\.ts$/,
      /^examples\/[^/]+\/\w+\.ts$/,
      /^(?!@effect-oauth\/|packages\/|apps\/|examples\/)/
    ]
  },
  { files: /^packages\/[^/]+\/test\/(internal|model)\//, may: [/^(?!apps\/|@effect-oauth\/cli)/] },
  {
    files: /^packages\/[^/]+\/(test|typetest)\//,
    may: [
      /^@effect-oauth\/(?!cli\b)[a-z][a-z0-9-]*(\/jose)?(\/testing)?(\/[A-Z]\w*)?$/,
      /^@effect-oauth\/catalogue\//,
      /^packages\/[^/]+\/(test|typetest)\//,
      /^(?!@effect-oauth\/|packages\/|apps\/|test\/|scripts\/|benchmarks\/|conformance\/)/
    ]
  }
]

/** Words that no production file says. */
const unspoken: ReadonlyArray<RegExp> = [
  /\bas any\b/,
  /\bas unknown as\b/,
  /@ts-(ignore|expect-error|nocheck)/,
  /\b(TODO|FIXME|XXX)\b/
]

describe("HousePlan", () => {
  it("gives no module two storeys", () => {
    const placed = storeys.flatMap((storey) => storey.modules)

    assert.deepStrictEqual(placed.filter((name, index) => placed.indexOf(name) !== index), [])
  })

  it("names no module that is not there", () => {
    const files = house()
    const missing = storeys.flatMap((storey) => storey.modules)
      .filter((name) => files[`packages/core/src/${name}.ts`] === undefined)

    assert.deepStrictEqual(missing, [])
  })

  it("is kept by every file", () => {
    assert.deepStrictEqual(violations(house()), [])
  })

  it("leaves X.509 to Node, and the chains of servers too [8705-7.5-a] [8705-7.5-b]", () => {
    const production = Object.entries(house()).filter(([file]) => inSource.test(file))
    const reading = production.filter(([, source]) => /\bX509Certificate\b/.test(source)).map(([file]) => file)
    const judging = production.filter(([, source]) =>
      /\b(checkIssued|checkServerIdentity|rejectUnauthorized|getPeerCertificate|x509)\b/.test(source)
    )

    assert.deepStrictEqual(reading, ["packages/node/src/UndiciClientCertificate.ts"])
    assert.deepStrictEqual(judging.map(([file]) => file), [])
  })

  it("loads jose with nothing but what needs it", () => {
    const files = house()
    const [core, jose] = ["packages/core/src/index.ts", "packages/core/src/jose/index.ts"].map((barrel) =>
      [...loadedWith(files, barrel)].filter((file) => file === "jose" || file.startsWith("packages/core/src/jose/"))
    )

    assert.deepStrictEqual(core, [])
    assert.isTrue(jose?.includes("jose"))
  })

  it("loads no schema, login, proof or other store with tokens and their renewal", () => {
    const files = house()
    const entries = [
      "ClientCredentials",
      "OAuthHttpClient",
      "TokenEndpoint",
      "TokenService",
      "TokenSource",
      "TokenStore"
    ]
    const loaded = new Set(entries.flatMap((name) => [...loadedWith(files, `packages/core/src/${name}.ts`)]))
    const apart = [
      /\/(Authorization(Request|Response)|Configuration|Dpop|DpopKey|GrantKeeper|GrantSchema|Login|OpenIdRequest|Pkce)\.ts$/,
      /\/\w+(TokenStore|PendingAuthorizations)\.ts$/,
      /\/jose\//,
      /^effect\/(Schema|Config|ConfigProvider)$/
    ]

    assert.isTrue(loaded.has("packages/core/src/internal/transaction.ts"))
    assert.deepStrictEqual([...loaded].filter((file) => apart.some((pattern) => pattern.test(file))), [])
  })

  describe("is told by every module of the wire, the plug, the exchanges and the edge:", () => {
    for (const { modules, name } of storeys) {
      if (!["wire", "plug", "exchange", "edge"].includes(name)) continue
      for (const module of modules) {
        it(`${module} names what it implements`, () => {
          const header = /^\/\*\*[\s\S]*?\*\//.exec(house()[`packages/core/src/${module}.ts`] ?? "")?.[0] ?? ""

          assert.match(header.replaceAll(/\s*\n \* ?/g, " "), /\bRFC \d{4,5}\b|\bOpenID Connect [A-Z]/)
        })
      }
    }
  })

  it("is kept by every manifest", () => {
    for (const name of fs.readdirSync(path.join(root, "packages")).filter((name) => name !== "catalogue")) {
      const manifest = JSON.parse(fs.readFileSync(path.join(root, "packages", name, "package.json"), "utf8"))
      const own = Object.keys(manifest.dependencies ?? {}).filter((dependency) =>
        dependency.startsWith("@effect-oauth/")
      )

      assert.deepStrictEqual(own, name === "core" ? [] : ["@effect-oauth/core"], `${name}: dependencies on our own`)
      assert.strictEqual(manifest.dependencies?.effect, undefined, `${name}: effect is a peer, not a dependency`)
      assert.deepStrictEqual(
        Object.keys(manifest.dependencies ?? {}).filter((dependency) => dependency === "jose"),
        name === "core" ? ["jose"] : [],
        `${name}: jose is core's`
      )
      assert.strictEqual(manifest.exports["./internal/*"], null, `${name}: internal is not exported`)
      assert.deepStrictEqual(
        manifest.publishConfig.exports,
        JSON.parse(JSON.stringify(manifest.exports).replaceAll(/"\.\/src\/([^"]+)\.ts"/g, "\"./dist/$1.js\"")),
        `${name}: publishes what it exports`
      )
    }
  })

  describe("turns red when", () => {
    const broken: ReadonlyArray<readonly [rule: string, files: Record<string, string>]> = [
      ["a module imports from a higher storey", {
        "packages/core/src/Pkce.ts": `import * as TokenStore from "./TokenStore.ts"`
      }],
      ["a module imports only a type from a higher storey", {
        "packages/core/src/Pkce.ts": `import type * as TokenStore from "./TokenStore.ts"`
      }],
      ["a module reaches a higher storey through an internal module", {
        "packages/core/src/Pkce.ts": `import { fly } from "./internal/fly.ts"`,
        "packages/core/src/internal/fly.ts": `import type { TokenStore } from "../TokenStore.ts"`
      }],
      ["an internal module imports a high storey by value", {
        "packages/core/src/internal/fly.ts": `import { TokenStore } from "../TokenStore.ts"`
      }],
      ["core has a module without a storey", { "packages/core/src/Attic.ts": `export const a = 1` }],
      ["core imports the barrel of Effect", { "packages/core/src/Pkce.ts": `import { Effect } from "effect"` }],
      ["core imports a topic barrel of Effect", {
        "packages/core/src/Pkce.ts": `import { HttpClient } from "effect/http"`
      }],
      ["core imports from Node", { "packages/core/src/Pkce.ts": `import { createHash } from "node:crypto"` }],
      ["core imports a platform", { "packages/core/src/Pkce.ts": `export * from "@effect/platform-node/NodeSink"` }],
      ["core imports a package at run time", { "packages/core/src/Pkce.ts": `const jose = import("jose")` }],
      ["core imports jose", { "packages/core/src/Pkce.ts": `import * as jose from "jose"` }],
      ["core imports what needs jose", { "packages/core/src/Login.ts": `import * as Jwks from "./jose/Jwks.ts"` }],
      ["the test kit imports what needs jose", {
        "packages/core/src/testing/Kit.ts": `import * as Jwks from "../jose/Jwks.ts"`
      }],
      ["what needs jose imports another package", {
        "packages/core/src/jose/Jwks.ts": `import * as x from "openid-client"`
      }],
      ["what needs jose imports the test kit", {
        "packages/core/src/jose/Jwks.ts": `import * as x from "../testing/TestHttp.ts"`
      }],
      ["what needs jose imports its own test kit", {
        "packages/core/src/jose/Jwks.ts": `import * as x from "./testing/TestSigner.ts"`
      }],
      ["core imports a provider", { "packages/core/src/Pkce.ts": `import "@effect-oauth/frameio/FrameIo"` }],
      ["core imports its test kit", {
        "packages/core/src/TokenSource.ts": `import {\n  a\n} from "./testing/TestAuthorizationServer.ts"`
      }],
      ["core imports its own barrel", { "packages/core/src/TokenSource.ts": `import * as core from "./index.ts"` }],
      ["the test kit imports a test runner", { "packages/core/src/testing/Kit.ts": `import { it } from "vitest"` }],
      ["a provider imports another provider", {
        "packages/frameio/src/FrameIo.ts": `import * as X from "@effect-oauth/generic-rfc6749/GenericRfc6749"`
      }],
      ["a provider imports core's inside", {
        "packages/frameio/src/FrameIo.ts": `import * as X from "@effect-oauth/core/internal/fly"`
      }],
      ["a provider imports core by path", {
        "packages/frameio/src/FrameIo.ts": `import * as X from "../../core/src/TokenSet.ts"`
      }],
      ["a provider imports another provider by path", {
        "packages/frameio/src/FrameIo.ts": `import * as X from "../../generic-rfc6749/src/GenericRfc6749.ts"`
      }],
      ["a provider imports core's test kit", {
        "packages/frameio/src/FrameIo.ts": `import * as X from "@effect-oauth/core/testing/Kit"`
      }],
      ["a provider imports the barrel of core", {
        "packages/generic-rfc6749/src/GenericRfc6749.ts": `import { TokenSet } from "@effect-oauth/core"`
      }],
      ["the Node package imports a provider", {
        "packages/node/src/FileTokenStore.ts": `import * as X from "@effect-oauth/frameio/FrameIo"`
      }],
      ["the web package imports a platform", {
        "packages/web/src/ApiProxy.ts": `import * as X from "@effect/platform-node/NodeHttpServer"`
      }],
      ["the web package imports a provider", {
        "packages/web/src/ApiProxy.ts": `import * as X from "@effect-oauth/frameio/FrameIo"`
      }],
      ["an application imports the test kit", {
        "apps/cli/src/bin.ts": `import { Kit } from "@effect-oauth/core/testing"`
      }],
      ["an application imports a package by path", {
        "apps/cli/src/bin.ts": `import * as X from "../../../packages/core/src/TokenSet.ts"`
      }],
      ["the command line loads a provider of the catalogue with itself", {
        "apps/cli/src/Server.ts": `import { slack } from "@effect-oauth/catalogue/slack"`
      }],
      ["chaos imports the inside of a package", {
        "chaos/src/worker.ts": `import * as X from "../../packages/core/src/internal/renewal.ts"`
      }],
      ["the sample imports a command", {
        "apps/web/src/bin.ts": `import { login } from "@effect-oauth/cli/commands/Login"`
      }],
      ["an example imports the inside of a package", {
        "examples/a-worker/main.ts": `import * as X from "../../packages/core/src/internal/renewal.ts"`
      }],
      ["a package imports an application", {
        "packages/node/src/FileTokenStore.ts": `import * as X from "@effect-oauth/cli"`
      }],
      ["a test imports a source file by path", {
        "packages/core/test/Pkce.test.ts": `import * as Pkce from "../src/Pkce.ts"`
      }],
      ["a test imports core's inside", {
        "packages/core/test/Pkce.test.ts": `import * as fly from "@effect-oauth/core/internal/fly"`
      }],
      ["a type is imported in place", { "packages/core/src/Pkce.ts": `type A = import("./TokenStore.ts").TokenStore` }],
      ["a file casts its way out", { "packages/core/src/Pkce.ts": `export const a = 1 as unknown as string` }],
      ["a file says what is still to be done", { "packages/core/src/Pkce.ts": `// TODO: the rest` }]
    ]

    for (const [rule, files] of broken) {
      it(rule, () => {
        assert.strictEqual(violations(files).length, 1, violations(files).join("\n"))
      })
    }
  })

  it("allows what it should", () => {
    const files = {
      "packages/core/src/TokenSource.ts": `import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type { TokenSet } from "./TokenSet.ts"
import { fly } from "./internal/fly.ts"
/** import { Effect } from "effect" */`,
      "packages/core/src/internal/fly.ts": `import * as Scopes from "../Scopes.ts"
import type { TokenService } from "../TokenService.ts"`,
      "packages/core/src/testing/Kit.ts": `import * as TokenService from "../TokenService.ts"`,
      "packages/core/src/index.ts": `export * as TokenSource from "./TokenSource.ts"`,
      "packages/frameio/src/FrameIo.ts": `import * as TokenSet from "@effect-oauth/core/TokenSet"`,
      "packages/node/src/FileTokenStore.ts": `import * as fs from "node:fs"`,
      "packages/core/test/Pkce.test.ts": `import { Pkce } from "@effect-oauth/core"
import { Kit } from "@effect-oauth/core/testing"
import { assert } from "@effect/vitest"
import { Effect } from "effect"`,
      "packages/core/test/internal/fly.test.ts": `import { fly } from "../../src/internal/fly.ts"`,
      "apps/cli/src/bin.ts": `import { TokenSet } from "@effect-oauth/core"
import { NodeRuntime } from "@effect/platform-node"
import { Effect } from "effect"`
    }

    assert.deepStrictEqual(violations(files), [])
  })
})

const root = path.resolve(import.meta.dirname, "..")

/** Every TypeScript file of packages, apps, chaos, hostile and the examples, by its path from the root. */
const house = (): Record<string, string> =>
  Object.fromEntries(
    fs.globSync([
      "{packages,apps}/*/{src,test,typetest}/**/*.ts",
      "{chaos,hostile}/{src,test}/**/*.ts",
      "examples/*/*.ts"
    ], {
      cwd: root
    })
      .map((file) => [file.replaceAll("\\", "/"), fs.readFileSync(path.join(root, file), "utf8")])
  )

interface Import {
  readonly target: string
  readonly typeOnly: boolean
}

/** The imports of a file. Statements begin a line, so those in a doc comment, which do not, are passed over. */
const importsOf = (file: string, source: string): ReadonlyArray<Import> => {
  const statement =
    /^(?:import|export)\s+(?:(type)\s+)?(?:(?:\*(?:\s+as\s+\w+)?|\w+|\{[^}]*\})(?:\s*,\s*\{[^}]*\})?\s+from\s+)?"([^"]+)"/gm
  const expression = /^(?!\s*(?:\*|\/\*|\/\/)).*\bimport\("([^"]+)"\)/gm
  const resolve = (specifier: string): string =>
    specifier.startsWith(".") ? path.posix.join(path.posix.dirname(file), specifier) : specifier
  return [
    ...[...source.matchAll(statement)].map(([, type, specifier = ""]) => ({
      target: resolve(specifier),
      typeOnly: type === "type"
    })),
    ...[...source.matchAll(expression)].map(([, specifier = ""]) => ({ target: resolve(specifier), typeOnly: false }))
  ]
}

const inSource = /^packages\/[^/]+\/src\//

const packageOf = (file: string): string | undefined => file.split("/")[1]

const isInternal = (file: string): boolean => file.startsWith("packages/core/src/internal/")

/** The number of a core module's storey, counted from 1; `undefined` for any other file. */
const storeyOf = (file: string): number | undefined => {
  const name = /^packages\/core\/src\/(\w+)\.ts$/.exec(file)?.[1]
  const index = storeys.findIndex((storey) => name !== undefined && storey.modules.includes(name))
  return index < 0 ? undefined : index + 1
}

/** What is loaded with a file: the files of the house that it reaches by value, and the packages that these name. */
const loadedWith = (
  files: Record<string, string>,
  file: string,
  seen = new Set<string>()
): ReadonlySet<string> => {
  if (seen.has(file)) return seen
  seen.add(file)
  const source = files[file]
  if (source === undefined) return seen
  for (const { target, typeOnly } of importsOf(file, source)) {
    if (!typeOnly) loadedWith(files, target, seen)
  }
  return seen
}

const violations = (files: Record<string, string>): ReadonlyArray<string> => {
  const imports = new Map(Object.entries(files).map(([file, source]) => [file, importsOf(file, source)]))

  /** The modules a file knows: what it imports, and what the internal modules it imports know. */
  const known = (file: string, seen = new Set<string>()): ReadonlyArray<string> =>
    (imports.get(file) ?? []).flatMap(({ target }) => {
      if (!isInternal(target) || seen.has(target)) return [target]
      seen.add(target)
      return known(target, seen)
    })

  return Object.entries(files).flatMap(([file, source]) => {
    const found: Array<string> = []
    const room = rooms.find((room) => room.files.test(file))
    for (const { target, typeOnly } of imports.get(file) ?? []) {
      const allowed = room === undefined || room.may.some((allowed) => allowed.test(target))
      if (!allowed || (inSource.test(file) && inSource.test(target) && packageOf(file) !== packageOf(target))) {
        found.push(`${file} may not import ${target}`)
      } else if (isInternal(file) && !typeOnly && (storeyOf(target) ?? 0) > internalStoreys) {
        found.push(`${file} may import ${target} only by type`)
      }
    }
    const storey = storeyOf(file)
    if (storey !== undefined) {
      for (const target of known(file).filter((target) => (storeyOf(target) ?? 0) > storey)) {
        found.push(`${file} (storey ${storey}) knows ${target} (storey ${storeyOf(target)})`)
      }
    } else if (/^packages\/core\/src\/[A-Z]/.test(file)) {
      found.push(`${file} has no storey`)
    }
    if (/^((packages|apps)\/[^/]+|chaos|hostile)\/src\//.test(file)) {
      for (const words of unspoken) {
        if (words.test(source)) found.push(`${file} says ${words.exec(source)?.[0]}`)
      }
    }
    return found
  })
}
