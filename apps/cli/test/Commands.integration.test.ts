/**
 * Every command as a person meets it: once as it should go, and at least three times as it should not. A command that is
 * added without its cases turns this red.
 */
import * as CommandTree from "@effect-oauth/cli/CommandTree"
import * as Main from "@effect-oauth/cli/Main"
import * as Sandbox from "@effect-oauth/cli/sandbox/Sandbox"
import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Redacted, type Scope } from "effect"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Path from "node:path"
import type { Ran } from "./support/commandLine.ts"
import { addressIn, type Machine, makeMachine } from "./support/process.ts"

/** What a person does, and what comes of it. */
interface Case {
  readonly does: (
    machine: Machine
  ) => Generator<Effect.Effect<unknown, unknown, FileSystem.FileSystem | Scope.Scope>, Ran, never>
  readonly exitCode: number
  /** Of what is read: stdout where it went well, the sentence on stderr where not. */
  readonly says: RegExp
  /** A failure that shows on stdout what it found. */
  readonly shows?: boolean
  /** A result that is a secret. */
  readonly secret?: boolean
}

const noStore = /^--store: its directory cannot be used \(ENOTDIR\): mend what doctor finds, or name another one/

interface Row {
  readonly well: { readonly [title: string]: Case } | { readonly step: string }
  readonly badly: { readonly [title: string]: Case }
}

const c = (
  exitCode: number,
  says: RegExp,
  does: Case["does"],
  more: Pick<Case, "secret" | "shows"> = {}
): Case => ({ exitCode, says, does, ...more })

/** What goes wrong with every command that needs a grant. */
const ofGrant = (...args: ReadonlyArray<string>): Row["badly"] => ({
  "there is no such profile": c(2, /^--profile: there is no profile "nowhere"/, function*({ run }) {
    return yield* run([...args, "--profile", "nowhere"])
  }),
  "the configuration is no JSON": c(2, /config\.json: .*JSON/, function*({ directory, run }) {
    write(Path.join(directory, "config/effect-oauth/config.json"), "{ \"profile\": ")
    return yield* run(args)
  }),
  "nobody has logged that account in": c(
    3,
    /no grant for the account nobody .*: run effect-oauth login/,
    function*({ client, run }) {
      return yield* run([...args, ...yield* client("oidc-public", "nobody")])
    }
  ),
  "the server has ended the grant": c(3, /log in|login/, function*({ loggedIn, run, sandbox }) {
    const flags = yield* loggedIn("oidc-public", "ended")
    yield* sandbox.fail({ status: 400, error: "invalid_grant", times: 1 })
    yield* run(["refresh", ...flags])
    return yield* run([...args, ...flags])
  }),
  "the record cannot be read": c(1, /set-aside/, function*({ directory, loggedIn, run }) {
    const flags = yield* loggedIn("oidc-public", "torn")
    for (const file of grantFiles(directory)) Fs.writeFileSync(file, "{\"format\":")
    return yield* run([...args, ...flags])
  }),
  "the key that sealed it is not there": c(2, /keys\.json/, function*({ directory, loggedIn, run }) {
    const flags = yield* loggedIn("oidc-public", "sealed")
    return yield* run([...args, ...flags, "--keyring", Path.join(directory, "keys.json")])
  }),
  "a file is where the store should be": c(2, noStore, function*({ client, directory, run }) {
    write(Path.join(directory, "file"), "")
    return yield* run([...args, ...yield* client("oidc-public", "x"), "--store", Path.join(directory, "file/store")])
  })
})

/** What goes wrong with every command that asks the server. */
const ofServer = (...args: ReadonlyArray<string>): Row["badly"] => ({
  "the server is away": c(4, /127\.0\.0\.1:1/, function*({ run }) {
    return yield* run([...args, "--issuer", "http://127.0.0.1:1", "--client-id", "x"])
  })
})

