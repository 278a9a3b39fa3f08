/**
 * Reads the settings of a command from where they are: flags, environment, file.
 */
import * as Flag from "effect/cli/Flag"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import type { PlatformError } from "effect/PlatformError"
import type * as Redacted from "effect/Redacted"
import * as Path from "node:path"
import * as ConfigurationFile from "./ConfigurationFile.ts"
import * as Directories from "./Directories.ts"
import { configuration, type Failure } from "./Failure.ts"
import * as Profile from "./Profile.ts"
import * as Settings from "./Settings.ts"
import * as Store from "./Store.ts"

/** The flags that every command has. */
export const flags = {
  json: Flag.Boolean("json").pipe(
    Flag.withDescription("Write JSON: the result to stdout, everything else to stderr, an object a line"),
    Flag.withDefault(false)
  ),
  config: Flag.File("config").pipe(
    Flag.withMetavar("FILE"),
    Flag.withDescription("The configuration file; config.json in the XDG configuration directory"),
    Flag.optional
  ),
  profile: Flag.String("profile").pipe(
    Flag.withMetavar("NAME"),
    Flag.withDescription("The profile of the configuration file"),
    Flag.optional
  ),
  settings: Settings.flags,
  clientSecret: Flag.Redacted("client-secret").pipe(
    Flag.withMetavar("SECRET"),
    Flag.withDescription("The client's secret; others on this machine can see it, so prefer the next two"),
    Flag.optional
  ),
  clientSecretStdin: Flag.Boolean("client-secret-stdin").pipe(
    Flag.withoutNegation,
    Flag.withDescription("Read the client's secret from stdin"),
    Flag.withDefault(false)
  )
}

/** What the flags that every command has were given as. */
export interface Flags {
  readonly json: boolean
  readonly config: Option.Option<string>
  readonly profile: Option.Option<string>
  readonly settings: { readonly [N in Settings.Name]: Option.Option<Settings.Value<N>> }
  readonly clientSecret: Option.Option<Redacted.Redacted>
  readonly clientSecretStdin: boolean
}

/** What a command works with, and where it was read. */
export interface Configuration {
  readonly profile: Profile.Profile
  /** The profile of the file, where one was used. */
  readonly name: string | undefined
  /** The file, whether it is there or not. */
  readonly file: string
  /** A directory, or the URL of a database. */
  readonly store: string
  /** The file with the keys that seal what is kept, where it is sealed. */
  readonly keyring: string | undefined
  /** Where this machine keeps what must not be lost. */
  readonly data: string
  readonly cache: string
  readonly account: string
  /** What was asked for by a flag, the environment, or a profile that is named there: not by default. */
  readonly asked: Settings.Values
}

/** Reads the settings that hold. */
export const load = Effect.fnUntraced(function*(
  given: Flags
): Effect.fn.Return<Configuration, Failure | PlatformError, FileSystem.FileSystem> {
  const directories = yield* Directories.directories
  const environment = yield* readEnvironment
  const file = yield* locate(given, directories.config)
  const source = yield* readProfile(given, file)
  const own = [ofFlags(given), environment]
  const profile = yield* Effect.fromResult(Profile.resolve(source === undefined ? own : [...own, source]))
  const asked = source === undefined || source.isNamed ? profile : yield* Effect.fromResult(Profile.resolve(own))
  return {
    profile,
    name: source?.name,
    file: file.path,
    store: Profile.get(profile, "store") ?? directories.data,
    keyring: Profile.get(profile, "keyring"),
    data: directories.data,
    cache: directories.cache,
    account: Profile.get(profile, "account") ?? "default",
    asked: Profile.plain(asked)
  }
})

const ofFlags = (given: Flags): Profile.Source => {
  const values = absolute(Profile.present(given.settings), process.cwd())
  const called = (name: Settings.Name) => `--${Settings.get(name).flag}`
  return {
    title: "a flag",
    called,
    values,
    secrets: [
      ...Option.match(given.clientSecret, {
        onNone: () => [],
        onSome: (value) => [["--client-secret", { _tag: "Value", value }] as const]
      }),
      ...secretFile(values, called),
      ...(given.clientSecretStdin ? [["--client-secret-stdin", { _tag: "Stdin" }] as const] : [])
    ]
  }
}

