/**
 * What is done to a grant other than handing out its tokens: keeping the tokens
 * of a login, telling its state, revoking, ending, forgetting. Each is a loop of
 * read and compare-and-swap that runs in the service, whoever asked for it.
 *
 * It is long because every change of a grant that is no renewal is made here, in the same way: read, proposed,
 * swapped.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Grant from "../Grant.ts"
import type * as GrantHistory from "../GrantHistory.ts"
import type * as GrantKey from "../GrantKey.ts"
import * as Identity from "../Identity.ts"
import * as OAuthError from "../OAuthError.ts"
import * as Scopes from "../Scopes.ts"
import * as Target from "../Target.ts"
import * as TokenResponse from "../TokenResponse.ts"
import type { AdoptOptions, ForgetOptions, Status } from "../TokenService.ts"
import type { TokenSet } from "../TokenSet.ts"
import type { Outcome, Reading } from "../TokenStore.ts"
import * as Attempts from "./attempts.ts"
import { hear } from "./environment.ts"
import * as Claimed from "./identity.ts"
import * as Service from "./service.ts"
import * as Transaction from "./transaction.ts"

/** Keeps tokens as a grant of a new lineage. */
export const adopt = (
  self: Service.Service,
  key: GrantKey.GrantKey,
  tokens: TokenSet,
  options?: AdoptOptions
): Effect.Effect<void, OAuthError.OAuthError> =>
  Service.detached(
    self,
    Effect.gen(function*() {
      const { emit, id, rules } = self.renewal
      if (tokens.tokenType === TokenResponse.notApplicable) return yield* Effect.fail(notAnAccessToken)
      const lineage = yield* id
      const prepare = options?.unreadable === "set-aside" ? setAside(self, key) : Effect.void
      const keep = (identity: Identity.Identity | undefined) =>
        Effect.andThen(
          prepare,
          change(self, key, "adopt", (reading) => {
            // an earlier write of this login was accepted without an answer, and its pair may be renewed by now
            if (reading.grant?.lineage === lineage) return Effect.succeed(reading.grant)
            if (reading.grant !== undefined && reading.grant.format > Grant.format) return Effect.fail(newerFormat)
            const standing = reading.grant?.body
            if (options?.subject !== "any" && standing?._tag === "Open" && Claimed.differs(standing, tokens.idToken)) {
              return Effect.fail(new OAuthError.ResponseInvalid({ problem: "mismatch", field: "sub" }))
            }
            const now = self.renewal.clock.currentTimeMillisUnsafe()
            const scopes = options?.scopes ?? tokens.scopes ?? Scopes.empty
            const body = Transaction.renewed(
              {
                _tag: "Open",
                accessTokens: [],
                ...(scopes.length === 0 ? {} : { scopes }),
                ...(options?.resources === undefined ? {} : { resources: options.resources }),
                ...(options?.authorizationDetails === undefined
                  ? {}
                  : { authorizationDetails: Redacted.make(options.authorizationDetails) }),
                ...(identity === undefined ? {} : { identity: Identity.kept(identity) })
              },
              tokens,
              { offset: reading.now - now, need: { target: Target.whole }, rules }
            )
            return Effect.succeed<Grant.Draft>({
              format: Grant.format,
              key: key.id,
              state: Transaction.active,
              // the first write of a lineage needs no other name
              writeId: lineage,
              lineage,
              serial: 1,
              authorizedAt: reading.now,
              installation: rules.installation,
              body,
              dueIn: Transaction.dueIn({ key: key.id, body, authorizedAt: reading.now }, reading.now, rules),
              note: self.renewal.note("Authorized")
            })
          })
        )
      const kept = yield* Effect.result(Effect.flatMap(options?.identity ?? Effect.undefined, keep))
      if (kept._tag === "Success") {
        return emit({ _tag: "Authorized", key, renewable: tokens.refreshToken !== undefined })
      }
      if (options?.otherwise === "revoke") {
        // the refresh token stands for the grant; without one the access token is all there is
        yield* tokens.refreshToken === undefined
          ? Effect.ignore(self.revocation.revoke(tokens.accessToken, "access_token", tokens.kept))
          : self.renewal.discard(tokens.refreshToken, tokens.kept)
      }
      return yield* Effect.fail(kept.failure)
    })
  )

/** Tells what is known of a grant. */
export const status = (
  self: Service.Service,
  key: GrantKey.GrantKey
): Effect.Effect<Option.Option<Status>, OAuthError.OAuthError> =>
  Effect.map(self.renewal.custody.read(key), (reading) => {
    const { grant } = reading
    if (grant === undefined) return Option.none()
    const offset = reading.now - self.renewal.clock.currentTimeMillisUnsafe()
    const instant = (millis: number | undefined) =>
      Option.map(Option.fromUndefinedOr(millis), (at) => DateTime.makeUnsafe(at - offset))
    const token = Grant.accessToken(grant, Target.whole.id)
    const body = grant.body._tag === "Open" ? grant.body : undefined
    const renewable = body !== undefined && Transaction.presentable(body) !== undefined
    return Option.some({
      key,
      state: grant.state,
      scopes: token?.scopes ?? body?.scopes ?? Scopes.empty,
      authorizationDetails: Option.fromUndefinedOr(token?.authorizationDetails),
      expiresAt: instant(token?.expiresAt),
      retryAt: instant(grant.retryAt),
      renewable,
      refreshToken: !renewable ? "none" : body?.refreshTokenKept === true ? "maybe-spent" : "usable",
      reconnectBy: instant(renewable ? body?.refreshTokenExpiresAt : token?.expiresAt),
      serial: grant.serial,
      kept: body?.kept ?? {},
      store: self.store.name
    })
  })

