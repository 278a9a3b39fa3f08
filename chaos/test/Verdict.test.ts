import { assert, describe, it } from "@effect/vitest"
import { Ledger, type Token } from "../src/Ledger.ts"
import type { Kind } from "../src/Settings.ts"
import * as Verdict from "../src/Verdict.ts"

describe("Verdict", () => {
  it("counts the tokens that the server replaced", () => {
    const story = new Story("windowed")

    story.rotate("a").stands()
    story.rotate("b").stands()

    assert.strictEqual(story.judge().windowed.renewals, 2)
    assert.deepStrictEqual(story.judge().faults, [])
  })

  it("finds nothing wrong where an answer was dropped and a strict server refused its token", () => {
    const story = new Story("strict")

    story.rotate("a", "dropped")
    story.refuse("b")
    story.login("RotationLost").stands()

    const { faults, strict } = story.judge()
    assert.deepStrictEqual(strict.lost, [{ grant: "ada", reason: "answer dropped after rotation" }])
    assert.deepStrictEqual([strict.probes, strict.forbiddenReplays], [1, 0])
    assert.deepStrictEqual(faults, [])
  })

  it("finds nothing wrong where the holder was killed before its commit", () => {
    const story = new Story("strict")

    story.rotate("a").kill("a")
    story.refuse("b")
    story.login("RotationLost").stands()

    assert.deepStrictEqual(story.judge().strict.lost, [{ grant: "ada", reason: "holder killed before its commit" }])
    assert.deepStrictEqual(story.judge().faults, [])
  })

  it("says so when a grant was lost whose pair a living process held", () => {
    const story = new Story("strict")

    story.rotate("a")
    story.refuse("b")

    const { faults, strict } = story.judge()
    assert.deepStrictEqual(strict.lost, [{ grant: "ada", reason: "its successor was held by a living process" }])
    assert.strictEqual(strict.forbiddenReplays, 1)
    assert.lengthOf(faults, 2)
  })

  it("says so when a token was presented whose successor stood in the store, though its holder was killed", () => {
    const story = new Story("strict")

    story.rotate("a").stands().kill("a")
    story.refuse("b")

    const { faults, strict } = story.judge()
    assert.deepStrictEqual(strict.lost, [{ grant: "ada", reason: "its successor stood in the store" }])
    assert.strictEqual(strict.forbiddenReplays, 1)
    assert.lengthOf(faults, 2)
  })

  it("says so when a token was presented within the window, though its successor stood in the store", () => {
    const story = new Story("windowed")

    story.rotate("a").stands()
    story.replay("b")

    const { faults, windowed } = story.judge()
    assert.deepStrictEqual([windowed.replays, windowed.forbiddenReplays], [0, 1])
    assert.lengthOf(faults, 1)
  })

  it("allows a token within the window, when its successor stood nowhere", () => {
    const story = new Story("windowed")

    story.rotate("a")
    story.replay("a")
    story.stands()

    const { faults, windowed } = story.judge()
    assert.deepStrictEqual([windowed.replays, windowed.forbiddenReplays], [1, 0])
    assert.deepStrictEqual(faults, [])
  })

  it("says so when a grant at a server with a window was lost, whoever was killed", () => {
    const story = new Story("windowed")

    story.rotate("a").kill("a")
    story.refuse("b")
    story.login("RotationLost").stands()

    assert.deepStrictEqual(story.judge(0).windowed.lost, [{ grant: "ada", reason: "holder killed before its commit" }])
    assert.deepStrictEqual(story.judge(0).faults, [
      "ada was lost: holder killed before its commit",
      "ada: token 1 was presented by b, though the window had closed"
    ])
  })

  it("says so when a loss was reported as anything but RotationLost", () => {
    const story = new Story("strict")

    story.rotate("a", "dropped")
    story.refuse("b")
    story.login("GrantRejected").stands()

    assert.deepStrictEqual(story.judge().faults, ["ada was lost and reported as GrantRejected"])
  })

  it("counts no loss where a second login began before the first was kept", () => {
    const story = new Story("strict")

    story.rotate("a", "dropped")
    story.refuse("b")
    story.login("RotationLost").login("RotationLost").stands().standsLate()

    assert.deepStrictEqual(story.judge().faults, [])
    assert.strictEqual(story.judge().strict.lost.length, 1)
  })

  it("says so when a grant was given up that the server still honoured", () => {
    const story = new Story("strict")

    story.rotate("a").stands()
    story.login("RotationLost").stands()

    assert.deepStrictEqual(story.judge().faults, ["ada was lost: given up, though the server still honoured it"])
  })

  it("does not count a login that nobody kept", () => {
    const story = new Story("strict")

    story.rotate("a", "dropped")
    story.refuse("b")
    story.login("RotationLost")
    story.login("RotationLost").stands()

    assert.lengthOf(story.judge().strict.lost, 1)
    assert.deepStrictEqual(story.judge().faults, [])
  })

  it("says so when the store holds a replaced token at the end, and its successor was held by a living process", () => {
    const story = new Story("windowed")

    story.stands()
    story.rotate("a")

    assert.deepStrictEqual(story.judge().faults, ["ada was lost: its successor was held by a living process"])
  })

  it("counts tokens that the server honours and no store holds, where a living process got them", () => {
    const story = new Story("strict")

    story.rotate("a")
    story.login("").stands()

    assert.strictEqual(story.judge().orphans, 1)
  })
})