const readEnvironment: Effect.Effect<Profile.Source, Failure> = Effect.gen(function*() {
  const called = (name: Settings.Name) => Settings.variable(Settings.get(name).flag)
  const found: { [name: string]: string | ReadonlyArray<string> } = {}
  for (const name of Settings.names) {
    const text = yield* lookUp(called(name))
    if (text !== undefined) found[name] = Settings.get(name).type === "list" ? Settings.words(text) : text
  }
  const secret = yield* Effect.orElseSucceed(
    Config.option(Config.Redacted(Settings.variable("client-secret"))),
    () => Option.none<Redacted.Redacted>()
  )
  const values = absolute(found, process.cwd())
  return {
    title: "the environment",
    called,
    values,
    secrets: [
      ...Option.match(secret, {
        onNone: () => [],
        onSome: (value) => [[Settings.variable("client-secret"), { _tag: "Value", value }] as const]
      }),
      ...secretFile(values, called)
    ]
  }
})

interface Located {
  readonly path: string
  /** What named the file, where something did: then it must be there. */
  readonly called: string | undefined
}

const locate = Effect.fnUntraced(function*(given: Flags, directory: string): Effect.fn.Return<Located, Failure> {
  if (Option.isSome(given.config)) return { path: Path.resolve(given.config.value), called: "--config" }
  const named = yield* lookUp(Settings.variable("config"))
  return named === undefined
    ? { path: Path.join(directory, "config.json"), called: undefined }
    : { path: Path.resolve(named), called: Settings.variable("config") }
})

const readProfile = Effect.fnUntraced(function*(
  given: Flags,
  located: Located
): Effect.fn.Return<
  Profile.Source & { readonly name: string; readonly isNamed: boolean } | undefined,
  Failure | PlatformError,
  FileSystem.FileSystem
> {
  const variable = Settings.variable("profile")
  const inEnvironment = yield* lookUp(variable)
  const file = yield* ConfigurationFile.read(located.path)
  if (file === undefined && located.called !== undefined) {
    return yield* configuration(located.called, `there is no file ${located.path}; correct the path`)
  }
  const [name, called] = Option.isSome(given.profile)
    ? [given.profile.value, "--profile"]
    : inEnvironment !== undefined
    ? [inEnvironment, variable]
    : [file?.profile, `profile in ${located.path}`]
  if (name === undefined) return undefined
  const values = file?.profiles.get(name)
  if (values === undefined) {
    const known = [...file?.profiles.keys() ?? []]
    return yield* configuration(
      called,
      `there is no profile "${name}" in ${located.path}; ${
        known.length === 0 ? "write it there" : `it has ${known.slice(0, 10).map((name) => `"${name}"`).join(", ")}`
      }`
    )
  }
  const calledInFile = (setting: Settings.Name) => `${setting} of the profile "${name}" in ${located.path}`
  const inFile = absolute(values, Path.dirname(located.path))
  return {
    name,
    isNamed: called === "--profile" || called === variable,
    title: `the profile "${name}"`,
    called: calledInFile,
    values: inFile,
    secrets: secretFile(inFile, calledInFile)
  }
})

const secretFile = (
  values: Settings.Values,
  called: (name: Settings.Name) => string
): ReadonlyArray<readonly [string, Profile.Secret]> =>
  values.clientSecretFile === undefined
    ? []
    : [[called("clientSecretFile"), { _tag: "File", path: values.clientSecretFile }]]

// a path means what it means where it is written
const absolute = (values: Settings.Values, base: string): Settings.Values =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const { type } = Settings.get(name as Settings.Name)
      if (typeof value !== "string" || value === "") return [name, value]
      if (type === "store") return [name, Store.resolve(base, value)]
      if (type === "keyring" && ["none", "system"].includes(value)) return [name, value]
      return [name, type === "file" || type === "keyring" ? Path.resolve(base, value) : value]
    })
  )

const lookUp = (variable: string): Effect.Effect<string | undefined, Failure> =>
  Effect.mapError(
    Effect.map(Config.option(Config.String(variable)), Option.getOrUndefined),
    () => configuration(variable, "cannot be read; set it to text")
  )
