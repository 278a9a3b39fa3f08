/**
 * Every reason of the library in the words of the command line: which flag it is
 * about, and what to do.
 */
import type {
  AnswerLost,
  CallbackRejected,
  MetadataInvalid,
  OAuthError,
  OAuthErrorReason,
  ReauthorizationCause,
  RenewalPending,
  RequestNotAllowed,
  RequestNotSent,
  RequestRefused,
  ResponseInvalid
} from "@effect-oauth/core/OAuthError"
import type { RemoteText } from "@effect-oauth/core/RemoteText"
import * as Duration from "effect/Duration"
import * as ExitCode from "./ExitCode.ts"
import type { Report } from "./Report.ts"
import * as Settings from "./Settings.ts"

/** What a failure of the library is reported as. */
export const report = ({ reason }: OAuthError): Report => {
  const { retryAfter, ...rest } = of(reason)
  return {
    code: reason._tag,
    exitCode: reason.isTransient ? ExitCode.transient : ExitCode.failed,
    ...rest,
    ...(retryAfter === undefined ? {} : { retryAfter: Math.ceil(Duration.toSeconds(retryAfter)) })
  }
}

interface Words extends Omit<Report, "code" | "exitCode" | "retryAfter"> {
  readonly exitCode?: number
  readonly retryAfter?: Duration.Duration | undefined
}

const of = (reason: OAuthErrorReason): Words => {
  switch (reason._tag) {
    case "ConfigurationInvalid":
      return configuration(reason.field, reason.problem)
    case "CallbackRejected":
      return { message: rejected(reason), why: reason.problem, ...field(reason.parameter) }
    case "AuthorizationRefused":
      return {
        message: reason.answerLost === true ? lostLogin(reason.code) : refusedLogin(reason.code, reason.description),
        why: reason.code
      }
    case "RequestNotSent":
      return { message: notSent(reason), why: reason.problem }
    case "AnswerLost":
      return {
        message: `${reason.origin} ${lost[reason.problem]}${
          reason.status === undefined ? "" : ` (status ${reason.status})`
        }: what there was is kept, so run the command again, and doctor if that does not help`,
        why: reason.problem
      }
    case "ServerUnavailable":
      return {
        message: `${reason.origin} is not available now${
          reason.status === undefined ? "" : ` (status ${reason.status})`
        }: run the command again ${after(reason.retryAfter)}`,
        retryAfter: reason.retryAfter
      }
    case "RequestRefused":
      return { ...refused(reason), why: reason.code }
    case "ResponseInvalid":
      if (reason.problem === "mismatch" && reason.field === "sub") {
        return usage(
          "--account: belongs to somebody else, and the grant was left as it is: name another account, or log out first",
          "--account",
          reason.problem
        )
      }
      return {
        message: `The server's answer cannot be used (${answerProblems[reason.problem]}${
          reason.field === undefined ? "" : ` ${reason.field}`
        }${status(reason.status)}): check the address of the endpoint with doctor`,
        why: reason.problem,
        ...field(reason.field)
      }
    case "TokenTypeUnsupported":
      return {
        message:
          `token_type: the server issued a token of the type "${reason.tokenType}", and only Bearer can be used: ` +
          `ask for Bearer tokens in the client's registration`,
        field: "token_type"
      }
    case "RedirectRefused":
      return {
        message: reason.followed
          ? `The HTTP client followed a redirect of ${reason.origin} and may have sent secrets along: revoke the grant, and correct the endpoint`
          : `${reason.origin} answered with a redirect, which is not followed: correct the address of the endpoint`
      }
    case "MetadataInvalid":
      return usage(
        `--issuer: the metadata of ${reason.issuer} cannot be used (${metadataProblems[reason.problem]}${
          reason.field === undefined ? "" : ` ${reason.field}`
        }): correct the issuer, or name the endpoints`,
        "--issuer",
        reason.problem
      )
    case "JwtInvalid":
      return {
        message: `${reason.message}: check with doctor what the server announces, and log in again`,
        why: reason.rule
      }
    case "ReauthorizationRequired":
      return {
        message: `${ended[reason.why](reason.account, reason.provider)}: run effect-oauth login with the same flags${
          said(reason.description)
        }`,
        why: reason.why,
        exitCode: ExitCode.reauthorize
      }
    case "RenewalPending":
      return {
        message: `${pending[reason.why]}: run the command again ${after(reason.retryAfter)}`,
        why: reason.why,
        retryAfter: reason.retryAfter
      }
    case "RefusedAgain":
      return {
        message: "The API refused a token that had just been renewed: look for a missing permission or scope, an " +
          "account that is not linked, or the wrong API",
        retryAfter: reason.retryAfter
      }
    case "RecordReadOnly":
      return {
        message: reason.why === "newer-format"
          ? "The grant was written by a newer version of effect-oauth: update this one"
          : "The grant belongs to another installation (a restored copy?) and is not renewed here: log in again",
        why: reason.why
      }
    case "StoreUnavailable":
      if (permanent.has(reason.problem)) {
        return usage(
          `--store: its directory cannot be used (${reason.problem}): mend what doctor finds, or name another one`,
          "--store",
          reason.problem
        )
      }
      return {
        message: `--store: the ${reason.store} store cannot be used now (${reason.problem}): look at ${
          reason.store === "file" ? "its directory" : "it"
        } with doctor, and run the command again`,
        field: "--store",
        why: reason.problem
      }
    case "RecordInvalid":
      return {
        message: reason.during === "write"
          ? `--store: the ${reason.store} store cannot keep this grant (${reason.problem}); nothing was written`
          : `--store: the ${reason.store} store holds something that is no grant (${reason.problem}); it was ` +
            `left as it is: effect-oauth grants set-aside moves it out of the way`,
        field: "--store",
        why: reason.problem
      }
    case "KeyUnavailable":
      return {
        message: `The key for ${reason.use}${
          reason.keyId === undefined ? "" : ` (${reason.keyId})`
        } is not here: provide it; the grant is kept`,
        why: reason.use
      }
    case "AccessInsufficient":
      return {
        message: reason.error === "insufficient_scope"
          ? `--scope: ${reason.origin} wants more than the token gives${
            reason.scopes === undefined ? "" : ` (${reason.scopes.join(" ")})`
          }: run login again and ask for it`
          : `${reason.origin} wants a fresh login: run login again`,
        why: reason.error,
        ...(reason.error === "insufficient_scope" ? { field: "--scope" } : {})
      }
    case "RequestNotAllowed":
      return usage(notAllowed(reason), notAllowedFields[reason.problem], reason.problem)
  }
}

