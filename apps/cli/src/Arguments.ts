/**
 * What is looked at before the arguments are parsed.
 */
import { type Failure, usage } from "./Failure.ts"
import * as Settings from "./Settings.ts"

/** Whether JSON is asked for: what cannot be parsed is told in the right form too. */
export const wantsJson = (args: ReadonlyArray<string>): boolean =>
  beforeEnd(args).some((arg) => arg === "--json" || arg === "--json=true")

/**
 * What is wrong with a flag whose value begins with a dash: a parser takes each
 * letter of it for a flag, and a secret may well begin so.
 */
export const misread = (args: ReadonlyArray<string>): Failure | undefined => {
  const options = beforeEnd(args)
  const at = options.findIndex((arg, index) => valued.has(arg) && /^-[^-]/.test(options[index + 1] ?? ""))
  const flag = options[at]
  return flag === undefined
    ? undefined
    : usage(`has no value; one that begins with a dash is written ${flag}=VALUE`, flag)
}

const valued: ReadonlySet<string> = new Set(
  [...Settings.names.map((name) => Settings.get(name).flag), "client-secret", "config", "profile"]
    .map((flag) => `--${flag}`)
)

const beforeEnd = (args: ReadonlyArray<string>): ReadonlyArray<string> => {
  const end = args.indexOf("--")
  return end < 0 ? args : args.slice(0, end)
}
