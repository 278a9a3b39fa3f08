import { assert, describe, it } from "@effect/vitest"
import * as Openers from "../../src/internal/openers.ts"

const url = "https://as.example/authorize?a=1&b=$(2)"

describe("openers", () => {
  const rows: ReadonlyArray<readonly [string, Partial<Openers.Machine>, ReadonlyArray<Openers.Command>]> = [
    ["macOS uses its own [8252-6-b] [2.1-8.3-a]", { platform: "darwin" }, [["/usr/bin/open", url]]],
    ["Windows asks no shell", { platform: "win32", environment: { SystemRoot: "D:\\WinNT" } }, [
      ["D:\\WinNT\\System32\\rundll32.exe", "url.dll,FileProtocolHandler", url]
    ]],
    ["Windows looks for no program in the working directory", { platform: "win32" }, [
      ["C:\\Windows\\System32\\rundll32.exe", "url.dll,FileProtocolHandler", url]
    ]],
    ["Linux with a display uses the desktop's [8252-6-b] [2.1-8.3-a]", { environment: { DISPLAY: ":0" } }, [[
      "xdg-open",
      url
    ], [
      "gio",
      "open",
      url
    ]]],
    ["Linux with Wayland alone does too", { environment: { WAYLAND_DISPLAY: "wayland-0" } }, [["xdg-open", url], [
      "gio",
      "open",
      url
    ]]],
    ["Linux without a display has none", { environment: { DISPLAY: "" } }, []],
    ["WSL uses Windows' browser", { release: "5.15.167.4-microsoft-standard-WSL2" }, [
      ["wslview", url],
      ["/mnt/c/Windows/System32/rundll32.exe", "url.dll,FileProtocolHandler", url]
    ]],
    ["BROWSER decides alone [8252-6-b] [2.1-8.3-a]", { environment: { DISPLAY: ":0", BROWSER: "firefox" } }, [[
      "firefox",
      url
    ]]],
    ["BROWSER may be a list with arguments", { environment: { BROWSER: "firefox --tab=%s -x:  w3m &:" } }, [
      ["firefox", `--tab=${url}`, "-x"],
      ["w3m", url]
    ]],
    ["BROWSER on Windows has paths with a colon", {
      platform: "win32",
      environment: { BROWSER: "C:\\Firefox\\firefox.exe;edge" }
    }, [["C:\\Firefox\\firefox.exe", url], ["edge", url]]],
    ["an address with $& in it stays itself", { environment: { BROWSER: "b %s" } }, [["b", url]]],
    ["an empty BROWSER is none", { platform: "darwin", environment: { BROWSER: " " } }, [["/usr/bin/open", url]]]
  ]

  for (const [name, machine, expected] of rows) {
    it(name, () => {
      const commands = Openers.commands({ platform: "linux", release: "6.1.0", environment: {}, ...machine }, url)

      assert.deepStrictEqual(commands, expected)
    })
  }
})
