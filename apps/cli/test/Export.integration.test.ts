import { assert, describe } from "@effect/vitest"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { onMachine } from "./support/process.ts"

describe("effect-oauth grants export", () => {
  onMachine("carries grants to another store, where they are renewed, and here no more", function*(machine) {
    const { directory, loggedIn, run } = machine
    const flags = yield* loggedIn("oidc-public", "home")
    yield* loggedIn("legacy-public", "work")
    const [file, elsewhere] = places(directory)

    const exported = yield* run(["grants", "export", file, ...passphrase(directory)])
    const there = yield* run(["grants", "import", file, ...passphrase(directory), "--store", elsewhere])
    const renewed = yield* run(["refresh", "--json", ...flags, "--store", elsewhere])
    const left = yield* run(["grants", "list"])

    assert.deepStrictEqual([exported.exitCode, there.exitCode, renewed.exitCode], [0, 0, 0])
    assert.strictEqual(JSON.parse(renewed.stdout).grant.serial, 2)
    assert.strictEqual(left.stdout, "")
    assert.isFalse(Fs.existsSync(file))
  })

  onMachine("writes nothing that can be read, for nobody else", function*({ directory, loggedIn, run }) {
    const flags = yield* loggedIn("oidc-public", "home")
    const token = (yield* run(["token", ...flags])).stdout.trim()
    const [file] = places(directory)

    yield* run(["grants", "export", file, ...passphrase(directory)])

    const text = Fs.readFileSync(file, "utf8")
    assert.include(text, "Sealed")
    assert.notInclude(text, token)
    assert.strictEqual(Fs.statSync(file).mode & 0o777, 0o600)
  })

  onMachine("with --keep leaves records that are never renewed", function*({ directory, loggedIn, run }) {
    const flags = yield* loggedIn("oidc-public", "home")
    const [file] = places(directory)

    yield* run(["grants", "export", file, "--keep", ...passphrase(directory)])

    const [token, refresh] = [yield* run(["token", ...flags]), yield* run(["refresh", ...flags])]
    assert.strictEqual(token.exitCode, 0)
    assert.notStrictEqual(refresh.exitCode, 0)
    assert.match(refresh.stderr, /installation/)
  })

  onMachine("writes over no file", function*({ directory, loggedIn, run }) {
    yield* loggedIn("oidc-public", "home")
    const [file] = places(directory)
    Fs.writeFileSync(file, "mine")

    const { exitCode, stderr } = yield* run(["grants", "export", file, ...passphrase(directory)])

    assert.strictEqual(exitCode, 2)
    assert.match(stderr, /is there already/)
    assert.strictEqual(Fs.readFileSync(file, "utf8"), "mine")
  })

  onMachine("writes no file where there is nothing to carry", function*({ directory, run }) {
    const [file] = places(directory)

    const { exitCode, stderr } = yield* run(["grants", "export", file, ...passphrase(directory)])

    assert.strictEqual(exitCode, 0)
    assert.match(stderr, /no such grants/)
    assert.isFalse(Fs.existsSync(file))
  })

  onMachine("wants a passphrase that is not tried out in a minute", function*({ directory, loggedIn, run }) {
    yield* loggedIn("oidc-public", "home")
    const [file] = places(directory)

    const { exitCode, stderr } = yield* run(["grants", "export", file, "--passphrase-file", "-"], { stdin: "short" })

    assert.strictEqual(exitCode, 2)
    assert.match(stderr, /at least 12 characters/)
  })

  describe("import", () => {
    onMachine("opens nothing with another passphrase, and keeps the file", function*({ directory, loggedIn, run }) {
      yield* loggedIn("oidc-public", "home")
      const [file, elsewhere] = places(directory)
      yield* run(["grants", "export", file, ...passphrase(directory)])

      const { exitCode, stderr } = yield* run(
        ["grants", "import", file, "--passphrase-file", "-", "--store", elsewhere],
        { stdin: "another passphrase\n" }
      )

      assert.strictEqual(exitCode, 2)
      assert.match(stderr, /does not open this file/)
      assert.isTrue(Fs.existsSync(file))
    })

    onMachine("takes nothing that was changed", function*({ directory, loggedIn, run }) {
      yield* loggedIn("oidc-public", "home")
      const [file, elsewhere] = places(directory)
      yield* run(["grants", "export", file, ...passphrase(directory)])
      const text = Fs.readFileSync(file, "utf8")
      Fs.writeFileSync(file, text.replace("|home\"", "|eve\""))

      const { exitCode, stderr } = yield* run(
        ["grants", "import", file, ...passphrase(directory), "--store", elsewhere]
      )

      assert.notStrictEqual(text, Fs.readFileSync(file, "utf8"))
      assert.strictEqual(exitCode, 2)
      assert.match(stderr, /somebody changed it/)
    })

    onMachine("leaves a login that came in the meantime", function*({ directory, loggedIn, run }) {
      const flags = yield* loggedIn("oidc-public", "home")
      const [file] = places(directory)
      yield* run(["grants", "export", file, ...passphrase(directory)])
      yield* loggedIn("oidc-public", "home")
      const before = (yield* run(["token", ...flags])).stdout

      const { exitCode, stderr } = yield* run(["grants", "import", file, ...passphrase(directory)])

      assert.strictEqual(exitCode, 1)
      assert.match(stderr, /a grant of another login/)
      assert.strictEqual((yield* run(["token", ...flags])).stdout, before)
      assert.isTrue(Fs.existsSync(file))
    })

    onMachine("leaves in the file what it did not take, and nothing else", function*({ directory, loggedIn, run }) {
      yield* loggedIn("oidc-public", "home")
      yield* loggedIn("legacy-public", "work")
      const [file, elsewhere] = places(directory)
      yield* run(["grants", "export", file, ...passphrase(directory)])
      yield* loggedIn("oidc-public", "home")

      yield* run(["grants", "import", file, ...passphrase(directory)])

      const rest = yield* run(["grants", "import", file, "--json", ...passphrase(directory), "--store", elsewhere])
      assert.deepStrictEqual(rest.stdout.trim().split("\n").map((line) => JSON.parse(line).account), ["home"])
    })

    for (const text of ["", "{}", "no JSON", "{\"effect-oauth\":\"grants\",\"version\":2}"]) {
      onMachine(`takes no file that holds ${JSON.stringify(text)}`, function*({ directory, run }) {
        const [file] = places(directory)
        Fs.writeFileSync(file, text)

        const { exitCode, stderr } = yield* run(["grants", "import", file, ...passphrase(directory)])

        assert.strictEqual(exitCode, 2)
        assert.match(stderr, /does not hold exported grants/)
      })
    }
  })
})

const places = (directory: string) =>
  [Path.join(directory, "carried.grants"), Path.join(directory, "elsewhere")] as const

const passphrase = (directory: string): ReadonlyArray<string> => {
  const file = Path.join(directory, "passphrase")
  Fs.writeFileSync(file, "correct horse battery staple\n", { mode: 0o600 })
  return ["--passphrase-file", file]
}
