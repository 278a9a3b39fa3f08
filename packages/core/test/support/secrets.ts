/** A value that must turn up nowhere, and every way in which a value is turned into text. */
import { Cause, Exit } from "effect"
import * as util from "node:util"

export const canary = "canary-4f1d9c7e"

/** The ways of printing a value that show the canary; none, if all is well. */
export const leaks = (value: unknown): ReadonlyArray<string> =>
  Object.entries({
    string: String(value),
    json: JSON.stringify(value) ?? "",
    inspect: util.inspect(value, { depth: Infinity, showHidden: true, getters: true }),
    pretty: Cause.pretty(Cause.fail(value)),
    squashed: util.inspect(Cause.squash(Cause.fail(value)), { depth: Infinity }),
    exit: util.inspect(Exit.fail(value), { depth: Infinity }),
    exitJson: JSON.stringify(Exit.fail(value)) ?? "",
    stack: value instanceof Error ? String(value.stack) : "",
    cause: value instanceof Error ? util.inspect(value.cause, { depth: Infinity }) : ""
  }).flatMap(([way, text]) => text.includes(canary) ? [way] : [])
