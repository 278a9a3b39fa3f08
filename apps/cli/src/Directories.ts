/**
 * Where a command keeps things, by the XDG Base Directory Specification; on
 * Windows, where its programs do.
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Os from "node:os"
import * as Path from "node:path"

/** The directories. */
export interface Directories {
  /** What people write. */
  readonly config: string
  /** What must not be lost. */
  readonly data: string
  /** What can be got again. */
  readonly cache: string
}

/** The directories of whoever runs this. */
export const directories: Effect.Effect<Directories> = Effect.gen(function*() {
  const home = Os.homedir()
  const local = (...parts: ReadonlyArray<string>) => Path.join(home, ...parts)
  const [config, data, cache] = Os.platform() === "win32"
    ? [
      yield* at("APPDATA", local("AppData", "Roaming")),
      yield* at("LOCALAPPDATA", local("AppData", "Local")),
      yield* at("LOCALAPPDATA", local("AppData", "Local"))
    ]
    : [
      yield* at("XDG_CONFIG_HOME", local(".config")),
      yield* at("XDG_DATA_HOME", local(".local", "share")),
      yield* at("XDG_CACHE_HOME", local(".cache"))
    ]
  return {
    config: Path.join(config, name),
    data: Path.join(data, name),
    cache: Os.platform() === "win32" ? Path.join(cache, name, "cache") : Path.join(cache, name)
  }
})

const name = "effect-oauth"

// a relative path there is invalid and passed over, says the specification
const at = (variable: string, otherwise: string): Effect.Effect<string> =>
  Config.option(Config.String(variable)).pipe(
    Effect.map(Option.filter((path) => Path.isAbsolute(path))),
    Effect.map(Option.getOrElse(() => otherwise)),
    Effect.orElseSucceed(() => otherwise)
  )
