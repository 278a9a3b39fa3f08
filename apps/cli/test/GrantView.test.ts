import * as GrantView from "@effect-oauth/cli/GrantView"
import * as Style from "@effect-oauth/cli/Style"
import { type Grant, GrantKey, RotationPolicy } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"

describe("GrantView", () => {
  it("holds no token", () => {
    assert.notInclude(JSON.stringify(GrantView.make(record({}), options)), "hush")
    assert.notInclude(GrantView.toText(GrantView.make(record({}), options), Style.plain), "hush")
  })

  it("tells times as ISO 8601, and durations in seconds", () => {
    const view = GrantView.make(record({}), options)

    assert.strictEqual(view.issuedAt, "2030-01-01T00:00:00.000Z")
    assert.strictEqual(view.expiresAt, "2030-01-01T01:00:00.000Z")
    assert.strictEqual(view.lifetime, 3600)
    assert.strictEqual(view.expiresIn, 2700)
  })

  it("shows what is left of the token as a bar", () => {
    const text = GrantView.toText(GrantView.make(record({}), options), Style.plain)

    assert.include(text, "███████████████░░░░░ 45 min of 1 h left")
  })

  it("says of a token that ended that it is renewed when it is asked for", () => {
    const view = GrantView.make(record({}), { ...options, now: start + 7_200_000 })

    assert.strictEqual(view.expiresIn, 0)
    assert.isFalse(GrantView.isEnded(view))
    assert.include(GrantView.toText(view, Style.plain), "ended; renewed when it is asked for")
  })

  it("says that a grant is over whose token ended and cannot be renewed", () => {
    const { refreshToken: _, ...body } = open
    const view = GrantView.make({ ...record({}), body }, { ...options, now: start + 7_200_000 })

    assert.isFalse(view.renewable)
    assert.isTrue(GrantView.isEnded(view))
    assert.match(GrantView.toText(view, Style.plain), /state +ended/)
  })

  it("says that a grant can be renewed whose refresh token came with an answer that failed a check", () => {
    const { refreshToken, ...body } = open
    const quarantined = { refreshToken: refreshToken ?? Redacted.make(""), problem: "ResponseInvalid" }
    const view = GrantView.make(
      { ...record({}), body: { ...body, quarantined } },
      { ...options, now: start + 7_200_000 }
    )

    assert.isTrue(view.renewable)
    assert.isFalse(GrantView.isEnded(view))
    assert.notInclude(JSON.stringify(view), "hush")
  })

  it("says why a login is needed", () => {
    const view = GrantView.make(
      record({ state: { _tag: "ReauthorizationRequired", why: "RotationLost", at: start } }),
      options
    )

    assert.strictEqual(view.why, "RotationLost")
    assert.isTrue(GrantView.needsLogin(view))
    assert.include(GrantView.toText(view, Style.plain), "log in again (RotationLost)")
  })

  it("says when an unanswered renewal is tried again", () => {
    const view = GrantView.make(
      record({
        state: { _tag: "Indeterminate", presented: "d", since: start, attempt: 1 },
        retryAt: start + 60_000
      }),
      options
    )

    assert.include(
      GrantView.toText(view, Style.plain),
      "the answer to a renewal was lost; it is tried again after 2030-01-01T00:01:00.000Z"
    )
  })

  const rotations = [
    [RotationPolicy.fixed, "static"],
    [RotationPolicy.oneShot, "one-shot"],
    [RotationPolicy.unknown, "unknown"],
    [RotationPolicy.rotating(), "rotating"],
    [
      RotationPolicy.rotating({ window: { duration: "30 seconds", idempotent: true } }),
      "rotating, replay window 30s"
    ]
  ] as const
  for (const [rotation, text] of rotations) {
    it(`calls a refresh token ${text}`, () => {
      assert.strictEqual(GrantView.rotationText(rotation), text)
    })
  }
})

const start = Date.UTC(2030, 0, 1)

const options = { now: start + 900_000, rotation: RotationPolicy.rotating() }

const open: Grant.Open = {
  _tag: "Open",
  accessTokens: [{
    target: "",
    value: Redacted.make("hush access"),
    type: "Bearer",
    issuedAt: start,
    expiresAt: start + 3_600_000
  }],
  refreshToken: Redacted.make("hush refresh"),
  scopes: ["openid"]
}

const record = (change: Partial<Grant.Grant>): Grant.Grant => ({
  format: 1,
  key: GrantKey.make({ provider: "frameio", issuer: "https://as.example", client: "id", account: "work" }).id,
  state: { _tag: "Active", failures: 0 },
  writeId: "w",
  lineage: "l",
  serial: 3,
  installation: "default",
  body: open,
  version: "1",
  ...change
})