/** Revokes a grant here, then at the server. */
export const revoke = (
  self: Service.Service,
  key: GrantKey.GrantKey
): Effect.Effect<"done" | "pending" | "unsupported", OAuthError.OAuthError> =>
  Service.detached(
    self,
    Effect.gen(function*() {
      const { grant } = yield* changeStanding(self, key, "revoke", ({ state }, at) =>
        Effect.succeed(
          state._tag === "Revoked"
            ? undefined
            : { change: { state: { _tag: "Revoked", at, remote: "pending" } }, note: ["Revoked", "pending"] }
        ))
      if (grant?.state._tag !== "Revoked") return "pending"
      const { at, remote } = grant.state
      if (remote !== "pending") return remote
      const revoked = yield* Effect.result(atServer(self, grant))
      const outcome = revoked._tag === "Success" ? revoked.success : "pending"
      self.renewal.emit({ _tag: "Revoked", key, remote: outcome })
      if (outcome === "pending") return outcome
      yield* change(self, key, "revoke", (reading) =>
        reading.grant?.version !== grant.version
          ? Effect.succeed(reading.grant)
          : proposal(self, grant, reading.now, {
            // nothing needs the tokens any more
            change: { state: { _tag: "Revoked", at, remote: outcome }, body: { _tag: "Open", accessTokens: [] } },
            note: ["Revoked", outcome]
          }))
      return outcome
    })
  )

/** Takes the provider's word that a grant has ended. */
export const ended = (
  self: Service.Service,
  key: GrantKey.GrantKey
): Effect.Effect<void, OAuthError.OAuthError> =>
  Service.detached(
    self,
    Effect.gen(function*() {
      yield* changeStanding(self, key, "ended", ({ state }, at) =>
        Effect.succeed(
          state._tag === "Revoked" || state._tag === "ReauthorizationRequired"
            ? undefined
            : { change: { state: { _tag: "ReauthorizationRequired", why: "Ended", at } }, note: ["Ended", "Ended"] }
        ))
      self.renewal.emit({ _tag: "Ended", key, why: "Ended" })
    })
  )

/** Puts a grant that has ended back, to be tried again with the refresh token that it still has. */
export const restore = (
  self: Service.Service,
  key: GrantKey.GrantKey
): Effect.Effect<boolean, OAuthError.OAuthError> =>
  Service.detached(
    self,
    Effect.gen(function*() {
      let restored = false
      yield* changeStanding(self, key, "restore", ({ body, state }) => {
        restored = false
        if (state._tag === "Revoked") return Effect.fail(required(key, "Revoked"))
        if (state._tag !== "ReauthorizationRequired") return Effect.undefined
        if (body._tag === "Sealed") return Effect.fail(sealed(body))
        // the pair of somebody else, or none: only a login helps
        if (state.why === "IdentityMismatch" || Transaction.presentable(body) === undefined) {
          return Effect.fail(required(key, state.why))
        }
        restored = true
        return Effect.succeed({ change: { state: Transaction.active, dueIn: 0 }, note: ["Restored", state.why] })
      })
      return restored
    })
  )

/** Removes a grant's record. */
export const forget = (
  self: Service.Service,
  key: GrantKey.GrantKey,
  options?: ForgetOptions
): Effect.Effect<void, OAuthError.OAuthError> =>
  Service.detached(
    self,
    Effect.gen(function*() {
      const { custody } = self.renewal
      if (options?.unreadable === "set-aside") yield* setAside(self, key)
      let reading: Reading = yield* custody.read(key)
      while (reading.grant !== undefined) {
        if (reading.grant.format > Grant.format) {
          return yield* Effect.fail(OAuthError.make("TokenService", "forget", newerFormat))
        }
        const outcome: Outcome = yield* custody.remove(key, reading.grant.version)
        reading = outcome
      }
      observe(self, key, reading)
    })
  )

// Moves what cannot be read out of the way, by its version. Whatever else is wrong shows in what follows.
const setAside = (self: Service.Service, key: GrantKey.GrantKey): Effect.Effect<void> =>
  Effect.catch(
    Effect.asVoid(self.renewal.custody.read(key)),
    ({ reason }) =>
      reason._tag !== "RecordInvalid" || reason.version === undefined
        ? Effect.void
        : Effect.map(self.renewal.custody.setAside(key, reason.version), ({ accepted, place = "" }) => {
          if (accepted) self.renewal.emit({ _tag: "SetAside", key, place })
        })
  ).pipe(Effect.ignore)