/** The life of one grant, told to a ledger. */
class Story {
  readonly ledger = new Ledger()
  readonly #stood = new Map<string, number>()
  readonly #killed = new Map<string, number>()
  readonly #kind: Kind
  #standing: Token | undefined
  #instant = 0
  #tokens = 0

  constructor(kind: Kind) {
    this.#kind = kind
    this.ledger.begin("lineage-1", "ada", kind, undefined)
    this.#issue("lineage-1")
    this.stands()
  }

  /** A process presents the newest token, and the server replaces it. */
  rotate(by: string, outcome: "delivered" | "dropped" = "delivered"): this {
    const token = this.#newest()
    this.#tick()
    this.ledger.presented(token, by, this.#instant, "rotated")
    token.spentAt = this.#instant
    this.#issue(token.lineage.id)
    this.ledger.sent(this.#newest(), { to: by, at: this.#instant, outcome })
    return this
  }

  /** The newest token stands in the store. */
  stands(): this {
    this.#tick()
    this.#standing = this.#newest()
    this.#stood.set(this.#newest().digest, this.#instant)
    return this
  }

  kill(process: string): this {
    this.#tick()
    this.#killed.set(process, this.#instant)
    return this
  }

  /** A process presents the token before the newest, and the login ends. */
  refuse(by: string): this {
    this.#presentOld(by, "refused")
    this.ledger.revoked(this.#newest().lineage.id, "reuse")
    return this
  }

  /** A process presents the token before the newest, and gets the newest. */
  replay(by: string): this {
    return this.#presentOld(by, "replayed")
  }

  login(why: string): this {
    const id = `lineage-${this.ledger.lineages.length + 1}`
    this.#later()
    this.ledger.begin(id, "ada", this.#kind, why)
    this.#issue(id)
    return this
  }

  /** The store gets the tokens of the login before the newest, after the newest began. */
  standsLate(): this {
    const token = this.ledger.lineages.at(-2)?.tokens.at(-1)
    if (token !== undefined) this.#stood.set(token.digest, Number.MAX_VALUE)
    return this
  }

  judge(window = 1_000_000): Verdict.Verdict {
    return Verdict.judge({
      ledger: this.ledger,
      stood: this.#stood,
      killed: this.#killed,
      standing: new Map([["ada", { token: this.#standing?.digest, state: "Active", why: undefined }]]),
      window
    })
  }

  #presentOld(by: string, outcome: "refused" | "replayed"): this {
    this.#tick()
    const old = this.#newest().lineage.tokens.at(-2)
    if (old !== undefined) this.ledger.presented(old, by, this.#instant, outcome)
    return this
  }

  #newest(): Token {
    const token = this.ledger.lineages.at(-1)?.tokens.at(-1)
    assert.isDefined(token)
    return token
  }

  #issue(lineage: string): void {
    this.ledger.issued(`token-${++this.#tokens}`, lineage)
  }

  #tick(): void {
    this.#instant++
  }

  // logins are told apart by when they began
  #later(): void {
    const { startedAt } = this.#newest().lineage
    while (process.hrtime.bigint() <= BigInt(Math.ceil(startedAt * 1e6))) continue
  }
}
