/** Targets that read what is kept: records in every store, settings, descriptions, and the names of grants. */
import * as ConfigurationFile from "@effect-oauth/cli/ConfigurationFile"
import {
  type AuthorizationRequest,
  AuthorizationServer,
  type Grant,
  GrantHistory,
  GrantKey,
  OAuthError,
  PendingAuthorizations,
  RedisPendingAuthorizations,
  RedisTokenStore,
  Scopes,
  Target as TokenTarget,
  TokenStore
} from "@effect-oauth/core"
import * as SqlPendingAuthorizations from "@effect-oauth/core/SqlPendingAuthorizations"
import * as SqlTokenStore from "@effect-oauth/core/SqlTokenStore"
import { Description } from "@effect-oauth/generic-rfc6749"
import { FilePendingAuthorizations, FileTokenStore } from "@effect-oauth/node"
import { Context, Effect, FileSystem, Layer, Option, Queue, Redacted, Result, Scope } from "effect"
import { SecureRandom } from "effect/crypto"
import { Redis } from "effect/persistence"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, Statement } from "effect/sql"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import type { Target } from "./Target.ts"

const key = GrantKey.make({ provider: "p", issuer: "https://as.example", client: "app", account: "ada" })

const record = {
  format: 1,
  key: key.id,
  state: { _tag: "Active", failures: 2 },
  writeId: "w",
  lineage: "l",
  serial: 3,
  authorizedAt: 1_900_000_000_000,
  installation: "default",
  usedAt: 1_900_000_000_500,
  last: { what: "Renewed", by: "node-1", why: "Expiring" },
  version: "7-w",
  dueAt: 1_900_000_002_000.5,
  changedAt: 1_900_000_001_000,
  body: {
    _tag: "Open",
    accessTokens: [{
      target: "",
      value: "a",
      type: "Bearer",
      issuedAt: 1,
      expiresAt: 2,
      scopes: ["read"],
      thumbprint: "t"
    }],
    refreshToken: "r",
    quarantined: { refreshToken: "q", problem: "ResponseInvalid" },
    scopes: ["read"],
    subject: "user-1",
    kept: { nested: { list: [1, null] } }
  }
}

const states = [
  record.state,
  { _tag: "Renewing", holder: "h", presented: "d", startedAt: 1, settle: 10, attempt: 1, failures: 0 },
  { _tag: "Indeterminate", presented: "d", since: 1, attempts: 1 },
  { _tag: "ReauthorizationRequired", why: "GrantRejected", at: 1 },
  { _tag: "Revoked", at: 1, remote: "pending" }
]

const records = [
  ...states.map((state) => ({ ...record, state })),
  { ...record, body: { _tag: "Sealed", keyId: "k", ciphertext: "AAAA" } },
  { ...record, format: 2, unheard: { of: 1 } }
].map((record) => JSON.stringify(record))

const pending = {
  state: "the-state",
  key: key.id,
  issuer: "https://as.example",
  issuerParameter: "required",
  redirectUri: "https://app.example/cb",
  codeVerifier: "v",
  nonce: "n",
  scopes: ["read"],
  maxAge: 10,
  acr: ["2"],
  resources: ["https://rs.example"],
  context: { a: [1] }
}

const textOf = (input: Uint8Array): string => Buffer.from(input).toString()