// whoever made the settings calls them by their flags
const configuration = (name: string, problem: string): Words => {
  const called = Settings.isName(name) ? `--${Settings.get(name).flag}` : name
  return usage(`${called}: ${problem}`, called)
}

const usage = (message: string, name?: string, why?: string): Words => ({
  message,
  ...field(name),
  ...(why === undefined ? {} : { why }),
  exitCode: ExitCode.usage
})

const field = (name: string | undefined): { readonly field?: string } => name === undefined ? {} : { field: name }

const rejected = ({ parameter, problem }: CallbackRejected): string => {
  const name = parameter ?? "The address"
  switch (problem) {
    case "no-pending-authorization":
      return "The address: belongs to no login that waits for it, as it was used already or is too old: run login again"
    case "state-mismatch":
      return "state: is not that of this login: paste the whole address at which the browser ended, or run login again"
    case "issuer-mismatch":
      return "iss: the answer names another authorization server than the one that was asked, and nothing of it was " +
        "used: check --issuer and run login again"
    case "issuer-missing":
      return "iss: is missing from the answer, and this server always sends it: run login again"
    case "issuer-unexpected":
      return "iss: is in the answer of a server that does not announce it, and nothing of it was used: let the " +
        "description's dialect.authorization.issuer be optional if the server is right"
    case "redirect-uri-mismatch":
      return "The address: does not begin with the redirect URI: paste the address at which the browser ended, or " +
        "correct --redirect-uri"
    case "duplicate-parameter":
      return `${name}: is there more than once: paste the address as the browser shows it, or run login again`
    case "code-missing":
      return "code: is missing: paste the whole address at which the browser ended, or run login again"
    case "expired":
      return "The address: came too late for this login: run login again"
    case "unsupported-response":
      return `${name}: the server answered in a form that was not asked for: check the client's registration`
    case "response-unsigned":
      return "response: is missing: this server signs its answers, and this one is not signed: run login again"
    case "malformed":
      return `${name}: cannot be read: paste the whole address at which the browser ended`
  }
}

const lostLogin = (code: RemoteText): string =>
  `The login may have been agreed to, but the answer with the tokens was lost, and now the server says "${code}": run ` +
  "login again"

const refusedLogin = (code: RemoteText, description: RemoteText | undefined): string => {
  switch (code) {
    case "access_denied":
      return `The login was declined at the server: run login again and accept${said(description)}`
    case "invalid_scope":
      return `--scope: the server does not give what was asked for: correct it${said(description)}`
    case "unauthorized_client":
    case "unsupported_response_type":
      return `--client-id: the server does not let this client log in this way (${code}): correct its registration${
        said(description)
      }`
    default:
      return `The server refused the login with "${code}": run login again${said(description)}`
  }
}

const notSent = ({ origin, problem }: RequestNotSent): string => {
  switch (problem) {
    case "dns":
      return `${origin}: its name cannot be found: check the address and the network`
    case "connect":
      return `${origin}: does not take connections: check the address and the network`
    case "tls":
      return `${origin}: cannot be reached safely (TLS): check its certificate, this machine's clock and any proxy`
    case "closing":
    case "lease-lost":
      return "The renewal was stopped before anything was sent: run the command again"
  }
}

