/**
 * Moves grants from one store to another while processes go on using them.
 *
 * @since 0.1.0
 */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Grant from "./Grant.ts"
import * as GrantHistory from "./GrantHistory.ts"
import * as GrantKey from "./GrantKey.ts"
import * as GrantSchema from "./GrantSchema.ts"
import * as OAuthError from "./OAuthError.ts"
import type { Outcome, Reading, TokenStore } from "./TokenStore.ts"

/**
 * Why a grant was left where it is.
 *
 * - `Claimed`: somebody renews it, or was stopped while doing so; try again.
 * - `Indeterminate`: a renewal has got no answer yet; try again when it has settled.
 * - `Occupied`: the target has a grant of another login under this key.
 * - `ElsewhereBound`: it is on its way to another target.
 * - `NewerFormat`: a newer version of this library wrote it.
 * - `Sealed`: the body is sealed already, and the target would seal it again.
 * - `Unverified`: what the target gives back is not what it was given.
 * - `Unreadable`: it cannot be read.
 *
 * @category models
 * @since 0.1.0
 */
export type Left =
  | "Claimed"
  | "ElsewhereBound"
  | "Indeterminate"
  | "NewerFormat"
  | "Occupied"
  | "Sealed"
  | "Unreadable"
  | "Unverified"

/**
 * What became of one grant.
 *
 * @category models
 * @since 0.1.0
 */
export interface Progress {
  readonly key: GrantKey.GrantKey
  /**
   * Moved, why it was left, or `"absent"`: it was there when grants were listed
   * and is not any more. Somebody has removed it, or another run moved it.
   */
  readonly result: "moved" | "absent" | Left
}

/**
 * What is moved, and where.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  readonly from: TokenStore["Service"]
  readonly to: TokenStore["Service"]
  /**
   * What the target is called: whoever goes on with a move that was broken off
   * says the same name. A grant that is on its way to another name is left.
   */
  readonly name: string
  readonly provider?: string | undefined
  readonly account?: string | undefined
  /**
   * What stays in the old store: nothing (`"remove"`), or the record
   * (`"keep"`), whose access token is served there until it ends and which is
   * never renewed; `"remove"`.
   */
  readonly source?: "keep" | "remove" | undefined
  /** Whether bodies may leave a sealing store for one that keeps them in clear; `"refuse"`. */
  readonly unsealing?: "allow" | "refuse" | undefined
}

/**
 * Moves every grant that fits, one after the other.
 *
 * **Details**
 *
 * - First the record in the old store is given to another installation, by
 *   compare-and-swap: from then on nobody renews the grant there, though its
 *   access token is still served. Then it is copied, where the target has none,
 *   and read back. Then it is removed from the old store, or kept as it is. At no
 *   time do both stores renew one grant, and at no time is it in neither.
 * - Broken off at any point, a second run with the same `name` goes on.
 * - A grant that is being renewed is left, and moved by a later run.
 *
 * **Gotchas**
 *
 * Instants are taken over as they are: the clocks of the two stores should agree.
 * The history begins anew. Processes should be told of the new store before the
 * last access tokens end; a login at the old store in the meantime is another
 * grant.
 *
 * @category constructors
 * @since 0.1.0
 */
export const run = (
  options: Options
): Stream.Stream<Progress, OAuthError.OAuthError, SecureRandom.SecureRandom> => {
  const { account, from, provider, to } = options
  if (from.bodies === "sealed" && to.bodies !== "sealed" && options.unsealing !== "allow") {
    return Stream.fail(OAuthError.make(
      "GrantMove",
      "run",
      new OAuthError.ConfigurationInvalid({
        field: "to",
        problem: "keeps tokens in clear that are sealed now; say that this is meant, or seal them there too"
      })
    ))
  }
  return Stream.paginate(
    undefined as string | undefined,
    Effect.fnUntraced(function*(cursor: string | undefined) {
      const page = yield* from.list({ limit: 100, provider, account, cursor })
      return [page.heads, Option.fromUndefinedOr(page.cursor)] as const
    })
  ).pipe(
    Stream.mapEffect(({ key }) => Effect.fromNullishOr(GrantKey.fromId(key)).pipe(Effect.orDie)),
    Stream.mapEffect((key) => Effect.map(move(options, key), (result): Progress => ({ key, result })))
  )
}