/** What a text of JSON says; texts that are none say themselves. */
const jsonOf = (input: Uint8Array): unknown => {
  const text = textOf(input)
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const scope = Scope.makeUnsafe()

const built = <A, E>(layer: Layer.Layer<A, E>): Context.Context<A> =>
  Effect.runSync(Scope.provide(Layer.build(layer), scope))

let reply: unknown = null
const redis = Layer.succeed(Redis.Redis, {
  send: <A>() => Effect.sync(() => reply as A),
  eval: () => () => Effect.sync(() => reply as never),
  subscribe: () => Effect.flatMap(Queue.unbounded<never>(), (queue) => Effect.succeed(queue)),
  reserve: Effect.die("not asked for")
} as never)

let rows: ReadonlyArray<object> = []
const sql = Layer.effect(
  SqlClient.SqlClient,
  SqlClient.make({
    acquirer: Effect.succeed(
      {
        execute: () => Effect.sync(() => rows),
        executeRaw: () => Effect.sync(() => rows),
        executeUnprepared: () => Effect.sync(() => rows),
        executeValues: () => Effect.sync(() => rows.map(Object.values)),
        executeValuesUnprepared: () => Effect.sync(() => rows.map(Object.values)),
        executeStream: () => Effect.die("not asked for") as never
      } satisfies SqlConnection.Connection
    ),
    compiler: Statement.makeCompilerSqlite(),
    driver: "fuzz",
    spanAttributes: []
  })
).pipe(Layer.provide(Reactivity.layer))

const redisStore = built(RedisTokenStore.layer().pipe(Layer.provide(redis)))
const redisPendings = built(RedisPendingAuthorizations.layer().pipe(Layer.provide(redis)))
const random = SecureRandom.layerWebCrypto
const sqlStore = built(SqlTokenStore.layer({ migrations: "skip" }).pipe(Layer.provide([sql, random])))
const sqlPendings = built(SqlPendingAuthorizations.layer({ migrations: "skip" }).pipe(Layer.provide([sql, random])))

interface Files {
  readonly store: TokenStore.TokenStore["Service"]
  readonly pendings: PendingAuthorizations.PendingAuthorizations["Service"]
  readonly writeRecord: (input: Uint8Array) => void
  readonly writePending: (input: Uint8Array) => void
}

const find = (folder: string): string => {
  const found = fs.readdirSync(folder, { recursive: true, withFileTypes: true })
    .find((entry) => entry.isFile() && entry.name.endsWith(".json"))
  if (found === undefined) throw new Error(`there is no file in ${folder}`)
  return path.join(found.parentPath, found.name)
}

let made: Files | undefined
/** Files of their own, made when the first case comes and removed when the process ends. */
const files: Effect.Effect<Files, OAuthError.OAuthError> = Effect.suspend(() => {
  if (made !== undefined) return Effect.succeed(made)
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "fuzz-"))
  process.once("exit", () => fs.rmSync(directory, { recursive: true, force: true }))
  return Effect.gen(function*() {
    const context = yield* Layer.build(
      Layer.merge(FileTokenStore.layer({ directory }), FilePendingAuthorizations.layer({ directory })).pipe(
        Layer.provide(random)
      )
    )
    const store = Context.get(context, TokenStore.TokenStore)
    const pendings = Context.get(context, PendingAuthorizations.PendingAuthorizations)
    yield* store.write(undefined, draft)
    yield* pendings.put(pendingValue, 1e12)
    const [record, login] = [find(path.join(directory, "grants")), find(path.join(directory, "pending"))]
    made = {
      store,
      pendings,
      writeRecord: (input) => fs.writeFileSync(record, input),
      writePending: (input) => fs.writeFileSync(login, input)
    }
    return made
  }).pipe(Scope.provide(scope))
})

const draft = {
  key: key.id,
  format: 1,
  state: { _tag: "Active", failures: 0 },
  writeId: "w",
  lineage: "l",
  serial: 1,
  installation: "default",
  authorizedAt: 1,
  body: { _tag: "Open", accessTokens: [] }
} as Grant.Draft

const pendingValue: AuthorizationRequest.PendingAuthorization = {
  state: Redacted.make("the-state"),
  key: key.id,
  issuerParameter: "optional",
  redirectUri: "https://app.example/cb",
  scopes: []
}