const rows: { readonly [command: string]: Row } = {
  login: {
    well: {
      "by the browser": c(0, /^Logged in ada as Ada Sandbox/, function*({ client, run, sandbox }) {
        return yield* run(["login", "--no-browser", "--paste", ...yield* client("oidc-public", "ada")], {
          types: (said) => Effect.orDie(sandbox.approve(addressIn(said)))
        })
      })
    },
    badly: {
      ...ofServer("login"),
      "there is no such profile": ofGrant("login")["there is no such profile"]!,
      "the configuration is no JSON": ofGrant("login")["the configuration is no JSON"]!,
      "a file is where the store should be": ofGrant("login", "--paste")["a file is where the store should be"]!,
      "another program has the port": c(2, /--redirect-uri: .*port/, function*({ client, run }) {
        const port = yield* taken
        const flags = yield* client("oidc-public", "ada")
        const at = flags.indexOf("--redirect-uri") + 1
        return yield* run(["login", "--no-browser", ...flags.with(at, `http://127.0.0.1:${port}/callback`)])
      }),
      "nobody is there to paste": c(2, /nothing was pasted|The input ended/, function*({ client, run }) {
        return yield* run(["login", "--paste", ...yield* client("oidc-public", "ada")])
      }),
      "the person declines": c(1, /declined|access_denied|refused/, function*({ client, run, sandbox }) {
        yield* sandbox.configure({ approval: "refused" })
        const ran = yield* run(["login", "--paste", ...yield* client("oidc-public", "ada")], {
          types: (said) => Effect.orDie(sandbox.approve(addressIn(said)))
        })
        yield* sandbox.configure({ approval: "automatic" })
        return ran
      }),
      "the server has no codes": c(2, /device/i, function*({ client, run }) {
        return yield* run(["login", "--device", ...yield* client("legacy-public", "ada")])
      })
    }
  },
  logout: {
    well: {
      "revokes and forgets": c(0, /^Logged out ada/, function*({ loggedIn, run }) {
        return yield* run(["logout", ...yield* loggedIn("oidc-public", "ada")])
      })
    },
    badly: {
      "the server could not be told": c(4, /logout/, function*({ loggedIn, run, sandbox }) {
        const flags = yield* loggedIn("oidc-public", "ada")
        yield* sandbox.fail({ status: 503, times: 1, where: { endpoint: "revocation" } })
        return yield* run(["logout", ...flags])
      }),
      ...ofServer("logout"),
      ...without(ofGrant("logout"), "nobody has logged that account in", "the server has ended the grant")
    }
  },
  revoke: {
    well: {
      "ends the grant": c(0, /^The grant of ada is revoked/, function*({ loggedIn, run }) {
        return yield* run(["revoke", ...yield* loggedIn("oidc-public", "ada")])
      })
    },
    badly: {
      "the server could not be told": c(4, /revoke/, function*({ loggedIn, run, sandbox }) {
        const flags = yield* loggedIn("oidc-public", "ada")
        yield* sandbox.fail({ status: 503, times: 1, where: { endpoint: "revocation" } })
        return yield* run(["revoke", ...flags])
      }),
      ...ofServer("revoke"),
      ...without(ofGrant("revoke"), "the server has ended the grant")
    }
  },
  token: {
    well: {
      "prints it": c(0, /^\S+\n$/, function*({ loggedIn, run }) {
        return yield* run(["token", ...yield* loggedIn("oidc-public", "ada")])
      }, { secret: true })
    },
    badly: { ...ofGrant("token"), ...ofServer("token") }
  },
  call: {
    well: {
      "prints what the API answers": c(0, /"sub"/, function*({ loggedIn, run, sandbox }) {
        return yield* run(["call", "GET", sandbox.endpoints.oidc.userinfo, ...yield* loggedIn("oidc-public", "ada")])
      })
    },
    badly: {
      ...ofGrant("call", "GET", "/userinfo", "--api-origin", "https://api.example"),
      ...ofServer("call", "GET", "/", "--api-origin", "https://api.example"),
      "the API has no such thing": c(14, /status 404/, function*({ loggedIn, run, sandbox }) {
        return yield* run(["call", "GET", `${sandbox.origin}/nothing`, ...yield* loggedIn("oidc-public", "ada")])
      }, { shows: true }),
      "the API is none that may have the token": c(2, /elsewhere\.example/, function*({ loggedIn, run }) {
        return yield* run(["call", "GET", "https://elsewhere.example/", ...yield* loggedIn("oidc-public", "ada")])
      }),
      "the body's file is not there": c(
        2,
        /^--data: the file .* cannot be read \(NotFound\)/,
        function*({ loggedIn, run, sandbox }) {
          return yield* run([
            "call",
            "POST",
            sandbox.origin,
            "-d",
            "@nowhere.json",
            ...yield* loggedIn("oidc-public", "ada")
          ])
        }
      )
    }
  },
  status: {
    well: {
      "shows the grant": c(0, /ada/, function*({ loggedIn, run }) {
        yield* loggedIn("oidc-public", "ada")
        return yield* run(["status"])
      })
    },
    badly: {
      ...without(ofGrant("status"), "the server has ended the grant", "the record cannot be read"),
      "the server has ended the grant": c(
        3,
        /log in again[^]*The grant of the account ended has ended: run effect-oauth login/,
        function*({ loggedIn, run, sandbox }) {
          const flags = yield* loggedIn("oidc-public", "ended")
          yield* sandbox.fail({ status: 400, error: "invalid_grant", times: 1 })
          yield* run(["refresh", ...flags])
          return yield* run(["status", ...flags])
        },
        { shows: true }
      )
    }
  },
  refresh: {
    well: {
      "renews": c(0, /ada/, function*({ loggedIn, run }) {
        return yield* run(["refresh", ...yield* loggedIn("oidc-public", "ada")])
      })
    },
    badly: {
      ...ofGrant("refresh"),
      "the server is busy": c(4, /try again|later|again/i, function*({ loggedIn, run, sandbox }) {
        const flags = yield* loggedIn("oidc-public", "ada")
        yield* sandbox.fail({ status: 503, times: 1, headers: { "retry-after": "60" } })
        return yield* run(["refresh", ...flags])
      }),
      "the server does not know the client": c(
        2,
        /^--client-id: the server does not accept the client/,
        function*({ loggedIn, run, sandbox }) {
          const flags = yield* loggedIn("oidc-public", "ada")
          yield* sandbox.fail({ status: 401, error: "invalid_client", times: 2 })
          return yield* run(["refresh", ...flags])
        }
      ),
      "the answer is lost": c(4, /./, function*({ loggedIn, run, sandbox }) {
        const flags = yield* loggedIn("oidc-public", "ada")
        yield* sandbox.dropAnswer({ times: 3 })
        return yield* run(["refresh", ...flags])
      })
    }
  },
  introspect: {
    well: {
      "tells what the server says": c(0, /^The server says: active/, function*({ loggedIn, run }) {
        return yield* run(["introspect", ...yield* loggedIn("oidc-confidential", "ada")])
      })
    },
    badly: {
      ...ofGrant("introspect"),
      ...ofServer("introspect"),
      "the server has nothing to be asked at": c(
        2,
        /^--introspection-endpoint: is missing; this server has none/,
        function*({ loggedIn, run }) {
          return yield* run(["introspect", ...yield* loggedIn("legacy-public", "ada")])
        }
      ),
      "the server is busy": c(4, /./, function*({ loggedIn, run, sandbox }) {
        const flags = yield* loggedIn("oidc-confidential", "ada")
        yield* sandbox.fail({ status: 503, times: 5, where: { endpoint: "introspection" } })
        return yield* run(["introspect", ...flags])
      })
    }
  },
  request: {
    well: {
      "prints a token": c(0, /^\S+\n$/, function*({ client, run }) {
        return yield* run(["request", "client-credentials", ...yield* client("oidc-service")])
      }, { secret: true })
    },
    badly: {
      ...ofServer("request", "client-credentials"),
      "a parameter is missing": c(2, /^password: is missing/, function*({ client, run }) {
        return yield* run(["request", "password", "--parameter", "username=ada", ...yield* client("oidc-confidential")])
      }),
      "the server knows no such grant": c(
        2,
        /^--client-id: .*\(unsupported_grant_type\): correct its registration/,
        function*({ client, run }) {
          return yield* run(["request", "urn:example:grant", ...yield* client("oidc-confidential")])
        }
      ),
      "the file is not there": c(2, /cannot be read \(NotFound\)/, function*({ client, run }) {
        return yield* run([
          "request",
          "refresh-token",
          "--parameter-file",
          "refresh_token=nowhere",
          ...yield* client("oidc-confidential")
        ])
      }),
      "the token is not the server's": c(1, /hush|grant|refresh/, function*({ client, run }) {
        return yield* run([
          "request",
          "refresh-token",
          "--parameter-file",
          "refresh_token=-",
          ...yield* client("oidc-confidential")
        ], {
          stdin: "hush"
        })
      })
    }
  },
  demo: {
    well: { step: "demo" },
    badly: {
      "there is no place for its files": c(2, /nowhere/, function*({ spawn }) {
        return yield* spawn(["demo"], { env: { TMPDIR: "/nowhere" } })
      }, { shows: true }),
      "it is interrupted": c(130, /listens at/, function*({ start }) {
        const demo = yield* start(["demo"])
        yield* Effect.callback<void>((resume) => {
          demo.process.stdout?.once("data", () => resume(Effect.void))
        })
        demo.process.kill("SIGINT")
        return yield* demo.ended
      }, { shows: true }),
      "it is told too much": c(2, /is one argument too many; see effect-oauth demo --help/, function*({ run }) {
        return yield* run(["demo", "now"])
      })
    }
  },
  sandbox: {
    well: {
      "says where it listens, until it is interrupted": c(
        130,
        /listens at http:\/\/127\.0\.0\.1:\d+ until/,
        function*({ start }) {
          const sandbox = yield* start(["sandbox"])
          yield* Effect.callback<void>((resume) => {
            sandbox.process.stdout?.once("data", () => resume(Effect.void))
          })
          sandbox.process.kill("SIGINT")
          return yield* sandbox.ended
        }
      )
    },
    badly: {
      "another program has the port": c(2, /^--port: .*: name another one/, function*({ run }) {
        return yield* run(["sandbox", "--port", String(yield* taken)])
      }),
      "there is no such port": c(2, /^--port: .*from 0 to 65535/, function*({ run }) {
        return yield* run(["sandbox", "--port", "70000"])
      }),
      "there is no place for its files": c(2, /nowhere/, function*({ spawn }) {
        return yield* spawn(["sandbox"], { env: { TMPDIR: "/nowhere" } })
      }),
      "tokens would live no time": c(2, /^--lifetime: .*at least 1/, function*({ run }) {
        return yield* run(["sandbox", "--lifetime", "0"])
      })
    }
  },
  providers: {
    well: {
      "tells of one": c(0, /slack/, function*({ run }) {
        return yield* run(["providers", "slack"])
      })
    },
    badly: {
      "there is no such provider": c(2, /^NAME: is no provider: "slak"; did you mean slack\?/, function*({ run }) {
        return yield* run(["providers", "slak"])
      }),
      "two are named": c(2, /one argument too many; see effect-oauth providers --help/, function*({ run }) {
        return yield* run(["providers", "slack", "github"])
      }),
      "a flag is misspelt": c(2, /^--jsn: is not a flag, did you mean --json\?/, function*({ run }) {
        return yield* run(["providers", "--jsn"])
      }),
      "nobody reads on": c(141, /^$/, function*({ start }) {
        const providers = yield* start(["providers"])
        providers.process.stdout?.destroy()
        return yield* providers.ended
      })
    }
  },
  doctor: {
    well: {
      "finds nothing wrong": c(0, /✓ connection/, function*({ client, run }) {
        return yield* run(["doctor", ...yield* client("oidc-public")])
      })
    },
    badly: {
      "there is no such profile": c(2, /✗ settings .*there is no profile "nowhere"/, function*({ run }) {
        return yield* run(["doctor", "--profile", "nowhere"])
      }, { shows: true }),
      "the server is away": c(2, /✗ server +http:\/\/127\.0\.0\.1:1/, function*({ run }) {
        return yield* run(["doctor", "--issuer", "http://127.0.0.1:1", "--client-id", "x"])
      }, { shows: true }),
      "the configuration is no JSON": c(2, /✗ .*JSON/, function*({ directory, run }) {
        write(Path.join(directory, "config/effect-oauth/config.json"), "{")
        return yield* run(["doctor"])
      }, { shows: true }),
      "a file is where the store should be": c(2, /✗ store/, function*({ client, directory, run }) {
        write(Path.join(directory, "file"), "")
        return yield* run(["doctor", ...yield* client("oidc-public"), "--store", Path.join(directory, "file/store")])
      }, { shows: true })
    }
  },
  man: {
    well: {
      "shows a section": c(0, /^EXIT STATUS\n/, function*({ run }) {
        return yield* run(["man", "exit"])
      })
    },
    badly: {
      "there is no such section": c(2, /^SECTION: is no section; it must be name, /, function*({ run }) {
        return yield* run(["man", "colours"])
      }),
      "two are named": c(2, /one argument too many; see effect-oauth man --help/, function*({ run }) {
        return yield* run(["man", "exit", "files"])
      }),
      "a flag is misspelt": c(2, /^--rof: is not a flag, did you mean --roff\?/, function*({ run }) {
        return yield* run(["man", "--rof"])
      }),
      "the disk is full": c(1, /^stdout: cannot be written \(ENOSPC\): make room/, function*({ start }) {
        return yield* (yield* start(["man"], { stdout: "/dev/full" })).ended
      })
    }
  },
  "grants list": {
    well: {
      "lists them": c(0, /^ada .*Active/, function*({ loggedIn, run }) {
        yield* loggedIn("oidc-public", "ada")
        return yield* run(["grants", "list"])
      })
    },
    badly: {
      "there is no such state": c(2, /^--state: cannot be "Dead"/, function*({ run }) {
        return yield* run(["grants", "list", "--state", "Dead"])
      }),
      ...only(
        ofGrant("grants", "list"),
        "there is no such profile",
        "the configuration is no JSON",
        "a file is where the store should be"
      )
    }
  },
  "grants history": {
    well: {
      "tells what happened": c(0, /Authorized/, function*({ loggedIn, run }) {
        yield* loggedIn("oidc-public", "ada")
        return yield* run(["grants", "history", "--account", "ada"])
      })
    },
    badly: {
      "nobody has logged that account in": c(
        3,
        /no grant for the account nobody in .*: effect-oauth grants list/,
        function*({ run }) {
          return yield* run(["grants", "history", "--account", "nobody"])
        }
      ),
      ...only(
        ofGrant("grants", "history"),
        "there is no such profile",
        "the configuration is no JSON",
        "a file is where the store should be"
      )
    }
  },
  "grants restore": {
    well: {
      "tries again what the server ended": c(0, /Renewed/, function*({ loggedIn, run, sandbox }) {
        const flags = yield* loggedIn("oidc-public", "ada")
        yield* sandbox.fail({ status: 400, error: "invalid_grant", times: 1 })
        yield* run(["refresh", ...flags])
        return yield* run(["grants", "restore", "--yes", ...flags])
      })
    },
    badly: {
      "nobody is named": c(2, /^--account: is missing/, function*({ run }) {
        return yield* run(["grants", "restore", "--yes"])
      }),
      "the time is none": c(2, /^--from: cannot be "yesterday"/, function*({ run }) {
        return yield* run(["grants", "restore", "--all", "--from", "yesterday"])
      }),
      "it is ended again": c(3, /need a login/, function*({ loggedIn, run, sandbox }) {
        const flags = yield* loggedIn("oidc-public", "ada")
        yield* sandbox.fail({ status: 400, error: "invalid_grant", times: 2 })
        yield* run(["refresh", ...flags])
        return yield* run(["grants", "restore", "--yes", ...flags])
      }, { shows: true }),
      ...only(ofGrant("grants", "restore", "--all"), "there is no such profile")
    }
  },
  "grants delete": {
    well: {
      "deletes a person's grants": c(0, /^ada .*removed, and ended at the server/, function*({ loggedIn, run }) {
        return yield* run(["grants", "delete", "--yes", ...yield* loggedIn("oidc-public", "ada")])
      })
    },
    badly: {
      "nobody is named": c(2, /^--account: is missing/, function*({ run }) {
        return yield* run(["grants", "delete", "--yes"])
      }),
      "the server could not be told": c(4, /./, function*({ loggedIn, run, sandbox }) {
        const flags = yield* loggedIn("oidc-public", "ada")
        yield* sandbox.fail({ status: 503, times: 1, where: { endpoint: "revocation" } })
        return yield* run(["grants", "delete", "--yes", ...flags])
      }, { shows: true }),
      ...only(ofGrant("grants", "delete", "--yes"), "there is no such profile", "the configuration is no JSON")
    }
  },
  "grants move": {
    well: {
      "moves them": c(0, /^ada .*moved/, function*({ directory, loggedIn, run }) {
        yield* loggedIn("oidc-public", "ada")
        return yield* run(["grants", "move", "--to", Path.join(directory, "elsewhere")])
      })
    },
    badly: {
      "no place is named": c(2, /^--to: is missing/, function*({ run }) {
        return yield* run(["grants", "move"])
      }),
      "the place is a file": c(2, noStore, function*({ directory, loggedIn, run }) {
        yield* loggedIn("oidc-public", "ada")
        write(Path.join(directory, "file"), "")
        return yield* run(["grants", "move", "--to", Path.join(directory, "file/store")])
      }),
      "the database is away": c(
        4,
        /^--store: the postgres store cannot be used now \(ECONNREFUSED\): look at it with doctor/,
        function*({ loggedIn, run }) {
          yield* loggedIn("oidc-public", "ada")
          return yield* run(["grants", "move", "--to", "postgres://app:hush@127.0.0.1:1/app"])
        }
      ),
      ...only(ofGrant("grants", "move", "--to", "x"), "there is no such profile")
    }
  },
  "grants export": {
    well: {
      "moves them into a file": c(0, /ada/, function*({ directory, loggedIn, run }) {
        yield* loggedIn("oidc-public", "ada")
        return yield* run(["grants", "export", Path.join(directory, "x.grants"), ...passphrase(directory)])
      })
    },
    badly: {
      "the file is there already": c(2, /is there already/, function*({ directory, loggedIn, run }) {
        yield* loggedIn("oidc-public", "ada")
        write(Path.join(directory, "x.grants"), "mine")
        return yield* run(["grants", "export", Path.join(directory, "x.grants"), ...passphrase(directory)])
      }),
      "the passphrase is short": c(
        2,
        /^--passphrase-file: must have at least 12 characters/,
        function*({ directory, loggedIn, run }) {
          yield* loggedIn("oidc-public", "ada")
          return yield* run(["grants", "export", Path.join(directory, "x.grants"), ...passphrase(directory, "hush")])
        }
      ),
      "there is no passphrase": c(2, /^--passphrase-file: is missing/, function*({ directory, run }) {
        return yield* run(["grants", "export", Path.join(directory, "x.grants")])
      }),
      "the file's folder is not there": c(
        2,
        /^FILE: cannot be written there \(NotFound\): check the folder/,
        function*({ directory, loggedIn, run }) {
          yield* loggedIn("oidc-public", "ada")
          return yield* run(["grants", "export", Path.join(directory, "nowhere/x.grants"), ...passphrase(directory)])
        }
      )
    }
  },
  "grants import": {
    well: {
      "takes them in": c(0, /ada/, function*({ directory, loggedIn, run }) {
        yield* loggedIn("oidc-public", "ada")
        const file = Path.join(directory, "x.grants")
        yield* run(["grants", "export", file, ...passphrase(directory)])
        return yield* run(["grants", "import", file, ...passphrase(directory)])
      })
    },
    badly: {
      "the passphrase is another": c(2, /passphrase/, function*({ directory, loggedIn, run }) {
        yield* loggedIn("oidc-public", "ada")
        const file = Path.join(directory, "x.grants")
        yield* run(["grants", "export", file, ...passphrase(directory)])
        return yield* run(["grants", "import", file, ...passphrase(directory, "hush hush hush hush")])
      }),
      "the file is not there": c(2, /nowhere\.grants/, function*({ directory, run }) {
        return yield* run(["grants", "import", Path.join(directory, "nowhere.grants"), ...passphrase(directory)])
      }),
      "the file is something else": c(2, /./, function*({ directory, run }) {
        write(Path.join(directory, "x.grants"), "hush")
        return yield* run(["grants", "import", Path.join(directory, "x.grants"), ...passphrase(directory)])
      })
    }
  },
  "grants reencrypt": {
    well: {
      "seals what was in clear": c(0, /^Sealed with the current key: 1;/, function*({ directory, loggedIn, run }) {
        yield* loggedIn("oidc-public", "ada")
        return yield* run(["grants", "reencrypt", "--keyring", keys(directory)])
      })
    },
    badly: {
      "no keys are named": c(2, /^--keyring: /, function*({ loggedIn, run }) {
        yield* loggedIn("oidc-public", "ada")
        return yield* run(["grants", "reencrypt"])
      }),
      "the keys are no JSON": c(2, /keys\.json/, function*({ directory, run }) {
        write(Path.join(directory, "keys.json"), "hush")
        return yield* run(["grants", "reencrypt", "--keyring", Path.join(directory, "keys.json")])
      }),
      "the keys are not there": c(2, /nowhere\.json/, function*({ directory, run }) {
        return yield* run(["grants", "reencrypt", "--keyring", Path.join(directory, "nowhere.json")])
      })
    }
  },
  "grants set-aside": {
    well: {
      "makes way for a login": c(0, /is set aside, and kept as it was/, function*({ directory, loggedIn, run }) {
        const flags = yield* loggedIn("oidc-public", "ada")
        for (const file of grantFiles(directory)) Fs.writeFileSync(file, "{\"format\":")
        return yield* run(["grants", "set-aside", ...flags])
      })
    },
    badly: only(
      ofGrant("grants", "set-aside"),
      "there is no such profile",
      "the configuration is no JSON",
      "the key that sealed it is not there",
      "a file is where the store should be"
    )
  },
  "status --watch": {
    well: {
      "shows the grant, until it is interrupted": c(130, /"account":"ada"/, function*({ loggedIn, start }) {
        yield* loggedIn("oidc-public", "ada")
        const watching = yield* start(["status", "--watch", "--json"])
        yield* Effect.callback<void>((resume) => {
          watching.process.stdout?.once("data", () => resume(Effect.void))
        })
        watching.process.kill("SIGINT")
        return yield* watching.ended
      })
    },
    badly: {
      ...only(
        ofGrant("status", "--watch"),
        "there is no such profile",
        "the configuration is no JSON",
        "a file is where the store should be"
      ),
      "nobody reads on": c(141, /^$/, function*({ loggedIn, start }) {
        yield* loggedIn("oidc-public", "ada")
        const watching = yield* start(["status", "--watch"])
        watching.process.stdout?.destroy()
        return yield* watching.ended
      })
    }
  },
  "--completions": {
    well: {
      "prints a script": c(0, /effect-oauth/, function*({ run }) {
        return yield* run(["--completions", "bash"])
      })
    },
    badly: {
      "there is no such shell": c(2, /^--completions: cannot be "csh"; it must be bash, /, function*({ run }) {
        return yield* run(["--completions", "csh"])
      }),
      "no shell is named": c(2, /^--completions: /, function*({ run }) {
        return yield* run(["--completions"])
      }),
      "the disk is full": c(1, /^stdout: cannot be written \(ENOSPC\): make room/, function*({ start }) {
        return yield* (yield* start(["--completions", "bash"], { stdout: "/dev/full" })).ended
      })
    }
  }
}

