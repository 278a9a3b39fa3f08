/** Every way to prove oneself and every grant of the command line, against `oidc-provider` and real TLS. */
import { apple } from "@effect-oauth/catalogue/apple"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted, type Scope } from "effect"
import { generateKeyPairSync, verify } from "node:crypto"
import * as fs from "node:fs"
import * as http from "node:http"
import type * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { errors, Provider } from "oidc-provider"
import * as Certificates from "../../../packages/node/test/support/certificates.ts"
import { type Options, type Ran, run } from "./support/commandLine.ts"

describe("effect-oauth request", () => {
  describe("proves the client", () => {
    const methods: ReadonlyArray<readonly [method: string, client: string, flags: (at: At) => ReadonlyArray<string>]> =
      [
        ["basic", "basic", secret],
        ["basic-raw", "basic", secret],
        ["post", "post", secret],
        ["client-secret-jwt", "secret-jwt", secret],
        ["private-key-jwt", "key", (at) => ["--signing-key-file", at("key.jwk", JSON.stringify(privateJwk))]],
        ["private-key-jwt", "key", (at) => ["--signing-key-file", at("key.pem", privatePem)]]
      ]
    for (const [method, client, flags] of methods) {
      test(
        `by ${method}, with ${flags.name === "secret" ? "a secret" : "a key"} of client ${client}`,
        function*(there) {
          const { exitCode, stdout } = yield* there.run([
            "request",
            "client-credentials",
            "--json",
            "--scope",
            "read",
            "--client-id",
            client,
            "--client-authentication",
            method,
            ...flags(there.at)
          ])

          assert.strictEqual(exitCode, 0)
          const { accessToken, refreshToken, scopes, tokenType } = JSON.parse(stdout)
          assert.match(accessToken, /^[\w-]+$/)
          assert.deepStrictEqual([tokenType, scopes, refreshToken], ["Bearer", ["read"], null])
        }
      )
    }

    test("by a key, as its server's description says", function*(there) {
      const description = {
        provider: "ledger",
        tokenEndpoint: `${there.origin}/token`,
        clientAuthentication: "privateKeyJwt",
        clientAssertion: { audience: there.origin, algorithm: "ES256" }
      }

      const { exitCode, stdout } = yield* there.run([
        "request",
        "client-credentials",
        "--client-id",
        "key",
        "--description",
        there.at("ledger.json", JSON.stringify(description)),
        "--signing-key-file",
        there.at("key.pem", privatePem)
      ], { server: false })

      assert.strictEqual(exitCode, 0)
      assert.match(stdout, /^[\w-]+\n$/)
    })

    it.live("by a secret that a key signs, as Apple's description says of its teams", () =>
      Effect.gen(function*() {
        const bodies: Array<URLSearchParams> = []
        const origin = yield* serve((body) => {
          bodies.push(new URLSearchParams(body))
          return { access_token: "signed-for", token_type: "Bearer", expires_in: 60 }
        })
        const there = yield* place(origin)
        const { clientAssertion, clientAuthentication, variables } = apple
        const description = {
          provider: "apple",
          tokenEndpoint: `${origin}/auth/token`,
          clientAssertion,
          clientAuthentication,
          variables
        }

        const { exitCode, stdout } = yield* there.run([
          "request",
          "client-credentials",
          "--client-id",
          "com.example.app",
          "--description",
          there.at("apple.json", JSON.stringify(description)),
          "--variable",
          "teamId=TEAM1",
          "--signing-key-file",
          there.at("key.pem", privatePem)
        ], { server: false })

        const [header = "", claims = "", signature = ""] = bodies[0]?.get("client_secret")?.split(".") ?? []
        const { aud, iss, sub } = JSON.parse(Buffer.from(claims, "base64url").toString())
        assert.deepStrictEqual([exitCode, stdout], [0, "signed-for\n"])
        assert.deepStrictEqual([iss, sub, aud], ["TEAM1", "com.example.app", "https://appleid.apple.com"])
        assert.isTrue(
          verify(
            "sha256",
            Buffer.from(`${header}.${claims}`),
            { key: publicKey, dsaEncoding: "ieee-p1363" },
            Buffer.from(signature, "base64url")
          )
        )
      }).pipe(Effect.scoped))

    it.live.skipIf(!Certificates.openssl)(
      "by a certificate, at the server that asks for it",
      () =>
        Effect.gen(function*() {
          const authority = yield* Certificates.authority
          const mine = authority.issue("client")
          const server = yield* Certificates.listen(
            authority.issue("server"),
            { ca: authority.certificate, requestCert: true, rejectUnauthorized: true },
            () => ({ status: 200, body: { access_token: "bound", token_type: "Bearer", expires_in: 60 } })
          )
          const there = yield* place(server.origin)

          const { exitCode, stdout } = yield* there.run([
            "request",
            "client-credentials",
            "--client-id",
            "ledger",
            "--client-authentication",
            "tls",
            "--tls-certificate-file",
            there.at("cert.pem", mine.certificate),
            "--tls-key-file",
            there.at("key.pem", Redacted.value(mine.key)),
            "--tls-authority-file",
            there.at("ca.pem", authority.certificate),
            "--token-endpoint",
            `${server.origin}/token`
          ], { server: false })

          assert.deepStrictEqual([exitCode, stdout], [0, "bound\n"])
          assert.strictEqual(server.received[0]?.thumbprint, Certificates.thumbprint(mine.certificate))
          assert.strictEqual(server.received[0]?.form.get("client_id"), "ledger")
        }).pipe(Effect.scoped)
    )

    test("and binds the token to a key that is made when it is first needed", function*(there) {
      const key = path.join(there.directory, "dpop.jwk")
      const flags = ["--client-id", "bound", ...secret(there.at), "--dpop-key-file", key]

      const first = yield* there.run(["request", "client-credentials", "--json", ...flags])
      const made = fs.readFileSync(key, "utf8")
      const second = yield* there.run(["request", "client-credentials", "--json", ...flags])

      assert.deepStrictEqual([first, second].map(({ stdout }) => JSON.parse(stdout).tokenType), ["DPoP", "DPoP"])
      assert.strictEqual(fs.statSync(key).mode & 0o777, 0o600)
      assert.strictEqual(fs.readFileSync(key, "utf8"), made)
    })

    const refused: ReadonlyArray<readonly [name: string, flags: (at: At) => ReadonlyArray<string>, says: RegExp]> = [
      [
        "a key that is not named",
        () => ["--client-authentication", "private-key-jwt"],
        /--signing-key-file: is missing/
      ],
      [
        "a key that is not there",
        (at) => ["--client-authentication", "private-key-jwt", "--signing-key-file", `${at("x", "")}.no`],
        /--signing-key-file: there is no file/
      ],
      [
        "a key that is none",
        (at) => ["--client-authentication", "private-key-jwt", "--signing-key-file", at("key", "s3cr3t text")],
        /holds no private key/
      ],
      [
        "a public key",
        (
          at
        ) => ["--client-authentication", "private-key-jwt", "--signing-key-file", at("key", JSON.stringify(publicJwk))],
        /holds no private key/
      ],
      [
        "a secret that is missing",
        () => ["--client-authentication", "client-secret-jwt"],
        /--client-secret-file: is missing/
      ],
      [
        "a certificate without a key",
        (at) => ["--client-authentication", "tls", "--tls-certificate-file", at("c", "")],
        /--tls-key-file: is missing/
      ],
      [
        "a certificate that nothing shows",
        (at) => ["--client-authentication", "post", "--tls-certificate-file", at("c", "")],
        /--tls-certificate-file: is used with --client-authentication tls only/
      ]
    ]
    for (const [name, flags, says] of refused) {
      test(`and refuses ${name}, and shows nothing of it`, function*(there) {
        const { exitCode, stderr } = yield* there.run([
          "request",
          "client-credentials",
          "--client-id",
          "basic",
          ...flags(there.at)
        ])

        assert.strictEqual(exitCode, 2)
        assert.match(stderr, says)
        assert.notInclude(stderr, "s3cr3t")
      })
    }
  })

  describe("asks by", () => {
    test("password, which comes from stdin", function*(there) {
      const { exitCode, stdout } = yield* there.run([
        "request",
        "password",
        "--client-id",
        "basic",
        ...secret(there.at),
        "--parameter",
        "username=ada",
        "--parameter-file",
        "password=-"
      ], { stdin: "correct horse\n" })

      assert.strictEqual(exitCode, 0)
      assert.match(stdout, /^\S+\n$/)
    })

    test("token exchange, whose types need no more than a word", function*(there) {
      const token = yield* there.run(["request", "client-credentials", "--client-id", "basic", ...secret(there.at)])

      const { exitCode, stdout } = yield* there.run([
        "request",
        "token-exchange",
        "--json",
        "--client-id",
        "basic",
        ...secret(there.at),
        "--parameter-file",
        "subject_token=-",
        "--parameter",
        "subject_token_type=access_token",
        "--parameter",
        "audience=ledger"
      ], { stdin: token.stdout })

      assert.strictEqual(exitCode, 0)
      assert.strictEqual(JSON.parse(stdout).issuedTokenType, "urn:ietf:params:oauth:token-type:access_token")
      assert.strictEqual(there.asked.at(-1)?.get("subject_token_type"), "urn:ietf:params:oauth:token-type:access_token")
    })

    test("an assertion that is signed here", function*(there) {
      const { exitCode } = yield* there.run([
        "request",
        "jwt-bearer",
        "--client-id",
        "basic",
        ...secret(there.at),
        "--assert-as",
        "robot",
        "--signing-key-file",
        there.at("key.jwk", JSON.stringify(privateJwk)),
        "--assert-for",
        "ada"
      ])

      const [, claims = ""] = there.asked.at(-1)?.get("assertion")?.split(".") ?? []
      const { aud, iss, sub } = JSON.parse(Buffer.from(claims, "base64url").toString())
      assert.strictEqual(exitCode, 0)
      assert.deepStrictEqual([aud, iss, sub], [there.origin, "robot", "ada"])
    })

    test("a refresh token that is somewhere else, once", function*(there) {
      const { exitCode, stderr } = yield* there.run([
        "request",
        "refresh-token",
        "--client-id",
        "basic",
        ...secret(there.at),
        "--parameter-file",
        "refresh_token=-"
      ], { stdin: "not-one" })

      assert.strictEqual(exitCode, 1)
      assert.match(stderr, /invalid_grant/)
      assert.notInclude(stderr, "not-one")
    })

    const refused: ReadonlyArray<readonly [name: string, args: ReadonlyArray<string>, says: RegExp]> = [
      [
        "a password that is missing",
        ["password", "--parameter", "username=ada"],
        /password: is missing: .*--parameter-file/
      ],
      ["an assertion that is missing", ["jwt-bearer"], /assertion: is missing: .*--assert-as/],
      [
        "a parameter that is given twice",
        ["password", "--parameter", "password=x", "--parameter-file", "password=-"],
        /password: is given by --parameter and by --parameter-file/
      ],
      [
        "two secrets from stdin",
        ["password", "--parameter-file", "a=-", "--parameter-file", "b=-"],
        /stdin holds one secret/
      ],
      ["a grant that is no word", ["a grant"], /GRANT: is no name and no URI/]
    ]
    for (const [name, args, says] of refused) {
      test(`nothing with ${name}`, function*(there) {
        const { exitCode, stderr } = yield* there.run(["request", ...args, "--client-id", "basic", ...secret(there.at)])

        assert.strictEqual(exitCode, 2)
        assert.match(stderr, says)
        assert.deepStrictEqual(there.asked, [])
      })
    }

    test("a grant that the server does not know, and says so", function*(there) {
      const { exitCode, stderr } = yield* there.run([
        "request",
        "urn:example:grant",
        "--client-id",
        "basic",
        ...secret(there.at)
      ])

      assert.strictEqual(exitCode, 2)
      assert.match(stderr, /unsupported_grant_type/)
    })
  })
})

