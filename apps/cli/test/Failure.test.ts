import * as ExitCode from "@effect-oauth/cli/ExitCode"
import * as Failure from "@effect-oauth/cli/Failure"
import { OAuthError, RemoteText } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Duration, Option, PlatformError, Terminal } from "effect"
import { CliError } from "effect/cli"

describe("Failure", () => {
  describe("report", () => {
    const reasons: ReadonlyArray<readonly [reason: OAuthError.OAuthErrorReason, exitCode: number, message: RegExp]> = [
      [
        new OAuthError.ConfigurationInvalid({ field: "tokenEndpoint", problem: "must begin with https://" }),
        ExitCode.usage,
        /^--token-endpoint: must begin with https:\/\/$/
      ],
      ...([
        ["no-pending-authorization", /belongs to no login that waits.*: run login again$/],
        ["state-mismatch", /^state: is not that of this login: paste the whole address/],
        ["issuer-mismatch", /^iss: .*another authorization server.*check --issuer/],
        ["issuer-missing", /^iss: is missing.*run login again$/],
        ["redirect-uri-mismatch", /does not begin with the redirect URI: paste the address.*--redirect-uri$/],
        ["code-missing", /^code: is missing: paste the whole address/],
        ["expired", /came too late for this login: run login again$/]
      ] as const).map(([problem, message]) =>
        [new OAuthError.CallbackRejected({ problem }), ExitCode.failed, message] as const
      ),
      [
        new OAuthError.CallbackRejected({ problem: "duplicate-parameter", parameter: "code" }),
        ExitCode.failed,
        /^code: is there more than once: paste the address/
      ],
      [
        new OAuthError.CallbackRejected({ problem: "unsupported-response", parameter: "response" }),
        ExitCode.failed,
        /^response: .*check the client's registration$/
      ],
      [
        new OAuthError.CallbackRejected({ problem: "malformed", parameter: "state" }),
        ExitCode.failed,
        /^state: cannot be read: paste the whole address/
      ],
      [
        new OAuthError.AuthorizationRefused({ code: remote("access_denied"), description: remote("not today") }),
        ExitCode.failed,
        /^The login was declined at the server: run login again and accept \(the server said: not today\)$/
      ],
      [
        new OAuthError.AuthorizationRefused({ code: remote("invalid_scope") }),
        ExitCode.failed,
        /^--scope: the server does not give what was asked for: correct it$/
      ],
      [
        new OAuthError.AuthorizationRefused({ code: remote("unauthorized_client") }),
        ExitCode.failed,
        /^--client-id: .*correct its registration$/
      ],
      [
        new OAuthError.AuthorizationRefused({ code: remote("server_error") }),
        ExitCode.failed,
        /^The server refused the login with "server_error": run login again$/
      ],
      ...(["dns", "connect", "tls"] as const).map((problem) =>
        [
          new OAuthError.RequestNotSent({ problem, origin: "https://as.example" }),
          ExitCode.transient,
          /^https:\/\/as\.example: .*: check/
        ] as const
      ),
      ...(["closing", "lease-lost"] as const).map((problem) =>
        [
          new OAuthError.RequestNotSent({ problem, origin: "https://as.example" }),
          ExitCode.transient,
          /stopped before anything was sent: run the command again$/
        ] as const
      ),
      [
        new OAuthError.AnswerLost({ problem: "timeout", origin: "https://as.example" }),
        ExitCode.transient,
        /^https:\/\/as\.example was asked and did not answer in time: what there was is kept, so run the command again/
      ],
      [
        new OAuthError.ServerUnavailable({
          origin: "https://as.example",
          status: 503,
          retryAfter: Duration.millis(1500)
        }),
        ExitCode.transient,
        /^https:\/\/as\.example is not available now \(status 503\): run the command again in 2s$/
      ],
      [
        new OAuthError.ServerUnavailable({ origin: "https://as.example" }),
        ExitCode.transient,
        /: run the command again later$/
      ],
      [refused("invalid_client"), ExitCode.usage, /^--client-id: .*--client-authentication$/],
      [refused("invalid_scope"), ExitCode.usage, /^--scope: .*: correct it$/],
      [refused("unauthorized_client"), ExitCode.usage, /^--client-id: .*correct its registration$/],
      [refused("invalid_grant"), ExitCode.failed, /: run login again$/],
      [refused("strange"), ExitCode.failed, /"strange" \(status 400\): check the configuration with doctor$/],
      [
        new OAuthError.ResponseInvalid({ problem: "missing", field: "access_token", status: 200 }),
        ExitCode.failed,
        /\(it lacks access_token, status 200\): check the address/
      ],
      [
        new OAuthError.JwtInvalid({ jwt: "id-token", rule: "aud" }),
        ExitCode.failed,
        /^The server's ID token breaks a rule \(aud\).*: check with doctor/
      ],
      [
        new OAuthError.ResponseInvalid({ problem: "mismatch", field: "sub" }),
        ExitCode.usage,
        /^--account: belongs to somebody else.*: name another account, or log out first$/
      ],
      [
        new OAuthError.TokenTypeUnsupported({ tokenType: remote("mac") }),
        ExitCode.failed,
        /^token_type: .*"mac".*ask for Bearer tokens/
      ],
      [
        new OAuthError.RedirectRefused({ origin: "https://as.example", followed: false }),
        ExitCode.failed,
        /redirect, which is not followed: correct the address/
      ],
      [
        new OAuthError.RedirectRefused({ origin: "https://as.example", followed: true }),
        ExitCode.failed,
        /may have sent secrets along: revoke the grant/
      ],
      [
        new OAuthError.MetadataInvalid({ issuer: "https://as.example", problem: "missing", field: "token_endpoint" }),
        ExitCode.usage,
        /^--issuer: .*they lack token_endpoint\): correct the issuer, or name the endpoints$/
      ],
      ...([
        "Absent",
        "GrantRejected",
        "RotationLost",
        "IdentityMismatch",
        "NoRefreshToken",
        "RefreshTokenSpent",
        "RefreshTokenExpired",
        "Revoked",
        "Ended"
      ] as const).map((why) =>
        [
          new OAuthError.ReauthorizationRequired({ why, provider: "frameio", account: "work" }),
          ExitCode.reauthorize,
          /\bwork\b.*: run effect-oauth login with the same flags$/
        ] as const
      ),
      ...(["indeterminate", "held-elsewhere", "backing-off", "wait-exceeded", "closing"] as const).map((why) =>
        [
          new OAuthError.RenewalPending({ why, retryAfter: Duration.seconds(90) }),
          ExitCode.transient,
          /: run the command again in 1m 30s$/
        ] as const
      ),
      [
        new OAuthError.RefusedAgain({ retryAfter: Duration.seconds(30) }),
        ExitCode.failed,
        /: look for a missing permission/
      ],
      [new OAuthError.RecordReadOnly({ why: "newer-format" }), ExitCode.failed, /: update this one$/],
      [new OAuthError.RecordReadOnly({ why: "other-installation" }), ExitCode.failed, /: log in again$/],
      [
        new OAuthError.StoreUnavailable({ store: "file", problem: "ENOSPC" }),
        ExitCode.transient,
        /^--store: .*\(ENOSPC\): look at its directory with doctor/
      ],
      [
        new OAuthError.StoreUnavailable({ store: "file", problem: "EACCES" }),
        ExitCode.usage,
        /^--store: .*\(EACCES\): mend what doctor finds, or name another one$/
      ],
      [
        new OAuthError.RecordInvalid({ store: "file", problem: "/a.json is not the record of a grant" }),
        ExitCode.failed,
        /^--store: .*left as it is: effect-oauth grants set-aside moves it out of the way$/
      ],
      [new OAuthError.KeyUnavailable({ use: "seal", keyId: "k1" }), ExitCode.failed, /\(k1\) is not here: provide it/],
      [
        new OAuthError.AccessInsufficient({
          error: "insufficient_scope",
          origin: "https://api.example",
          status: 403,
          scopes: ["write"]
        }),
        ExitCode.failed,
        /^--scope: https:\/\/api.example wants more than the token gives \(write\)/
      ],
      [
        new OAuthError.AccessInsufficient({
          error: "insufficient_user_authentication",
          origin: "https://api.example",
          status: 401
        }),
        ExitCode.failed,
        /wants a fresh login: run login again$/
      ],
      ...(["origin", "insecure-url", "userinfo", "invalid-url"] as const).map((problem) =>
        [
          new OAuthError.RequestNotAllowed({ problem, origin: "https://evil.example" }),
          ExitCode.usage,
          /^URL: /
        ] as const
      ),
      [
        new OAuthError.RequestNotAllowed({ problem: "authorization-header", origin: "https://api.example" }),
        ExitCode.usage,
        /^-H Authorization: is set by effect-oauth: leave it out$/
      ],
      [
        new OAuthError.RequestNotAllowed({ problem: "host-header", origin: "https://api.example" }),
        ExitCode.usage,
        /^-H Host: names another server/
      ],
      [
        new OAuthError.RequestNotAllowed({ problem: "token-parameter", origin: "https://api.example" }),
        ExitCode.usage,
        /^access_token: the token goes into a header/
      ]
    ]
    for (const [reason, exitCode, message] of reasons) {
      const detail = "problem" in reason
        ? reason.problem
        : "why" in reason
        ? reason.why
        : "code" in reason
        ? reason.code
        : ""
      it(`tells ${reason._tag} ${detail} in one sentence, with what to do`, () => {
        const report = Failure.report(OAuthError.make("Module", "method", reason))

        assert.match(report.message, message)
        assert.strictEqual(report.exitCode, exitCode)
        assert.strictEqual(report.code, reason._tag)
        assert.notInclude(report.message, "\n")
        assert.notInclude(report.message, "Module.method")
      })
    }

    it("has a case for every reason", () => {
      const covered = new Set<string>(reasons.map(([reason]) => reason._tag))

      assert.deepStrictEqual(Object.keys(everyReason).filter((name) => !covered.has(name)), [])
    })

    const usages: ReadonlyArray<readonly [error: CliError.CliError, message: string]> = [
      [
        new CliError.UnrecognizedOption({ option: "--acount", suggestions: ["--account"] }),
        "--acount: is not a flag, did you mean --account?; see effect-oauth token --help"
      ],
      [
        new CliError.UnknownSubcommand({ subcommand: "tokn", suggestions: ["token"] }),
        "\"tokn\": is not a command, did you mean token?; see effect-oauth token --help"
      ],
      [
        new CliError.MissingArgument({ argument: "url" }),
        "URL: is missing; see effect-oauth token --help"
      ],
      [
        new CliError.InvalidValue({ option: "account", value: "", expected: "string", kind: "flag" }),
        "--account: has no value; one that begins with a dash is written --account=VALUE; see effect-oauth token --help"
      ],
      [
        new CliError.InvalidValue({ option: "kind", value: "x", expected: "\"spa\" | \"s2s\"", kind: "flag" }),
        "--kind: cannot be \"x\"; it must be spa or s2s; see effect-oauth token --help"
      ]
    ]
    for (const [error, message] of usages) {
      it(`tells ${error._tag} in one sentence`, () => {
        const report = Failure.report(
          new CliError.ShowHelp({
            commandPath: ["effect-oauth", "token"],
            errors: [error as CliError.NonShowHelpErrors]
          })
        )

        assert.strictEqual(report.message, message)
        assert.strictEqual(report.exitCode, ExitCode.usage)
      })
    }

    it("does not quote what may be the value of a misspelt flag", () => {
      const report = Failure.report(
        new CliError.ShowHelp({
          commandPath: ["effect-oauth"],
          errors: [
            new CliError.UnexpectedArgument({ arguments: ["hush"] }),
            new CliError.UnrecognizedOption({ option: "--client-secrt", suggestions: [] })
          ]
        })
      )

      assert.strictEqual(
        report.message,
        "--client-secrt: is not a flag, did you mean --client-secret?; see effect-oauth --help"
      )
    })

    it("names the file that cannot be read", () => {
      const report = Failure.report(
        PlatformError.systemError({
          _tag: "PermissionDenied",
          module: "FileSystem",
          method: "readFile",
          pathOrDescriptor: "/secret"
        })
      )

      assert.strictEqual(report.message, "/secret: may not be read or written by you; check its owner and mode")
      assert.strictEqual(report.exitCode, ExitCode.usage)
    })

    it("takes a closed stdout for what it is", () => {
      const report = Failure.report(
        PlatformError.systemError({ _tag: "Unknown", module: "Stdio", method: "stdout" })
      )

      assert.strictEqual(report.exitCode, ExitCode.closed)
    })

    it("says what to do when the input ends", () => {
      assert.match(Failure.report(new Terminal.QuitError({})).message, /^The input ended .* run the command again/)
    })

    it("shows nothing of what should not happen but its class", () => {
      const report = Failure.report(new TypeError("hush"))

      assert.strictEqual(report.code, "Unexpected")
      assert.include(report.message, "TypeError")
      assert.notInclude(JSON.stringify(report), "hush")
    })
  })

  describe("fromCause", () => {
    it("has nothing to say of an interruption", () => {
      assert.isTrue(Option.isNone(Failure.fromCause(Cause.interrupt())))
    })

    it("tells a defect", () => {
      const report = Option.getOrThrow(Failure.fromCause(Cause.die(new RangeError("hush"))))

      assert.include(report.message, "RangeError")
    })
  })
})

const remote = (text: string): RemoteText.RemoteText => {
  const clean = RemoteText.fromUnknown(text)
  if (clean === undefined) throw new Error("no text")
  return clean
}

function refused(code: string): OAuthError.RequestRefused {
  return new OAuthError.RequestRefused({ code: remote(code), status: 400 })
}

// a reason that is added is missing here until it is told
const everyReason: { readonly [Tag in OAuthError.OAuthErrorReason["_tag"]]: true } = {
  AccessInsufficient: true,
  AnswerLost: true,
  AuthorizationRefused: true,
  CallbackRejected: true,
  ConfigurationInvalid: true,
  KeyUnavailable: true,
  JwtInvalid: true,
  MetadataInvalid: true,
  ReauthorizationRequired: true,
  RecordInvalid: true,
  RecordReadOnly: true,
  RedirectRefused: true,
  RefusedAgain: true,
  RenewalPending: true,
  RequestNotAllowed: true,
  RequestNotSent: true,
  RequestRefused: true,
  ResponseInvalid: true,
  ServerUnavailable: true,
  StoreUnavailable: true,
  TokenTypeUnsupported: true
}
