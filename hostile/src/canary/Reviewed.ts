/** Where a secret may stand: the protocol, or the command itself, puts it there. */
import type { Find } from "./Search.ts"

/** A place that was looked at, and why it may hold what it holds. */
export interface Reviewed {
  readonly place: RegExp
  readonly secret: RegExp
  /** What stands before it, where that tells. */
  readonly after?: RegExp
  /** Where in the code it is put there: the file, and what stands in the one line that does it. */
  readonly by: { readonly file: string; readonly code: string }
  readonly reason: string
}

/** The whole list. */
export const reviewed: ReadonlyArray<Reviewed> = [
  {
    place: /^token( --json)?: stdout$/,
    secret: /^access token/,
    by: { file: "apps/cli/src/commands/Token.ts", code: "}, () => Redacted.value(value))" },
    reason: "the command prints the token, and nothing else, on its own stdout"
  },
  {
    place: /^request( --json)?: stdout$/,
    secret: /^(access|refresh) token/,
    by: {
      file: "apps/cli/src/commands/Request.ts",
      code: "output.result(toJson(tokens), () => Redacted.value(tokens.accessToken))"
    },
    reason: "the command gets a token and prints it on its own stdout; with --json the whole answer"
  },
  {
    place: /^login( --json| again| that fails)?: stderr$/,
    secret: /^(state|nonce)/,
    by: { file: "apps/cli/src/commands/Login.ts", code: "output.visit(url)" },
    reason:
      "the address to open carries state and nonce (RFC 6749, section 4.1.1; OpenID Connect Core, section 3.1.2.1)"
  },
  {
    place: /^apps\/.*\.integration\.test\.ts: span GET$/,
    secret: /^/,
    after: /[?&](state|nonce)=[\w-]*$/,
    by: { file: "packages/core/src/AuthorizationRequest.ts", code: "url: withQuery(endpoint, parameters, rules)," },
    reason:
      "a test that plays the person opens the address with Effect's client, whose span names it with state and nonce"
  },
  {
    place: /^call( --json| that fails)?: stdout$/,
    secret: /^access token/,
    by: { file: "apps/cli/src/commands/Call.ts", code: "output.bytes(response.stream)" },
    reason: "the body of the API's answer is what was asked for, whatever the API writes into it"
  },
  {
    place: /^a secret in the wrong place: stderr$/,
    secret: /^client secret$/,
    by: { file: "apps/cli/src/Failure.ts", code: "`\"${error.arguments[0]}\": is one argument too many`" },
    reason: "a word that is no argument of the command is quoted to the person who typed it, so that it can be found"
  }
]

/** The finds that nobody has reviewed. */
export const unreviewed = (finds: ReadonlyArray<Find>): ReadonlyArray<Find> =>
  finds.filter((find) =>
    !reviewed.some(({ after, place, secret }) =>
      place.test(find.place) && secret.test(find.secret) && (after === undefined || after.test(find.before))
    )
  )
