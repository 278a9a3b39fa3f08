/**
 * Opens an address in the person's browser, without a shell.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { spawn } from "node:child_process"
import * as Os from "node:os"
import { windows } from "./internal/files.ts"
import * as Openers from "./internal/openers.ts"

/**
 * What came of opening an address.
 *
 * - `opened`: a program took it. Whether a page appeared is not known.
 * - `no-browser`: there is no program that opens addresses, or none worked.
 * - `not-http`: the address is not one of a web page; nothing was started.
 *
 * @category models
 * @since 0.1.0
 */
export type Opening = "opened" | "no-browser" | "not-http"

/**
 * Opens addresses in a browser.
 *
 * @category services
 * @since 0.1.0
 */
export class OpenBrowser extends Context.Service<OpenBrowser, {
  /**
   * Whether there is a program that may open addresses. Whether it does is known
   * when it is tried.
   */
  readonly isLikely: boolean

  /**
   * Opens an `http` or `https` address. Never fails: whoever calls it shows the
   * address as well.
   */
  readonly open: (url: string) => Effect.Effect<Opening>
}>()("@effect-oauth/node/OpenBrowser") {}

/**
 * Opens addresses with what a machine has; {@link layer} says how it is used.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (machine: {
  /** As `os.platform()` says. */
  readonly platform: string
  /** As `os.release()` says. */
  readonly release: string
  /** The variables `BROWSER`, `DISPLAY`, `WAYLAND_DISPLAY` and `SystemRoot`. */
  readonly environment: Readonly<Record<string, string | undefined>>
}): OpenBrowser["Service"] =>
  OpenBrowser.of({
    isLikely: Openers.commands(machine, "https://example.com").length > 0,
    open: Effect.fn("OpenBrowser.open")(function*(url) {
      const address = webAddress(url)
      if (address === undefined) return "not-http"
      for (const command of Openers.commands(machine, address)) {
        if (yield* start(command)) return "opened"
      }
      return "no-browser"
    })
  })

/**
 * Opens addresses with what this machine has.
 *
 * **Details**
 *
 * - `BROWSER`, where it is set, decides alone: commands with `:` between them
 *   (`;` on Windows), tried in turn, words split at white space, `%s` standing
 *   for the address. `BROWSER=none` opens nothing.
 * - Otherwise `open` on macOS; `rundll32 url.dll,FileProtocolHandler` on
 *   Windows; `wslview`, then Windows' own, under WSL; `xdg-open`, then
 *   `gio open`, elsewhere, if there is a display.
 * - The address is one argument of a program that is started directly. Of what
 *   it holds, characters outside of RFC 3986 are percent-encoded.
 * - A program that ends with an error within two seconds did not take the
 *   address; one that goes on did. It outlives this process.
 *
 * **Gotchas**
 *
 * The address is visible in the machine's list of processes for a moment. An
 * authorization request holds nothing that helps a reader: a `state`, and the
 * digest of a code verifier.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<OpenBrowser> = Layer.effect(
  OpenBrowser,
  Effect.gen(function*() {
    // facts of the machine, so from its environment, whatever the application's own settings come from
    const provider = ConfigProvider.fromEnv()
    const variable = (name: string) =>
      Effect.orElseSucceed(Config.option(Config.String(name)).parse(provider), Option.none).pipe(
        Effect.map(Option.getOrUndefined)
      )
    return make({
      platform: Os.platform(),
      release: Os.release(),
      environment: yield* Effect.all({
        BROWSER: variable("BROWSER"),
        DISPLAY: variable("DISPLAY"),
        WAYLAND_DISPLAY: variable("WAYLAND_DISPLAY"),
        SystemRoot: variable("SystemRoot")
      })
    })
  })
)

const webAddress = (text: string): string | undefined => {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.protocol !== "https:" && url.protocol !== "http:") return undefined
  return url.href.replace(/[^\w\-.~:/?#[\]@!$&'()*+,;=%]/g, encodeURIComponent)
}

const start = ([program, ...args]: Openers.Command): Effect.Effect<boolean> =>
  Effect.callback<boolean>((resume) => {
    try {
      const child = spawn(program, args, { shell: false, stdio: "ignore", detached: !windows, windowsHide: true })
      child.once("error", () => resume(Effect.succeed(false)))
      child.once("exit", (code) => resume(Effect.succeed(code === 0)))
      child.unref()
    } catch {
      resume(Effect.succeed(false))
    }
  }).pipe(
    Effect.timeoutOrElse({ duration: "2 seconds", orElse: () => Effect.succeed(true) })
  )
