/**
 * What happens to grants, as a stream of events: for logs, metrics, and for
 * telling people that an account wants to be connected again.
 *
 * @since 0.1.0
 */
import type * as GrantKey from "./GrantKey.ts"
import type { OAuthErrorReason, ReauthorizationCause } from "./OAuthError.ts"

/**
 * An event in the life of a grant. No event carries a secret.
 *
 * - `Authorized`: a login gave the grant; `renewable` tells whether with a refresh token.
 * - `Renewed`: this process renewed it; `why` tells what for (`kept`: nobody had asked).
 * - `ReconnectSoon`: the renewal used the refresh token up and brought no other. The account has to be connected again
 *   when the access token ends; `TokenService.status` tells when that is.
 * - `Adopted`: tokens that another process got were taken over.
 * - `RenewalFailed`: this process tried, and the grant stays.
 * - `Unsaved`: tokens were got and the store did not take them, or (`RenewalPending`) not while another process presents
 *   the same refresh token; they are used, and saving goes on. `Saved` follows, or `Escrowed`, `PairLost` or `Overtaken`.
 * - `Quarantined`: an answer failed a check; its refresh token is kept and given to nobody.
 * - `Overtaken`: tokens were got after another process had followed; they are forgotten.
 *   `leftToExpire` tells that they stay alive at the server for their time.
 * - `WrittenBack`: the store had gone back in time, and the newer record was written again.
 * - `Ended`: the grant must be authorized again.
 * - `Revoked`: revoked here; `remote` tells whether the server knows.
 * - `SetAside`: a record that could not be read was moved out of the way, to `place`.
 * - `BrakeHeld`: the server ends so many grants at once that none is ended here.
 *
 * @category models
 * @since 0.1.0
 */
export type GrantEvent =
  | { readonly _tag: "Authorized"; readonly key: GrantKey.GrantKey; readonly renewable: boolean }
  | {
    readonly _tag: "Renewed"
    readonly key: GrantKey.GrantKey
    readonly why: "expiring" | "refused" | "forced" | "kept"
    readonly rotated: boolean
    readonly attempt: number
    /** How long it took, from when it was found to be due until the new pair was kept. */
    readonly millis: number
    /** How old the token was that it replaced, by the store's clock; absent where there was none. */
    readonly age?: number | undefined
    /** How many waited for it in this process. */
    readonly waiters: number
  }
  | { readonly _tag: "ReconnectSoon"; readonly key: GrantKey.GrantKey }
  | { readonly _tag: "Adopted"; readonly key: GrantKey.GrantKey }
  | { readonly _tag: "RenewalFailed"; readonly key: GrantKey.GrantKey; readonly reason: OAuthErrorReason }
  | { readonly _tag: "Unsaved"; readonly key: GrantKey.GrantKey; readonly reason: OAuthErrorReason }
  | { readonly _tag: "Saved"; readonly key: GrantKey.GrantKey }
  | { readonly _tag: "Escrowed"; readonly key: GrantKey.GrantKey }
  | { readonly _tag: "PairLost"; readonly key: GrantKey.GrantKey }
  | { readonly _tag: "Quarantined"; readonly key: GrantKey.GrantKey; readonly reason: OAuthErrorReason }
  | { readonly _tag: "Overtaken"; readonly key: GrantKey.GrantKey; readonly leftToExpire: boolean }
  | { readonly _tag: "WrittenBack"; readonly key: GrantKey.GrantKey }
  | { readonly _tag: "Ended"; readonly key: GrantKey.GrantKey; readonly why: ReauthorizationCause }
  | { readonly _tag: "Revoked"; readonly key: GrantKey.GrantKey; readonly remote: "done" | "pending" | "unsupported" }
  | { readonly _tag: "SetAside"; readonly key: GrantKey.GrantKey; readonly place: string }
  | { readonly _tag: "BrakeHeld"; readonly key: GrantKey.GrantKey }