describe("every command", { concurrent: false }, () => {
  it("has a case that goes well and at least three that do not", () => {
    const doing = CommandTree.paths(Main.command).filter((words) => !above.has(words.join(" ")))

    const wanting = doing.map((words) => words.join(" ")).filter((command) => {
      const row = rows[command]
      return row === undefined || Object.keys(row.well).length < 1 || Object.keys(row.badly).length < 3
    })
    assert.deepStrictEqual(wanting, [])
  })

  it("is a command that there is", () => {
    const known = new Set(CommandTree.paths(Main.command).map((words) => words.join(" ")))

    const unknown = Object.keys(rows).filter((command) => !known.has(command.replace(/ ?--\w+$/, "")))
    assert.deepStrictEqual(unknown, [])
  })

  it("goes well in a step of the gate where it takes too long for a test", () => {
    const steps = Fs.readFileSync(Path.resolve(import.meta.dirname, "../../../scripts/test.ts"), "utf8")

    for (const { well } of Object.values(rows)) {
      if ("step" in well) {
        assert.match(steps, new RegExp(`name: "${String(well.step)}", command: "node scripts/recording.ts"`))
      }
    }
  })

  it.live("ends as it should, tells what to do, and shows no secret", () =>
    Effect.gen(function*() {
      const sandbox = yield* Sandbox.make({ settings: { accessToken: "1 hour" } })
      const fs = yield* FileSystem.FileSystem
      const wrong: Array<string> = []
      for (const [command, { badly, well }] of Object.entries(rows)) {
        const cases = [
          ..."step" in well ? [] : Object.entries(well).map(([title, each]) => [title, each, true] as const),
          ...Object.entries(badly).map(([title, each]) => [title, each, false] as const)
        ]
        for (const [title, each, isWell] of cases) {
          const directory = yield* fs.makeTempDirectoryScoped({ prefix: "effect-oauth-test-" })
          yield* sandbox.clear
          const secrets = new Set<string>()
          // after each step, for the last of them may leave nothing
          const look = Effect.sync(() => secretsIn(directory).forEach((secret) => secrets.add(secret)))
          const machine = makeMachine(sandbox, directory)
          const watched: Machine = {
            ...machine,
            run: (...args) => Effect.tap(machine.run(...args), look),
            loggedIn: (...args) => Effect.tap(machine.loggedIn(...args), look)
          }
          const ran = yield* Effect.scoped(Effect.gen(() => each.does(watched))).pipe(
            Effect.timeoutOrElse({ duration: "60 seconds", orElse: () => Effect.succeed(hung) })
          )
          yield* look
          const problem = judge(
            each,
            isWell,
            ran,
            each.secret === true
              ? []
              : [
                ...secrets,
                ...Object.values(sandbox.registrations).flatMap(({ clientSecret }) =>
                  clientSecret === undefined ? [] : [Redacted.value(clientSecret)]
                )
              ]
          )
          if (problem !== undefined) {
            wrong.push(`${command}: ${title}: ${problem}\n${ran.exitCode}\n${ran.stdout.slice(0, 300)}\n${ran.stderr}`)
          }
        }
      }
      assert.deepStrictEqual(wrong, [], wrong.join("\n\n"))
    }).pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer)), 600_000)
})

