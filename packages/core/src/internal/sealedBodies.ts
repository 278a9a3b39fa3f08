/**
 * The bodies of records as a sealing store handles them: what each is bound to, and which were opened here lately.
 */
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Grant from "../Grant.ts"
import * as GrantSchema from "../GrantSchema.ts"
import type { Place } from "../Keyring.ts"

/** A body as it was sealed, and what for. */
export interface Seal {
  readonly place: Place
  readonly sealed: Grant.Body & { readonly _tag: "Sealed" }
}

/** The records that were opened or written here lately, by key and version. */
export class Opened {
  private readonly versions = new Map<string, string>()

  readonly has = (key: string, version: string): boolean => this.versions.get(key) === version

  readonly note = (grant: Grant.Grant): Grant.Grant => {
    // the last one noted is the last to go
    this.versions.delete(grant.key)
    this.versions.set(grant.key, grant.version)
    for (const oldest of this.versions.keys()) {
      if (this.versions.size <= noted) break
      this.versions.delete(oldest)
    }
    return grant
  }
}

/** What the body of a record is bound to. */
export const placeOf = ({ key, lineage, serial }: Pick<Grant.Grant, "key" | "lineage" | "serial">): Place => [
  "grant",
  key,
  lineage,
  serial
]

/** Whether two places are one. */
export const isSame = (a: Place, b: Place): boolean => a.every((part, index) => part === b[index])

/** The text of a body, which may be none. */
export const encodeBody: (body: Grant.Body) => Result.Result<string, unknown> = Schema.encodeResult(
  Schema.fromJsonString(GrantSchema.Body)
)

/** The body in a text. */
export const decodeBody: (text: string) => Result.Result<Grant.Body, unknown> = Schema.decodeUnknownResult(
  Schema.fromJsonString(GrantSchema.Body)
)

const noted = 10_000