/** Targets that read what is kept. */
export const targets: ReadonlyArray<Target> = [
  {
    name: "file-record",
    shape: "json",
    seeds: records,
    run: (input) =>
      Effect.flatMap(files, ({ store, writeRecord }) => {
        writeRecord(input)
        return Effect.andThen(store.list({ limit: 10 }), Effect.andThen(store.history(key), store.read(key)))
      })
  },
  {
    name: "file-login",
    shape: "json",
    seeds: [JSON.stringify({ until: 2e12, pending })],
    run: (input) =>
      Effect.flatMap(files, ({ pendings, writePending }) => {
        writePending(input)
        return pendings.take("the-state")
      })
  },
  {
    name: "sql-record",
    shape: "json",
    seeds: records.map((text) => {
      const { body, changedAt, dueAt, key, version, ...rest } = JSON.parse(text)
      return JSON.stringify({
        now: 1,
        key,
        version,
        due_at: dueAt,
        retry_at: null,
        lease_until: null,
        changed_at: changedAt,
        head: JSON.stringify(rest),
        body: JSON.stringify(body),
        history: ""
      })
    }),
    run: (input) => {
      const row = jsonOf(input)
      return Effect.suspend(() => {
        rows = Array.isArray(row) ? row : [row as object]
        const store = Context.get(sqlStore, TokenStore.TokenStore)
        return Effect.andThen(
          store.read(key),
          Effect.andThen(store.list({ limit: 10 }), store.due({ limit: 10, before: 1e15 }))
        )
      })
    }
  },
  {
    name: "sql-login",
    shape: "json",
    seeds: [
      JSON.stringify({ pending: JSON.stringify(pending), expires_at: 2e12, now: 1 })
    ],
    run: (input) => {
      const row = jsonOf(input)
      return Effect.suspend(() => {
        rows = Array.isArray(row) ? row : [row as object]
        return Context.get(sqlPendings, PendingAuthorizations.PendingAuthorizations).take("the-state")
      })
    }
  },
  {
    name: "redis-record",
    shape: "json",
    seeds: records.map((text) => {
      const { body, changedAt, dueAt, version, ...rest } = JSON.parse(text)
      return JSON.stringify(["1", "1", [
        version,
        JSON.stringify(rest),
        String(dueAt),
        null,
        null,
        String(changedAt),
        JSON.stringify(body)
      ]])
    }),
    run: (input) =>
      Effect.suspend(() => {
        reply = jsonOf(input)
        const store = Context.get(redisStore, TokenStore.TokenStore)
        return Effect.andThen(Effect.exit(store.list({ limit: 10 })), store.read(key))
      })
  },
  {
    name: "redis-login",
    shape: "json",
    seeds: [JSON.stringify(pending)],
    run: (input) =>
      Effect.suspend(() => {
        reply = textOf(input)
        return Context.get(redisPendings, PendingAuthorizations.PendingAuthorizations).take("the-state")
      })
  },
  {
    name: "configuration-file",
    shape: "json",
    seeds: [
      JSON.stringify({
        $schema: "https://x",
        profile: "work",
        profiles: {
          work: { provider: "github", clientId: "a", scopes: ["a", "b"], redirectUri: "http://127.0.0.1/cb" },
          home: {}
        }
      }),
      "{}"
    ],
    run: (input) =>
      ConfigurationFile.read("config.json").pipe(
        Effect.provide(FileSystem.layerNoop({ readFileString: () => Effect.succeed(textOf(input)) }))
      )
  },
  {
    name: "description",
    shape: "json",
    seeds: [
      JSON.stringify({
        provider: "acme",
        issuer: "https://as.example",
        authorizationEndpoint: "https://as.example/a",
        tokenEndpoint: "https://{tenant}.example/t",
        variables: { tenant: { oneOf: ["x"], default: "x" } },
        clientAuthentication: { token: "basic", revocation: "none" },
        rotation: { policy: "rotating", window: { duration: "1 minute", idempotent: true }, patience: "1 hour" },
        dialect: { authorization: { scopeSeparator: "," }, response: { expiresIn: "number-or-digits", keep: ["a"] } },
        apiOrigins: ["https://api.example"]
      }),
      JSON.stringify({ provider: "least", tokenEndpoint: "https://as.example/t" })
    ],
    run: (input) =>
      Effect.fromResult(
        Result.flatMap(Description.decode(jsonOf(input)), (description) =>
          Result.flatMap(Description.toOptions(description, { tenant: "x" } as never), (options) =>
            AuthorizationServer.make(options)))
      )
  },
  {
    name: "grant-key",
    shape: "text",
    seeds: [key.id, "a|b%7C|c|d|e"],
    run: (input) =>
      Effect.suspend(() => {
        const text = Buffer.from(input).toString("latin1")
        const read = GrantKey.fromId(text)
        if (read !== undefined && read.id !== text) throw new Error("another key has come of it")
        return Effect.fromOption(Option.fromUndefinedOr(read)).pipe(Effect.mapError(() => refused))
      })
  },
  {
    name: "history",
    shape: "text",
    seeds: ["1900000001000 3 Renewed node-1 Expiring\n1900000001001 4 Ended node-1 GrantRejected\n"],
    run: (input) => Effect.sync(() => GrantHistory.fromText(textOf(input)))
  },
  {
    name: "scopes-and-targets",
    shape: "text",
    seeds: ["read write", "https%3A%2F%2Fapi.test%2F read"],
    run: (input) =>
      Effect.sync(() => {
        const text = textOf(input)
        const scopes = Scopes.fromString(text)
        scopes.every(Scopes.isScopeToken)
        return TokenTarget.make({ resource: text, scopes })
      })
  }
]

const refused = OAuthError.make("Fuzz", "run", new OAuthError.RecordInvalid({ store: "fuzz", problem: "no key" }))
