/**
 * What is shown of a grant, without its tokens.
 */
import type * as Grant from "@effect-oauth/core/Grant"
import * as GrantKey from "@effect-oauth/core/GrantKey"
import type { ReauthorizationCause } from "@effect-oauth/core/OAuthError"
import type * as RotationPolicy from "@effect-oauth/core/RotationPolicy"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Bar from "./Bar.ts"
import type { Style } from "./Style.ts"

/** What is shown of a grant. Times are ISO 8601, durations seconds. */
export interface GrantView {
  readonly provider: string
  readonly issuer: string
  readonly client: string
  readonly account: string
  readonly part: string | null
  readonly subject: string | null
  readonly state: Grant.State["_tag"]
  /** Why a login is needed, where one is. */
  readonly why: ReauthorizationCause | null
  /** What was given; what was asked for, where the server did not say. */
  readonly scopes: ReadonlyArray<string>
  readonly issuedAt: string | null
  /** When the access token ends; null where the server did not say. */
  readonly expiresAt: string | null
  readonly expiresIn: number | null
  readonly lifetime: number | null
  readonly renewable: boolean
  readonly refreshTokenExpiresAt: string | null
  /** Nothing is asked of the server before this. */
  readonly retryAt: string | null
  /** Renewals that failed since the last one that did not. */
  readonly failures: number
  /** How many pairs the login has given. */
  readonly serial: number
  /** What the server does with a refresh token; null where the provider is not the one that was named. */
  readonly rotation: string | null
}

/** What is shown of a record, as it was read at `now` of the store's clock. */
export const make = (
  grant: Grant.Grant,
  options: { readonly now: number; readonly rotation: RotationPolicy.RotationPolicy | undefined }
): GrantView => {
  const key = GrantKey.fromId(grant.key)
  const body = grant.body._tag === "Open" ? grant.body : undefined
  const token = body?.accessTokens.find(({ target }) => target === "")
  const seconds = (millis: number) => Math.floor(millis / 1000)
  return {
    provider: key?.provider ?? "",
    issuer: key?.issuer ?? "",
    client: key?.client ?? "",
    account: key?.account ?? "",
    part: key?.part ?? null,
    subject: body?.subject ?? null,
    state: grant.state._tag,
    why: whyOf(grant.state),
    scopes: token?.scopes ?? body?.scopes ?? [],
    issuedAt: instant(token?.issuedAt),
    expiresAt: instant(token?.expiresAt),
    expiresIn: token?.expiresAt === undefined ? null : Math.max(0, seconds(token.expiresAt - options.now)),
    lifetime: token?.expiresAt === undefined ? null : Math.max(0, seconds(token.expiresAt - token.issuedAt)),
    // what came with an answer that failed a check is given to nobody, and is what a renewal presents
    renewable: (body?.quarantined ?? body)?.refreshToken !== undefined,
    refreshTokenExpiresAt: instant(body?.refreshTokenExpiresAt),
    retryAt: instant(grant.retryAt),
    failures: grant.state._tag === "Active" ? grant.state.failures : 0,
    serial: grant.serial,
    rotation: options.rotation === undefined ? null : rotationText(options.rotation)
  }
}

/** Whether a person has to log in. */
export const needsLogin = (self: GrantView): boolean => self.why !== null

/** Whether there is nothing left of it that can be used, now or after a renewal. */
export const isEnded = (self: GrantView): boolean => needsLogin(self) || (self.expiresIn === 0 && !self.renewable)

/** A grant in lines of text. */
export const toText = (self: GrantView, style: Style): string => {
  const lines: Array<readonly [label: string, text: string]> = [
    ["state", stateText(self, style)],
    ["token", tokenText(self, style)],
    ["scopes", self.scopes.length === 0 ? style.dim("not told") : self.scopes.join(" ")],
    ["renewal", renewalText(self)],
    ["client", self.client]
  ]
  if (self.subject !== null) lines.push(["subject", self.subject])
  const title = `${style.bold(self.account)} ${style.dim(`${self.provider} · ${self.issuer}`)}`
  return [title, ...lines.map(([label, text]) => `  ${label.padEnd(8)} ${text}`)].join("\n")
}

const instant = (millis: number | undefined): string | null =>
  millis === undefined ? null : DateTime.formatIso(DateTime.makeUnsafe(millis))

const whyOf = (state: Grant.State): ReauthorizationCause | null =>
  state._tag === "ReauthorizationRequired" ? state.why : state._tag === "Revoked" ? "Revoked" : null

/** What a server does with refresh tokens, in words. */
export const rotationText = (policy: RotationPolicy.RotationPolicy): string => {
  switch (policy._tag) {
    case "Static":
      return "static"
    case "OneShot":
      return "one-shot"
    case "Unknown":
      return "unknown"
    case "Rotating":
      return policy.window === undefined
        ? "rotating"
        : `rotating, replay window ${Duration.format(policy.window.duration)}`
  }
}

const stateText = (self: GrantView, style: Style): string => {
  switch (self.state) {
    case "Active":
      if (isEnded(self)) return style.yellow("ended")
      return self.failures === 0 ? style.green("active") : style.yellow(`active, ${self.failures} renewals failed`)
    case "Renewing":
      return style.yellow("being renewed, or its holder is gone")
    case "Indeterminate":
      return style.yellow(
        `the answer to a renewal was lost${self.retryAt === null ? "" : `; it is tried again after ${self.retryAt}`}`
      )
    case "Revoked":
      return style.red("revoked; log in again")
    case "ReauthorizationRequired":
      return style.red(`log in again (${self.why})`)
  }
}

const tokenText = (self: GrantView, style: Style): string => {
  if (self.issuedAt === null) return style.dim("none")
  if (self.expiresIn === null || self.lifetime === null) return style.dim("the server did not say when it ends")
  const bar = Bar.lifetime({ left: self.expiresIn, of: self.lifetime, style })
  return self.expiresIn === 0
    ? `${bar} ended${self.renewable && !needsLogin(self) ? "; renewed when it is asked for" : ""}`
    : `${bar} ${Bar.duration(self.expiresIn * 1000)} of ${Bar.duration(self.lifetime * 1000)} left`
}

const renewalText = (self: GrantView): string => {
  if (!self.renewable) return "no refresh token"
  const rotation = self.rotation === null ? "" : `; refresh token ${self.rotation}`
  return `${self.serial} pair${self.serial === 1 ? "" : "s"} so far${rotation}`
}