type At = (name: string, text: string) => string

interface There {
  readonly origin: string
  readonly directory: string
  /** Writes a file. */
  readonly at: At
  /** The token requests that arrived. */
  readonly asked: ReadonlyArray<URLSearchParams>
  readonly run: (args: ReadonlyArray<string>, options?: Options & { readonly server?: boolean }) => Effect.Effect<Ran>
}

function secret(at: At): ReadonlyArray<string> {
  return ["--client-secret-file", at("secret", shared)]
}

function test(
  name: string,
  body: (there: There) => Generator<Effect.Effect<unknown, unknown, Scope.Scope>, void, never>
): void {
  it.live(name, () =>
    Effect.gen(function*() {
      const asked: Array<URLSearchParams> = []
      const origin = yield* listen(asked)
      const there = yield* place(origin, asked)
      yield* Effect.gen(() => body(there))
    }).pipe(Effect.scoped))
}

const shared = "a-secret-of-more-than-thirty-two-bytes"

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
const publicJwk = { ...publicKey.export({ format: "jwk" }), kid: "k1", alg: "ES256", use: "sig" }
const privateJwk = { ...privateKey.export({ format: "jwk" }), kid: "k1", alg: "ES256" }
const privatePem = privateKey.export({ format: "pem", type: "pkcs8" }).toString()