// Reads, proposes and compares-and-swaps until it is accepted. A proposal that is the standing record
// itself needs no write.
const change = Effect.fnUntraced(function*(
  self: Service.Service,
  key: GrantKey.GrantKey,
  method: string,
  propose: (reading: Reading) => Effect.Effect<Grant.Draft | Grant.Grant | undefined, OAuthError.OAuthErrorReason>
): Effect.fn.Return<Reading, OAuthError.OAuthError> {
  const { custody } = self.renewal
  const attempts = Attempts.begin(self.policy.persist)
  const again = Effect.fnUntraced(
    function*(error: OAuthError.OAuthError): Effect.fn.Return<void, OAuthError.OAuthError> {
      const delay = error.isTransient ? yield* attempts : undefined
      if (delay === undefined) return yield* Effect.fail(error)
      return yield* Effect.sleep(delay)
    }
  )
  const deadline = self.renewal.clock.currentTimeMillisUnsafe() + waitAtMost(self)
  const overdue = () => self.renewal.clock.currentTimeMillisUnsafe() >= deadline

  while (true) {
    const reading = yield* Effect.result(custody.read(key))
    if (reading._tag === "Failure") {
      if (overdue()) return yield* Effect.fail(reading.failure)
      yield* again(reading.failure)
      continue
    }
    const expected = reading.success.grant?.version
    const proposal = yield* Effect.mapError(
      propose(reading.success),
      (reason) => OAuthError.make("TokenService", method, reason)
    )
    if (proposal === undefined || proposal === reading.success.grant) {
      observe(self, key, reading.success)
      return reading.success
    }
    // the same write until it is known what became of it
    let outcome = yield* Effect.result(custody.write(expected, proposal))
    while (outcome._tag === "Failure") {
      if (overdue()) return yield* Effect.fail(outcome.failure)
      yield* again(outcome.failure)
      outcome = yield* Effect.result(custody.write(expected, proposal))
    }
    observe(self, key, outcome.success)
    if (outcome.success.accepted) return outcome.success
  }
})

// What a grant is to become, and what its history says of it.
interface Next {
  readonly change: Transaction.Change
  readonly note: readonly [what: GrantHistory.Happening, why: string]
}

// Changes the record that stands, and leaves it as it is where nothing is said.
const changeStanding = (
  self: Service.Service,
  key: GrantKey.GrantKey,
  method: string,
  next: (grant: Grant.Grant, now: number) => Effect.Effect<Next | undefined, OAuthError.OAuthErrorReason>
): Effect.Effect<Reading, OAuthError.OAuthError> =>
  change(self, key, method, ({ grant, now }) =>
    grant === undefined
      ? Effect.fail(required(key, "Absent"))
      : Effect.flatMap(
        next(grant, now),
        (next) => next === undefined ? Effect.succeed(grant) : proposal(self, grant, now, next)
      ))

const proposal = (
  self: Service.Service,
  grant: Grant.Grant,
  now: number,
  { change, note }: Next
): Effect.Effect<Grant.Draft, OAuthError.OAuthErrorReason> =>
  grant.format > Grant.format
    ? Effect.fail(newerFormat)
    : grant.installation !== self.renewal.rules.installation
    ? Effect.fail(new OAuthError.RecordReadOnly({ why: "other-installation" }))
    : Effect.map(
      self.renewal.id,
      (writeId) => Transaction.propose(grant, change, { now, writeId, note: self.renewal.note(...note) })
    )

// A refresh token stands for the grant; without one the access token is all there is.
const atServer = (
  self: Service.Service,
  grant: Grant.Grant
): Effect.Effect<"done" | "unsupported", OAuthError.OAuthError> => {
  if (grant.body._tag === "Sealed") {
    return Effect.fail(OAuthError.make("TokenService", "revoke", sealed(grant.body)))
  }
  const refreshToken = Transaction.presentable(grant.body)
  const { accessTokens: [accessToken], kept } = grant.body
  if (refreshToken !== undefined) return self.revocation.revoke(refreshToken, "refresh_token", kept)
  return accessToken === undefined
    ? Effect.succeed("done")
    : self.revocation.revoke(accessToken.value, "access_token", kept)
}

const observe = (self: Service.Service, key: GrantKey.GrantKey, reading: Reading): void => {
  hear(self.renewal, Service.slot(self, key).snapshot, reading)
}

const newerFormat = new OAuthError.RecordReadOnly({ why: "newer-format" })

const required = (key: GrantKey.GrantKey, why: OAuthError.ReauthorizationCause): OAuthError.OAuthErrorReason =>
  new OAuthError.ReauthorizationRequired({ why, provider: key.provider, account: key.account })

const sealed = ({ keyId }: { readonly keyId: string }): OAuthError.OAuthErrorReason =>
  new OAuthError.KeyUnavailable({ use: "seal", keyId })

const waitAtMost = (self: Service.Service): number => Duration.toMillis(self.policy.waitAtMost)

const notAnAccessToken = OAuthError.make(
  "TokenService",
  "adopt",
  new OAuthError.ConfigurationInvalid({
    field: "tokens",
    problem: "hold a token that is no access token (RFC 8693, section 2.2.1); an API cannot be asked with it"
  })
)