const hung: Ran = { exitCode: -1, stdout: "", stderr: "it did not end" }

/** Commands that only have others below them. */
const above: ReadonlySet<string> = new Set(["", "grants"])

const judge = (
  { exitCode, says, shows = false }: Case,
  isWell: boolean,
  ran: Ran,
  secrets: ReadonlyArray<string>
): string | undefined => {
  const sentences = ran.stderr.split("\n").filter((line) => line.startsWith("error: "))
  const sentence = (sentences[0] ?? "").replace(/^error: /, "")
  const read = isWell ? ran.stdout + ran.stderr : shows ? `${ran.stdout}${sentence}` : sentence
  if (ran.exitCode !== exitCode) return `ends with ${ran.exitCode}, not ${exitCode}`
  if (!says.test(read)) return `does not say ${String(says)}`
  if (isWell && sentences.length > 0) return "tells an error"
  if (!isWell && sentences.length > 1) return "tells more than one error"
  if (!isWell && !shows && ran.stdout !== "") return "writes to stdout"
  if (/\n\s+at |\[object|undefined|hush/.test(ran.stderr)) return "shows what it should not"
  return secrets.some((secret) => (ran.stdout + ran.stderr).includes(secret)) ? "shows a secret" : undefined
}

function without(cases: Row["badly"], ...titles: ReadonlyArray<string>): Row["badly"] {
  return Object.fromEntries(Object.entries(cases).filter(([title]) => !titles.includes(title)))
}

function only(cases: Row["badly"], ...titles: ReadonlyArray<string>): Row["badly"] {
  return Object.fromEntries(Object.entries(cases).filter(([title]) => titles.includes(title)))
}

function write(path: string, text: string): void {
  Fs.mkdirSync(Path.dirname(path), { recursive: true })
  Fs.writeFileSync(path, text)
}

const grantFiles = (directory: string): ReadonlyArray<string> => {
  const folder = Path.join(directory, "data/effect-oauth/grants")
  return Fs.existsSync(folder)
    ? Fs.readdirSync(folder).filter((name) => name.endsWith(".json")).map((name) => Path.join(folder, name))
    : []
}

// every token that is kept
const secretsIn = (directory: string): ReadonlyArray<string> =>
  grantFiles(directory).flatMap((file) =>
    [...Fs.readFileSync(file, "utf8").matchAll(/"(?:value|refreshToken|idToken)":\s*"([^"]{16,})"/g)].map((
      [, token = ""]
    ) => token)
  )

const passphrase = (directory: string, text = "correct horse battery staple") => {
  const file = Path.join(directory, "passphrase")
  write(file, `${text}\n`)
  return ["--passphrase-file", file]
}

const keys = (directory: string): string => {
  const file = Path.join(directory, "keys.json")
  write(file, JSON.stringify({ current: "a", keys: { a: "A".repeat(43) } }))
  return file
}

/** A port that another program has. */
const taken = Effect.map(
  Effect.acquireRelease(
    Effect.callback<Net.Server>((resume) => {
      const server = Net.createServer().listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close())
  ),
  (server) => {
    const address = server.address()
    return typeof address === "object" && address !== null ? address.port : 0
  }
)
