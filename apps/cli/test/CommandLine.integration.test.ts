import { assert, describe } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import * as Path from "node:path"
import { addressIn, onMachine } from "./support/process.ts"

describe("effect-oauth", () => {
  describe("login", () => {
    for (const name of ["legacy-confidential", "legacy-public", "v4-single-page-app", "oidc-confidential"] as const) {
      onMachine(`logs ${name} in`, function*({ loggedIn, run }) {
        const { exitCode } = yield* run(["token", ...yield* loggedIn(name)])

        assert.strictEqual(exitCode, 0)
      })
    }

    onMachine("logs in by a code", function*({ client, run }) {
      const flags = yield* client("camera")

      const { exitCode, stderr } = yield* run(["login", "--json", ...flags])

      assert.match(stderr, /"visit":\{"url":"http[^"]+","code":"[^"]+"\}/)
      assert.strictEqual(exitCode, 0)
      assert.strictEqual((yield* run(["token", ...flags])).exitCode, 0)
    })

    onMachine("is by a code where there is no browser, and the server can do that", function*({ run, sandbox }) {
      const { clientId } = sandbox.registrations["oidc-device"]
      const flags = ["--issuer", sandbox.endpoints.oidc.issuer, "--client-id", clientId, "--scope", "openid"]

      const { exitCode, stderr } = yield* run(["login", ...flags], {
        env: { SSH_CONNECTION: "10.0.0.1 1 10.0.0.2 22" }
      })

      assert.match(stderr, /used from another, so the login is by a code; --no-browser shows an address instead/)
      assert.match(stderr, /and enter the code \S+/)
      assert.strictEqual(exitCode, 0)
    })

    onMachine("takes the second paste where the first was something else", function*({ client, run, sandbox }) {
      let pastes = 0
      const { exitCode, stderr } = yield* run(["login", "--paste", ...yield* client("oidc-public")], {
        types: (said) =>
          pastes++ === 0 ? Effect.succeed(addressIn(said)) : Effect.orDie(sandbox.approve(addressIn(said)))
      })

      assert.strictEqual(exitCode, 0)
      assert.match(stderr, /^warning: pasted address: this is the address at which the login starts/m)
    })

    onMachine("says so where a refresh token was asked for and none came", function*({ client, run, sandbox }) {
      const { exitCode, stderr } = yield* run(
        ["login", "--paste", "--parameter", "prompt=login", ...yield* client("oidc-public")],
        { types: (said) => Effect.orDie(sandbox.approve(addressIn(said))) }
      )

      assert.strictEqual(exitCode, 0)
      assert.match(stderr, /^warning: offline_access was asked for and no refresh token came/m)
    })

    onMachine("tells that the person declined", function*({ client, run, sandbox }) {
      const { exitCode, stderr, stdout } = yield* run(["login", "--paste", ...yield* client("oidc-public")], {
        types: (said) => Effect.orDie(sandbox.approve(addressIn(said)))
      })

      assert.strictEqual(exitCode, 1)
      assert.strictEqual(stdout, "")
      assert.match(lastLine(stderr), /^error: The login was declined at the server: run login again and accept/)
    }, { settings: { approval: "refused" } })

    onMachine("keeps its settings as a profile, so that later commands need no flags", function*(machine) {
      const { client, run, sandbox } = machine
      yield* run(["login", "--paste", "--save", "work", ...yield* client("oidc-public", "work")], {
        types: (said) => Effect.orDie(sandbox.approve(addressIn(said)))
      })

      const { exitCode, stdout } = yield* run(["token"])

      assert.strictEqual(exitCode, 0)
      assert.match(stdout, /^\S+\n$/)
    })
  })

  describe("token", () => {
    onMachine("gives the token that lives while the server is away", function*(machine) {
      const { loggedIn, run, sandbox } = machine
      const flags = yield* loggedIn("oidc-public")
      yield* sandbox.fail({ status: 503, times: 100, where: {} })

      const { exitCode } = yield* run(["token", ...flags])

      assert.strictEqual(exitCode, 0)
    })

    onMachine("gives a service's own token, and keeps it", function*({ client, run, sandbox }) {
      const flags = yield* client("v4-server-to-server")

      const first = yield* run(["token", ...flags])
      const second = yield* run(["token", ...flags])

      const asked = (yield* sandbox.ledger.entries).filter(({ endpoint }) => endpoint === "token")
      assert.strictEqual(first.exitCode, 0)
      assert.strictEqual(second.stdout, first.stdout)
      assert.strictEqual(asked.length, 1)
    })
  })

  describe("status", () => {
    onMachine("shows all grants, and the one that is named", function*({ loggedIn, run }) {
      yield* loggedIn("oidc-public", "home")
      yield* loggedIn("legacy-public", "work")

      const all = JSON.parse((yield* run(["status", "--json"])).stdout)
      const one = JSON.parse((yield* run(["status", "--json", "--account", "work"])).stdout)

      const accounts = (status: { readonly grants: ReadonlyArray<{ readonly account: string }> }) =>
        status.grants.map(({ account }) => account).sort()
      assert.deepStrictEqual(accounts(all), ["home", "work"])
      assert.deepStrictEqual(accounts(one), ["work"])
    })

    onMachine("shows state, lifetime, scopes and rotation, and no secret", function*({ loggedIn, run }) {
      const flags = yield* loggedIn("v4-web-app")
      const token = (yield* run(["token", ...flags])).stdout.trim()

      const { stdout } = yield* run(["status", "--json", ...flags])

      const [grant] = JSON.parse(stdout).grants
      assert.strictEqual(grant.state, "Active")
      assert.strictEqual(grant.lifetime, 3600)
      assert.isTrue(grant.renewable)
      assert.include(grant.scopes, "offline_access")
      assert.strictEqual(grant.rotation, "rotating")
      assert.notInclude(stdout, token)
    })
  })

  describe("call", () => {
    onMachine("calls the API with the token", function*({ loggedIn, run }) {
      const { exitCode, stdout } = yield* run(["call", "GET", "/v4/me", ...yield* loggedIn("v4-web-app")])

      assert.strictEqual(exitCode, 0)
      assert.strictEqual(JSON.parse(stdout).data.name, "Ada Sandbox")
    })

    onMachine("ends with 14 where the API answers 404, and still prints the body", function*({ loggedIn, run }) {
      const { exitCode, stderr, stdout } = yield* run(["call", "GET", "/v4/nothing", ...yield* loggedIn("v4-web-app")])

      assert.strictEqual(exitCode, 14)
      assert.match(stderr, /^error: GET http\S+\/v4\/nothing: the API answered with status 404\n$/)
      assert.include(stdout, "Not Found")
    })

    onMachine("renews and asks once more where the API refuses the token", function*(machine) {
      const { loggedIn, renewals, run, sandbox } = machine
      const flags = yield* loggedIn("v4-web-app")
      yield* sandbox.refuseToken()

      const { exitCode } = yield* run(["call", "GET", "/v4/me", ...flags])

      assert.strictEqual(exitCode, 0)
      assert.strictEqual(yield* renewals, 1)
    })

    onMachine("shows with -v what it sends, and no secret", function*({ loggedIn, run }) {
      const flags = yield* loggedIn("v4-web-app")
      const token = (yield* run(["token", ...flags])).stdout.trim()

      const { stderr } = yield* run(["call", "-v", "GET", "/v4/me?api_key=hush", "-H", "X-Api-Key: hush", ...flags])

      assert.match(stderr, /^> GET http\S+\/v4\/me\?api_key=<redacted>$/m)
      assert.match(stderr, /^> authorization: Bearer <redacted>$/m)
      assert.match(stderr, /^< 200$/m)
      assert.notInclude(stderr, token)
      assert.notInclude(stderr, "hush")
    })

    onMachine("sends the token to no other origin", function*({ loggedIn, run }) {
      const { exitCode, stderr } = yield* run([
        "call",
        "GET",
        "https://elsewhere.invalid/v4/me",
        ...yield* loggedIn("v4-web-app")
      ])

      assert.strictEqual(exitCode, 2)
      assert.match(stderr, /^error: URL: the token is not sent to https:\/\/elsewhere\.invalid/)
    })
  })

  describe("refresh, introspect, revoke, logout", () => {
    onMachine("renews now", function*({ loggedIn, renewals, run }) {
      const { exitCode, stdout } = yield* run(["refresh", "--json", ...yield* loggedIn("v4-web-app")])

      assert.strictEqual(exitCode, 0)
      assert.strictEqual(JSON.parse(stdout).grant.serial, 2)
      assert.strictEqual(yield* renewals, 1)
    })

    onMachine("tells what the server says of the token", function*({ loggedIn, run }) {
      const { exitCode, stdout } = yield* run(["introspect", "--json", ...yield* loggedIn("oidc-confidential")])

      const said = JSON.parse(stdout)
      assert.strictEqual(exitCode, 0)
      assert.isTrue(said.active)
      assert.strictEqual(said.client_id, "sandbox-oidc-confidential")
    })

    onMachine("revokes, and a token needs a login after that", function*({ loggedIn, run }) {
      const flags = yield* loggedIn("v4-web-app")

      const revoked = yield* run(["revoke", "--json", ...flags])
      const token = yield* run(["token", ...flags])

      assert.deepStrictEqual(JSON.parse(revoked.stdout), { account: "v4-web-app", revoked: true, remote: "done" })
      assert.strictEqual(token.exitCode, 3)
      assert.match(token.stderr, /^error: The grant of the account v4-web-app was revoked: run effect-oauth login/)
    })

    onMachine("keeps a revocation that the server did not hear of, to be told again", function*(machine) {
      const { loggedIn, run, sandbox } = machine
      const flags = yield* loggedIn("v4-web-app")
      yield* sandbox.fail({ status: 503, where: { endpoint: "revocation" } })

      const first = yield* run(["logout", ...flags])
      const second = yield* run(["logout", ...flags])

      assert.strictEqual(first.exitCode, 4)
      assert.match(first.stderr, /revoked here, and the server could not be told: run effect-oauth logout again$/m)
      assert.strictEqual(second.exitCode, 0)
    })

    onMachine("logs out, once and again", function*({ directory, loggedIn, run }) {
      const flags = yield* loggedIn("oidc-public")

      const first = yield* run(["logout", ...flags])
      const second = yield* run(["logout", ...flags])

      assert.strictEqual(first.stdout, "Logged out oidc-public\n")
      assert.strictEqual(second.stdout, "There is no grant of oidc-public\n")
      assert.strictEqual(second.exitCode, 0)
      assert.deepStrictEqual(yield* grantsIn(directory), [])
    })
  })

  describe("doctor", () => {
    onMachine("finds nothing wrong with a client of the sandbox", function*({ client, run }) {
      const { exitCode, stdout } = yield* run(["doctor", "--json", ...yield* client("v4-web-app")])

      const { checks, ok } = JSON.parse(stdout)
      assert.strictEqual(exitCode, 0)
      assert.isTrue(ok)
      assert.deepStrictEqual(
        checks.filter(({ outcome }: { readonly outcome: string }) => outcome !== "ok")
          .map(({ name }: { readonly name: string }) => name),
        ["endpoints"]
      )
    })

    onMachine("finds a token endpoint that is not there", function*({ run, sandbox }) {
      const { exitCode, stdout } = yield* run([
        "doctor",
        "--json",
        "--client-id",
        "id",
        "--token-endpoint",
        `${sandbox.origin}/nowhere`
      ])

      const answer = JSON.parse(stdout).checks.find(({ name }: { readonly name: string }) => name === "answer")
      assert.strictEqual(exitCode, 2)
      assert.strictEqual(answer.outcome, "fail")
      assert.strictEqual(answer.remedy, "correct the address of the token endpoint")
    })
  })
})

const lastLine = (text: string): string => text.trimEnd().split("\n").at(-1) ?? ""

const grantsIn = (directory: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const names = yield* Effect.orElseSucceed(
      fs.readDirectory(Path.join(directory, "data", "effect-oauth", "grants")),
      () => []
    )
    return names.filter((name) => name.endsWith(".json"))
  })