const refused = ({ code, description, status }: RequestRefused): Words => {
  const words = said(description)
  switch (code) {
    case "invalid_client":
      return usage(
        `--client-id: the server does not accept the client (${code}, status ${status}): check its identifier, its ` +
          `secret and --client-authentication${words}`,
        "--client-id"
      )
    case "invalid_scope":
      return usage(`--scope: the server does not give what was asked for (${code}): correct it${words}`, "--scope")
    case "unauthorized_client":
    case "unsupported_grant_type":
      return usage(
        `--client-id: the server does not let this client do that (${code}): correct its registration${words}`,
        "--client-id"
      )
    case "invalid_grant":
      return { message: `The server does not accept the login's code (${code}): run login again${words}` }
    default:
      return {
        message: `The server refused the request with "${code}" (status ${status}): check the configuration with ` +
          `doctor${words}`
      }
  }
}

const lost: { readonly [K in AnswerLost["problem"]]: string } = {
  timeout: "was asked and did not answer in time",
  reset: "was asked and broke the connection off",
  truncated: "was asked and its answer was cut off",
  transport: "was asked and its answer was lost on the way",
  status: "was asked and failed",
  "content-type": "answered with a page, and not as an OAuth server does"
}

const answerProblems: { readonly [K in ResponseInvalid["problem"]]: string } = {
  "content-type": "it is not JSON",
  encoding: "it is not UTF-8",
  "not-json": "it is not JSON",
  "not-an-object": "it is not a JSON object",
  missing: "it lacks",
  "wrong-type": "wrong type of",
  "out-of-range": "out of range:",
  "too-large": "it is too large",
  status: "unexpected",
  mismatch: "it does not match what was asked:"
}

const metadataProblems: { readonly [K in MetadataInvalid["problem"]]: string } = {
  "issuer-mismatch": "they are another issuer's",
  "resource-mismatch": "they are another resource's",
  "blocked-address": "their address may not be reached",
  untrusted: "nobody trusts",
  missing: "they lack",
  "insecure-url": "not https:",
  "wrong-type": "wrong type of",
  "not-json": "they are not JSON",
  "not-found": "there are none"
}

const ended: { readonly [K in ReauthorizationCause]: (account: string, provider: string) => string } = {
  Absent: (account, provider) => `There is no grant for the account ${account} of ${provider}`,
  GrantRejected: (account, provider) => `${provider} no longer accepts the grant of the account ${account}`,
  RotationLost: (account, provider) =>
    `${provider} replaced the refresh token of the account ${account}, and its answer with the new one was lost`,
  IdentityMismatch: (account, provider) =>
    `${provider} answered the renewal of the account ${account} for somebody else`,
  NoRefreshToken: (account) => `The token of the account ${account} ended and there is no refresh token`,
  RefreshTokenSpent: (account) => `The refresh token of the account ${account} was used up, with no successor`,
  RefreshTokenExpired: (account) => `The refresh token of the account ${account} expired`,
  Revoked: (account) => `The grant of the account ${account} was revoked`,
  Ended: (account, provider) => `${provider} ended the grant of the account ${account}`
}

// what waiting does not mend
const permanent: ReadonlySet<string> = new Set(["EACCES", "EISDIR", "ENAMETOOLONG", "ENOTDIR", "EPERM", "EROFS"])

const pending: { readonly [K in RenewalPending["why"]]: string } = {
  indeterminate: "The answer to the last renewal was lost, and it is not time to ask again",
  "held-elsewhere": "Another process is renewing this grant",
  "backing-off": "The last renewal failed",
  "wait-exceeded": "The renewal takes longer than this command waits",
  closing: "The command was closing, and waited for no renewal any more"
}

const notAllowed = ({ origin, problem }: RequestNotAllowed): string => {
  switch (problem) {
    case "origin":
      return `URL: the token is not sent to ${origin}; if that is the provider's API, name it with --api-origin`
    case "insecure-url":
      return `URL: the token is not sent to ${origin} in the clear: use https`
    case "authorization-header":
      return "-H Authorization: is set by effect-oauth: leave it out"
    case "host-header":
      return "-H Host: names another server than the URL may: leave it out"
    case "token-parameter":
      return "access_token: the token goes into a header, which effect-oauth sets: leave it out"
    case "userinfo":
      return "URL: holds a user name or a password: leave them out"
    case "invalid-url":
      return "URL: is not an absolute address: write it out, from https:// on"
  }
}

const notAllowedFields: { readonly [K in RequestNotAllowed["problem"]]: string } = {
  origin: "URL",
  "insecure-url": "URL",
  "authorization-header": "-H",
  "host-header": "-H",
  "token-parameter": "access_token",
  userinfo: "URL",
  "invalid-url": "URL"
}

const after = (delay: Duration.Duration | undefined): string =>
  delay === undefined ? "later" : `in ${Duration.format(Duration.seconds(Math.ceil(Duration.toSeconds(delay))))}`

const status = (code: number | undefined): string => code === undefined ? "" : `, status ${code}`

const said = (text: RemoteText | undefined): string => text === undefined ? "" : ` (the server said: ${text})`
