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

/** What decides where they are. */
export interface Machine {
  /** As `os.platform()` says. */
  readonly platform: string
  readonly home: string
  /** The variables that may name them. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** The directories of a machine. */
export const of = ({ environment, home, platform }: Machine): Directories => {
  const isWindows = platform === "win32"
  const path = isWindows ? Path.win32 : Path.posix
  // a relative path there is invalid and passed over, says the specification
  const at = (variable: string, ...otherwise: ReadonlyArray<string>): string => {
    const named = environment[variable]
    return path.join(named !== undefined && path.isAbsolute(named) ? named : path.join(home, ...otherwise), name)
  }
  return isWindows
    ? {
      config: at("APPDATA", "AppData", "Roaming"),
      data: at("LOCALAPPDATA", "AppData", "Local"),
      cache: path.join(at("LOCALAPPDATA", "AppData", "Local"), "cache")
    }
    : {
      config: at("XDG_CONFIG_HOME", ".config"),
      data: at("XDG_DATA_HOME", ".local", "share"),
      cache: at("XDG_CACHE_HOME", ".cache")
    }
}

/** The directories of whoever runs this. */
export const directories: Effect.Effect<Directories> = Effect.gen(function*() {
  const environment: Record<string, string | undefined> = {}
  for (const variable of variables) {
    const named = yield* Effect.orElseSucceed(Config.option(Config.String(variable)), Option.none)
    environment[variable] = Option.getOrUndefined(named)
  }
  return of({ platform: Os.platform(), home: Os.homedir(), environment })
})

const name = "effect-oauth"

const variables = ["APPDATA", "LOCALAPPDATA", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"]
