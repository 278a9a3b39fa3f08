/**
 * A grant in a list: one line for people, one object for programs, and no secret
 * in either.
 */
import type { Deleted, Listed, Restored } from "@effect-oauth/core/GrantAdministration"
import type { Entry } from "@effect-oauth/core/GrantHistory"
import type * as GrantKey from "@effect-oauth/core/GrantKey"
import * as DateTime from "effect/DateTime"
import type { Json } from "effect/Schema"
import * as Bar from "./Bar.ts"
import type { Style } from "./Style.ts"

/** A line, for programs and for people. */
export interface Line {
  readonly json: Json
  readonly text: (style: Style) => string
}

/** A grant as it stands. */
export const ofListed = ({ head, key, now }: Listed): Line => {
  const { authorizedAt, changedAt, dueAt, installation, last, retryAt, serial, state } = head
  const why = state._tag === "ReauthorizationRequired" ? state.why : null
  return {
    json: {
      ...named(key),
      state: state._tag,
      why,
      failures: "failures" in state ? state.failures ?? 0 : 0,
      serial,
      installation,
      authorizedAt: instant(authorizedAt),
      changedAt: instant(changedAt),
      dueAt: instant(dueAt),
      retryAt: instant(retryAt),
      last: last === undefined ? null : { what: last.what, by: last.by, why: last.why ?? null }
    },
    text: (style) =>
      [
        titled(key, style),
        state._tag === "Active" ? style.green(state._tag) : style.yellow(why ?? state._tag),
        `pair ${serial}`,
        ...(authorizedAt === undefined ? [] : [`login ${ago(now - authorizedAt)}`]),
        ...(last === undefined || changedAt === undefined
          ? []
          : [`${last.what}${last.why === undefined ? "" : ` (${last.why})`} ${ago(now - changedAt)}`]),
        ...(retryAt === undefined || retryAt <= now ? [] : [`rests for ${Bar.duration(retryAt - now)}`]),
        ...(installation === "default" ? [] : [`of ${installation}`])
      ].join("  ")
  }
}

/** Something that happened to a grant. */
export const ofEntry = (key: GrantKey.GrantKey, entry: Entry): Line => ({
  json: { ...named(key), ...entry, at: instant(entry.at), why: entry.why ?? null },
  text: (style) =>
    `${instant(entry.at)}  pair ${entry.serial}  ${style.bold(entry.what)}${
      entry.why === undefined ? "" : ` (${entry.why})`
    }  ${style.dim(`by ${entry.by}`)}`
})

/** A grant that was tried again. */
export const ofRestored = ({ key, reason, result, why }: Restored): Line => ({
  json: { ...named(key), why, result, reason: reason?._tag ?? null },
  text: (style) =>
    `${titled(key, style)}  ${result === "Renewed" ? style.green(result) : style.yellow(result)}${
      reason === undefined ? "" : `: ${reason.message}`
    }`
})

/** A grant that was deleted, or is to be. */
export const ofDeleted = (deleted: Deleted): Line => {
  const reason = deleted._tag === "Pending" ? deleted.reason : undefined
  return {
    json: {
      ...named(deleted.key),
      result: deleted._tag,
      remote: deleted._tag === "Removed" ? deleted.remote : "pending",
      reason: reason?._tag ?? null
    },
    text: (style) =>
      deleted._tag === "Removed"
        ? `${titled(deleted.key, style)}  removed${remoteText[deleted.remote]}`
        : `${titled(deleted.key, style)}  ${style.yellow("pending")}: ${
          reason?.message ?? "it is revoked here, and the server could not be told"
        }`
  }
}

/** A grant and a word on it. */
export const of = (key: GrantKey.GrantKey, result: string): Line => ({
  json: { ...named(key), result },
  text: (style) => `${titled(key, style)}  ${result}`
})

const remoteText = {
  "done": ", and ended at the server",
  "not-asked": " here; it is another installation's, and lives on there",
  "unsupported": " here; this server cannot be told, so end it on its pages too"
} as const

const named = ({ account, client, issuer, part, provider }: GrantKey.GrantKey) => ({
  account,
  provider,
  issuer,
  client,
  part: part ?? null
})

const titled = ({ account, client, part, provider }: GrantKey.GrantKey, style: Style): string =>
  `${style.bold(part === undefined ? account : `${account}/${part}`)} ${style.dim(`${provider} · ${client}`)}`

const instant = (millis: number | undefined): string | null =>
  millis === undefined ? null : DateTime.formatIso(DateTime.makeUnsafe(millis))

const ago = (millis: number): string => `${Bar.duration(Math.max(0, millis))} ago`
