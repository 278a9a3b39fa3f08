/**
 * The programs that open an address, by platform.
 */
import * as Path from "node:path"

/** What decides about it. */
export interface Machine {
  /** As `os.platform()` says. */
  readonly platform: string
  /** As `os.release()` says. */
  readonly release: string
  /** The variables `BROWSER`, `DISPLAY`, `WAYLAND_DISPLAY` and `SystemRoot`. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** A program and its arguments: never a line for a shell. */
export type Command = readonly [program: string, ...args: Array<string>]

/** The commands to try for an address, the best first. */
export const commands = (machine: Machine, url: string): ReadonlyArray<Command> => {
  const { environment, platform, release } = machine
  const chosen = environment["BROWSER"]
  if (chosen !== undefined && chosen.trim() !== "") {
    return chosen.split(platform === "win32" ? Path.win32.delimiter : Path.posix.delimiter).flatMap((entry) =>
      fromVariable(entry, url)
    )
  }
  switch (platform) {
    case "darwin":
      return [["/usr/bin/open", url]]
    case "win32":
      return [rundll32(Path.win32.join(environment["SystemRoot"] ?? "C:\\Windows", "System32", "rundll32.exe"), url)]
    default: {
      const onWindows: ReadonlyArray<Command> = release.toLowerCase().includes("microsoft")
        ? [["wslview", url], rundll32("/mnt/c/Windows/System32/rundll32.exe", url)]
        : []
      // without a display, xdg-open would start a text browser on a terminal that it does not have
      const hasDisplay = (environment["DISPLAY"] ?? environment["WAYLAND_DISPLAY"] ?? "") !== ""
      return hasDisplay ? [...onWindows, ["xdg-open", url], ["gio", "open", url]] : onWindows
    }
  }
}

// by its full path: a bare name is looked for in the working directory first
const rundll32 = (program: string, url: string): Command => [program, "url.dll,FileProtocolHandler", url]

// `firefox`, `firefox --new-tab %s`, several with a colon between; there are no quotes
const fromVariable = (entry: string, url: string): ReadonlyArray<Command> => {
  const [program, ...words] = entry.split(/\s+/).filter((word) => word !== "" && word !== "&")
  if (program === undefined) return []
  const args = words.map((word) => word.replaceAll("%s", () => url))
  return [[program, ...args, ...(entry.includes("%s") ? [] : [url])]]
}