const place = Effect.fnUntraced(function*(
  origin: string,
  asked: ReadonlyArray<URLSearchParams> = []
): Effect.fn.Return<There, never, Scope.Scope> {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "effect-oauth-request-"))),
    (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true }))
  )
  return {
    origin,
    directory,
    asked,
    at: (name, text) => {
      const file = path.join(directory, name)
      fs.writeFileSync(file, text, { mode: 0o600 })
      return file
    },
    run: (args, { server = true, ...options } = {}) =>
      run(server ? [...args, "--issuer", origin] : args, {
        ...options,
        env: {
          XDG_CONFIG_HOME: path.join(directory, "config"),
          XDG_DATA_HOME: path.join(directory, "data"),
          XDG_CACHE_HOME: path.join(directory, "cache")
        }
      })
  }
})

const listen = (asked: Array<URLSearchParams>): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const server = http.createServer()
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
        const origin = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`
        server.on("request", provider(origin, asked).callback())
        return { origin, server }
      }),
      ({ server }) =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    ),
    ({ origin }) => origin
  )

/** A token endpoint that answers whatever it is asked. */
const serve = (answer: (body: string) => object): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(async () => {
        const server = http.createServer(async (request, response) => {
          let body = ""
          for await (const chunk of request) body += chunk
          response.setHeader("content-type", "application/json").end(JSON.stringify(answer(body)))
        })
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
        return server
      }),
      (server) =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    ),
    (server) => `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`
  )

const provider = (origin: string, asked: Array<URLSearchParams>): Provider => {
  const grants = ["client_credentials", "password", "refresh_token", exchange, bearer]
  const client = (client_id: string, more: object) => ({
    client_id,
    grant_types: grants,
    response_types: [],
    redirect_uris: [],
    client_secret: shared,
    ...more
  })
  const self = new Provider(origin, {
    clients: [
      client("basic", { token_endpoint_auth_method: "client_secret_basic" }),
      client("post", { token_endpoint_auth_method: "client_secret_post" }),
      client("secret-jwt", { token_endpoint_auth_method: "client_secret_jwt" }),
      client("bound", { dpop_bound_access_tokens: true }),
      client("key", {
        client_secret: undefined,
        token_endpoint_auth_method: "private_key_jwt",
        jwks: { keys: [publicJwk] }
      })
    ],
    scopes: ["read", "offline_access"],
    clientAuthMethods: ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"],
    features: { clientCredentials: { enabled: true }, dPoP: { enabled: true } }
  })
  self.use(async (ctx, next) => {
    await next()
    if (ctx.path !== "/token") return
    asked.push(
      new URLSearchParams(
        Object.entries(ctx.oidc?.params ?? {}).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, String(value)]]
        )
      )
    )
  })
  const answer = async (
    ctx: Parameters<Parameters<Provider["registerGrantType"]>[1]>[0],
    more: object
  ): Promise<void> => {
    const token = new self.ClientCredentials({ client: ctx.oidc.client, scope: "read" })
    ctx.body = { access_token: await token.save(), token_type: "Bearer", expires_in: token.expiration, ...more }
  }
  self.registerGrantType("password", async (ctx) => {
    const { password, username } = ctx.oidc.params as { readonly password?: string; readonly username?: string }
    if (username !== "ada" || password !== "correct horse") throw new errors.InvalidGrant("no such person")
    await answer(ctx, {})
  }, ["username", "password"])
  self.registerGrantType(
    exchange,
    (ctx) => answer(ctx, { issued_token_type: "urn:ietf:params:oauth:token-type:access_token" }),
    ["subject_token", "subject_token_type", "audience"]
  )
  self.registerGrantType(bearer, (ctx) => answer(ctx, {}), ["assertion"])
  return self
}

const exchange = "urn:ietf:params:oauth:grant-type:token-exchange"

const bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"
