/**
 * The configuration file: profiles by name, in JSON.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type { PlatformError } from "effect/PlatformError"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { randomUUID } from "node:crypto"
import * as Path from "node:path"
import { configuration, type Failure } from "./Failure.ts"
import * as Settings from "./Settings.ts"

const Words = Schema.Union([Schema.Array(Schema.String), Schema.String])

const ProfileMembers = Schema.Struct(
  Object.fromEntries(
    Settings.names.map((name) => [
      name,
      Schema.optionalKey(Settings.get(name).type === "list" ? Words : Schema.String)
    ])
  )
)

const File = Schema.Struct({
  /** For editors. */
  $schema: Schema.optionalKey(Schema.String),
  /** The profile that is used where none is named. */
  profile: Schema.optionalKey(Schema.String),
  profiles: Schema.optionalKey(Schema.Record(Schema.String, ProfileMembers))
})

/** What the file holds. */
export interface ConfigurationFile {
  readonly path: string
  /** The profile that is used where none is named. */
  readonly profile: string | undefined
  readonly profiles: ReadonlyMap<string, Settings.Values>
}

/** Reads the file; nothing where there is none. */
export const read = Effect.fnUntraced(function*(
  path: string
): Effect.fn.Return<ConfigurationFile | undefined, Failure | PlatformError, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  const text = yield* Effect.catchIf(
    fs.readFileString(path),
    ({ reason }) => reason._tag === "NotFound",
    () => Effect.undefined
  )
  if (text === undefined) return undefined
  // what is wrong is told by its place: a quotation could be a secret's
  const json = yield* Effect.try({
    // some editors of Windows begin a file with a mark that is no JSON
    try: (): unknown => JSON.parse(text.replace(/^\ufeff/, "")),
    catch: (error) => configuration(path, `is not JSON${placeOf(error, text)}; correct it`)
  })
  const file = yield* Effect.mapError(
    Schema.decodeUnknownEffect(File)(json, { onExcessProperty: "error" }),
    ({ issue }) => explain(path, issue)
  )
  return {
    path,
    profile: file.profile,
    profiles: new Map(Object.entries(file.profiles ?? {}).map(([name, members]) => [name, valuesOf(members)]))
  }
})

/** Writes a profile into the file; the first one becomes the one that is used where none is named. */
export const save = Effect.fnUntraced(function*(
  path: string,
  name: string,
  values: Settings.Values
): Effect.fn.Return<void, Failure | PlatformError, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  const file = yield* read(path)
  const profiles = new Map(file?.profiles ?? []).set(name, values)
  const json = { profile: file?.profile ?? name, profiles: Object.fromEntries(profiles) }
  const temporary = `${path}.${randomUUID()}.tmp`
  yield* fs.makeDirectory(Path.dirname(path), { recursive: true, mode: 0o700 })
  yield* fs.writeFileString(temporary, `${JSON.stringify(json, null, 2)}\n`, { mode: 0o600 }).pipe(
    Effect.andThen(fs.rename(temporary, path)),
    Effect.onError(() => Effect.ignore(fs.remove(temporary)))
  )
})

const valuesOf = (members: typeof ProfileMembers.Type): Settings.Values =>
  Object.fromEntries(
    Object.entries(members).map(([name, value]) =>
      Settings.get(name as Settings.Name).type === "list" && typeof value === "string"
        ? [name, Settings.words(value)]
        : [name, value]
    )
  )

const explain = (file: string, issue: SchemaIssue.Issue): Failure => {
  const [first] = format(issue).issues
  const path = (first?.path ?? []).map(String)
  const field = path.length === 0 ? file : `${path.join(".")} in ${file}`
  return path.at(-1) === "clientSecret"
    ? configuration(field, "does not belong here; put it into a file of its own and name that as \"clientSecretFile\"")
    : configuration(field, first?.message ?? "is not valid; correct it")
}

const format = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) =>
    issue._tag === "UnexpectedKey"
      ? "is not known; correct its name, or remove it"
      : "is of the wrong type; write text, or a list of texts where several make sense"
})

const placeOf = (error: unknown, text: string): string => {
  const position = /position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1]
  return position === undefined ? "" : ` (line ${text.slice(0, Number(position)).split("\n").length})`
}
