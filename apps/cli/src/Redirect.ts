/**
 * How the answer to a login arrives.
 */
import * as Result from "effect/Result"
import { configuration, type Failure } from "./Failure.ts"
import * as Profile from "./Profile.ts"
import type { Provider } from "./Server.ts"

/** The hosts of this machine, as redirect URIs name them (RFC 8252, section 7.3). */
export type Host = "127.0.0.1" | "[::1]" | "localhost"

/** The way of a login: a server on loopback, or the person's own hands. */
export type Redirect =
  | {
    readonly _tag: "Loopback"
    readonly host: Host | undefined
    /** Any free port where none is registered. */
    readonly port: number | undefined
    readonly path: string | undefined
  }
  | { readonly _tag: "Paste"; readonly redirectUri: string }

/** The way of a login by its redirect URI; where none is named, loopback, if the provider allows it. */
export const choose = (profile: Profile.Profile, provider: Provider | undefined): Result.Result<Redirect, Failure> => {
  const found = profile.values.redirectUri
  if (found === undefined) {
    return provider === "frameio"
      ? Result.fail(
        Profile.missing(profile, "redirectUri", "is missing, and Adobe compares it with the one that is registered")
      )
      : Result.succeed({ _tag: "Loopback", host: undefined, port: undefined, path: undefined })
  }
  const invalid = (problem: string) => Result.fail(configuration(found.called, problem))
  if (!URL.canParse(found.value)) return invalid("is not an absolute URL; write it as it is registered")
  const url = new URL(found.value)
  if (url.hash !== "" || found.value.includes("#")) {
    return invalid("must not contain a fragment; leave out # and what follows")
  }
  if (url.protocol !== "http:") return Result.succeed({ _tag: "Paste", redirectUri: found.value })
  if (!isHost(url.hostname)) return invalid("must begin with https://, or be at 127.0.0.1, [::1] or localhost")
  if (url.search !== "") return invalid("must not contain a query on this machine; leave out ? and what follows")
  return Result.succeed({
    _tag: "Loopback",
    host: url.hostname,
    port: url.port === "" ? undefined : Number(url.port),
    path: url.pathname
  })
}

const isHost = (text: string): text is Host => text === "127.0.0.1" || text === "[::1]" || text === "localhost"
