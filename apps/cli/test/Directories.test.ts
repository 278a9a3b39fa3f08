import * as Directories from "@effect-oauth/cli/Directories"
import { assert, describe, it } from "@effect/vitest"

describe("Directories", () => {
  const machines: ReadonlyArray<readonly [string, Directories.Machine, Directories.Directories]> = [
    ["Linux has those of XDG", { platform: "linux", home: "/home/ada", environment: {} }, {
      config: "/home/ada/.config/effect-oauth",
      data: "/home/ada/.local/share/effect-oauth",
      cache: "/home/ada/.cache/effect-oauth"
    }],
    ["macOS has the same", { platform: "darwin", home: "/Users/ada", environment: {} }, {
      config: "/Users/ada/.config/effect-oauth",
      data: "/Users/ada/.local/share/effect-oauth",
      cache: "/Users/ada/.cache/effect-oauth"
    }],
    ["a relative path of XDG is passed over", {
      platform: "linux",
      home: "/home/ada",
      environment: { XDG_CONFIG_HOME: "config", XDG_DATA_HOME: "/data", XDG_CACHE_HOME: "" }
    }, {
      config: "/home/ada/.config/effect-oauth",
      data: "/data/effect-oauth",
      cache: "/home/ada/.cache/effect-oauth"
    }],
    ["Windows has what roams apart from what stays", {
      platform: "win32",
      home: "C:\\Users\\ada",
      environment: { APPDATA: "D:\\Roaming", LOCALAPPDATA: "D:\\Local", XDG_DATA_HOME: "/data" }
    }, {
      config: "D:\\Roaming\\effect-oauth",
      data: "D:\\Local\\effect-oauth",
      cache: "D:\\Local\\effect-oauth\\cache"
    }],
    ["Windows without its variables has them at home", {
      platform: "win32",
      home: "C:\\Users\\ada",
      environment: { APPDATA: "Roaming" }
    }, {
      config: "C:\\Users\\ada\\AppData\\Roaming\\effect-oauth",
      data: "C:\\Users\\ada\\AppData\\Local\\effect-oauth",
      cache: "C:\\Users\\ada\\AppData\\Local\\effect-oauth\\cache"
    }]
  ]
  for (const [title, machine, directories] of machines) {
    it(title, () => assert.deepStrictEqual(Directories.of(machine), directories))
  }
})
