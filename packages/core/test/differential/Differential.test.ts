import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { isDeepStrictEqual } from "node:util"
import { differences, page, wayOf } from "./Differences.ts"
import { Chance, type Kind, sample } from "./Samples.ts"
import { ours, theirs } from "./Verdicts.ts"

const counts: { readonly [K in Kind]: number } = {
  token: 1200,
  error: 600,
  introspection: 600,
  device: 500,
  metadata: 500,
  resource: 500,
  pushed: 500,
  backchannel: 500,
  registration: 800,
  callback: 1500,
  challenge: 1500
}

describe("beside oauth4webapi", () => {
  for (const [kind, count] of Object.entries(counts) as ReadonlyArray<readonly [Kind, number]>) {
    it.effect(
      `${count} answers (${kind}) are accepted and refused alike, but for the differences that are known`,
      () =>
        Effect.gen(function*() {
          const chance = new Chance(Number(process.env["SEED"] ?? 1))
          const unknown: Array<unknown> = []
          const seen = new Set<string>()
          let accepted = 0
          for (let index = 0; index < count; index++) {
            const each = sample(kind, chance)
            const [own, other] = [yield* ours(each), yield* theirs(each)]
            const way = wayOf(own, other, isDeepStrictEqual)
            if (own._tag === "Accepted" && way === undefined) accepted++
            if (way === undefined) continue
            const known = differences.filter((difference) =>
              difference.way === way && difference.kinds.includes(kind) && difference.applies(each)
            )
            for (const { id } of known) seen.add(id)
            if (known.length === 0) unknown.push({ way, own, other, each: shown(each) })
          }

          assert.deepStrictEqual(unknown, [])
          // else the samples say nothing: errors are accepted by nobody
          assert.isAtLeast(accepted, kind === "error" ? 0 : count / 4)
          // by another seed a rare one may not come
          if (process.env["SEED"] !== undefined) return
          assert.deepStrictEqual(
            differences.filter(({ id, kinds }) => kinds[0] === kind && !seen.has(id)).map(({ id }) => id),
            []
          )
        })
    )
  }
})

describe("the page about it", () => {
  it("says what the data says", () => {
    assert.strictEqual(
      fs.readFileSync(path.join(import.meta.dirname, "../../../../docs/oauth4webapi.md"), "utf8"),
      page()
    )
  })
})

const shown = (each: ReturnType<typeof sample>): unknown =>
  "answer" in each ? { ...each.answer, body: new TextDecoder().decode(each.answer.body) } : each
