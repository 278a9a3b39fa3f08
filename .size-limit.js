// What may be loaded: bytes minified and gzipped, checked by `npm run size`. Raise one only with a reason in the commit.
// Core's entry points are bundled from what is published, which is written for it.
import { publish } from "./scripts/published.ts"

const published = await publish()

const kB = (limit) => `${limit} kB`

/** A program, or an entry point, without the modules of these packages. */
const entry = (name, path, limit, ...ignore) => ({ name, path, ignore, gzip: true, limit: kB(limit) })

const ofNode = ["child_process", "crypto", "fs", "http", "net", "os", "path", "sqlite"].map((name) => `node:${name}`)

const outside = ["effect", "jose", "undici", "@effect/platform-node", "@effect/sql-pg", ...ofNode]

/** What an application loads of core by subpath, each with all that it takes along but Effect. */
const core = {
  AssertionGrant: 2.9,
  AuthorizedHttpClient: 4.6,
  BackchannelLogin: 6.4,
  ClientAuthentication: 1.5,
  ClientCredentials: 3.2,
  ClientRegistration: 10.5,
  DeviceAuthorization: 9.3,
  Dpop: 5.2,
  EncryptedTokenStore: 3.4,
  EndSession: 2.1,
  GrantAdministration: 1.9,
  GrantKeeper: 4.5,
  GrantMove: 2.6,
  GrantTelemetry: 1.2,
  Introspection: 8.5,
  Keyring: 2.4,
  Login: 9.3,
  MutualTls: 1.9,
  OAuthClient: 36.5,
  OAuthError: 2.3,
  PasswordGrant: 0.2,
  PendingAuthorizations: 0.8,
  Pkce: 0.6,
  ProtectedResource: 8.9,
  PushedAuthorization: 9.1,
  RedisTokenStore: 8,
  RefreshPolicy: 1.4,
  RegisteredClient: 13.7,
  Revocation: 8,
  ServerMetadata: 8.8,
  SqlRegistrationStore: 3.3,
  SqlTokenStore: 7.1,
  TokenEndpoint: 9,
  TokenExchange: 3.4,
  TokenService: 21,
  TokenSource: 2.6,
  TokenStore: 3.1,
  UserInfo: 8.2,
  "jose/IdToken": 4.7,
  "jose/Jwks": 8.1
}

/** The other packages, each whole and by itself: without core. */
const packages = { browser: 4.2, frameio: 5.7, "generic-rfc6749": 18, node: 8.8, postgres: 2.6, web: 11.9 }

export default [
  {
    name: "client credentials and refresh, with Effect",
    path: "benchmarks/size/tokens.ts",
    gzip: true,
    limit: kB(63.5)
  },
  entry("client credentials and refresh, without Effect", "benchmarks/size/tokens.ts", 30.5, "effect"),
  entry("ID tokens, without Effect", "benchmarks/size/idTokens.ts", 19.3, "effect"),
  ...Object.entries(core).map(([name, limit]) => entry(`core/${name}`, `${published}/${name}.js`, limit, ...outside)),
  ...Object.entries(packages).map(([name, limit]) =>
    entry(name, `packages/${name}/src/index.ts`, limit, "@effect-oauth/core", ...outside)
  )
]