const move = (
  options: Options,
  key: GrantKey.GrantKey
): Effect.Effect<Progress["result"], OAuthError.OAuthError, SecureRandom.SecureRandom> =>
  Effect.gen(function*() {
    const { from, name, to } = options
    let reading: Reading = yield* from.read(key)
    let isCopied = false
    while (reading.grant !== undefined) {
      const { grant } = reading
      if (grant.format > Grant.format) return "NewerFormat"
      if (grant.body._tag === "Sealed" && to.bodies === "sealed") return "Sealed"

      const mark = markOf(grant)
      if (mark === undefined) {
        if (grant.state._tag === "Renewing") return "Claimed"
        if (grant.state._tag === "Indeterminate") return "Indeterminate"
        const standing = (yield* to.read(key)).grant
        if (standing !== undefined && !isSuccessor(standing, grant)) return "Occupied"
        reading = yield* from.write(
          grant.version,
          yield* changed(reading, grant, toMark(name, grant.installation), "Moving", name)
        )
        continue
      }

      if (mark.name !== name) return "ElsewhereBound"
      // nobody renews it here any more
      const copied: Outcome = yield* to.write(
        undefined,
        yield* changed(reading, grant, mark.installation, "Moved", from.name)
      )
      if (copied.grant === undefined || !isSuccessor(copied.grant, grant)) {
        // a login came first: the grant stays where it was
        yield* from.write(grant.version, yield* changed(reading, grant, mark.installation, "Moving", "Occupied"))
        return "Occupied"
      }
      const back = copied.accepted ? (yield* to.read(key)).grant : copied.grant
      if (back === undefined || !(isCopy(back, grant) || isLater(back, grant))) return "Unverified"
      if (options.source === "keep") return "moved"
      isCopied = true
      const removed: Outcome = yield* from.remove(key, grant.version)
      reading = removed
    }
    return isCopied ? "moved" : "absent"
  }).pipe(Effect.catchReason("OAuthError", "RecordInvalid", () => Effect.succeed("Unreadable" as const)))

// The record as it stands, for another installation.
const changed = (
  reading: Reading,
  grant: Grant.Grant,
  installation: string,
  what: GrantHistory.Happening,
  why: string
): Effect.Effect<Grant.Draft, never, SecureRandom.SecureRandom> =>
  Effect.gen(function*() {
    const random = yield* SecureRandom.SecureRandom
    const writeId = Base64Url.encode(yield* random.randomBytes(12))
    return {
      ...Grant.draft(grant, { now: reading.now, writeId }),
      installation,
      note: GrantHistory.note(what, "move", why)
    }
  })

// An installation that no service has: it says where the grant goes, and whose it was.
const toMark = (name: string, installation: string): string =>
  `moving/${encodeURIComponent(name)}/${encodeURIComponent(installation)}`

const markOf = (grant: Grant.Grant): { readonly name: string; readonly installation: string } | undefined => {
  const [, name, installation] = /^moving\/([^/]*)\/([^/]*)$/.exec(grant.installation) ?? []
  return name === undefined || installation === undefined
    ? undefined
    : { name: decodeURIComponent(name), installation: decodeURIComponent(installation) }
}

// The same login, as far or farther.
const isSuccessor = (standing: Grant.Grant, grant: Grant.Grant): boolean =>
  standing.lineage === grant.lineage && standing.serial >= grant.serial

const isLater = (standing: Grant.Grant, grant: Grant.Grant): boolean =>
  standing.lineage === grant.lineage && (standing.serial > grant.serial || standing.state._tag !== grant.state._tag)

const isCopy = (copy: Grant.Grant, grant: Grant.Grant): boolean =>
  isSuccessor(copy, grant) && encodeBody(copy.body) === encodeBody(grant.body)

const encodeBody = Schema.encodeSync(Schema.fromJsonString(GrantSchema.Body))
