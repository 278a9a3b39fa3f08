/**
 * Where this client and `oauth4webapi` part, and why. Both are right by their own lights: it reads an answer and leaves
 * the rest to its caller, this one hands out what can be used as it is.
 */
import type { Kind, Sample } from "./Samples.ts"
import type { Verdict } from "./Verdicts.ts"

/** How the two part: we refuse, they refuse, or both accept and read something else; or one alone names the error. */
export type Way =
  | "we refuse"
  | "they refuse"
  | "we read otherwise"
  | "only we name the error"
  | "only they name the error"

/** One difference. */
export interface Difference {
  readonly id: string
  readonly kinds: readonly [Kind, ...ReadonlyArray<Kind>]
  readonly way: Way
  readonly what: string
  readonly why: string
  /** Whether a sample has what the difference is about. */
  readonly applies: (sample: Sample) => boolean
}

/** How two verdicts part, if they do. */
export const wayOf = (
  ours: Verdict,
  theirs: Verdict,
  isEqual: (a: unknown, b: unknown) => boolean
): Way | undefined => {
  if (ours._tag === "Accepted") {
    return theirs._tag === "Refused"
      ? "they refuse"
      : isEqual(ours.value, theirs.value)
      ? undefined
      : "we read otherwise"
  }
  if (theirs._tag === "Accepted") return "we refuse"
  if (ours.code === theirs.code) return undefined
  return theirs.code === undefined ? "only we name the error" : "only they name the error"
}

/** All that are known. One that no sample shows any more fails the test, as does one that is not here. */
export const differences: ReadonlyArray<Difference> = [
  {
    id: "content-type",
    kinds: ["token", "introspection", "device", "metadata", "resource", "pushed", "backchannel", "registration"],
    way: "we refuse",
    what: "A `200` whose content type is not JSON, though its body is.",
    why:
      "RFC 6749, section 5.1, and RFC 8414, section 3.2, name the type; a page of somebody in between may parse too. They look at the type only when the body does not parse.",
    applies: (sample) => contentType(sample) !== "json"
  },
  {
    id: "content-type-suffix",
    kinds: ["error", "token", "introspection", "device", "pushed", "backchannel", "registration"],
    way: "only we name the error",
    what: "An error of another JSON type, `application/problem+json` for example.",
    why: "The suffix says that it is JSON (RFC 6839); the code decides what is done next, so it is read.",
    applies: (sample) => /\+json/i.test(header(sample, "content-type") ?? "")
  },
  {
    id: "content-type-case",
    kinds: ["error", "token", "introspection", "device", "pushed", "backchannel", "registration"],
    way: "only we name the error",
    what: "An error whose content type is written `Application/JSON`.",
    why: "Media types are case-insensitive (RFC 9110, section 8.3.1).",
    applies: (sample) => /^[^;]*[A-Z]/.test(header(sample, "content-type") ?? "")
  },
  {
    id: "encoding",
    kinds: [
      "token",
      "error",
      "introspection",
      "device",
      "metadata",
      "resource",
      "pushed",
      "backchannel",
      "registration"
    ],
    way: "we refuse",
    what: "A body that is not UTF-8.",
    why: "A byte that is replaced by U+FFFD makes another token of a token.",
    applies: (sample) => !isUtf8(sample)
  },
  {
    id: "error-beside-success",
    kinds: ["token", "introspection", "device", "pushed", "backchannel"],
    way: "we refuse",
    what: "A `200` with what was asked for and an `error` beside it.",
    why:
      "Some servers answer errors with `200`; what contradicts itself is not handed out. A refresh token in it is kept.",
    applies: (sample) => ![undefined, null, ""].includes(at(sample, "error") as string)
  },
  {
    id: "error-in-success",
    kinds: ["error", "token", "introspection", "device", "pushed", "backchannel", "registration"],
    way: "only we name the error",
    what: "A `200` or `201` that is an error.",
    why: "GitHub and others answer so; the code tells what to do.",
    applies: (sample) => [200, 201].includes(status(sample)) && typeof at(sample, "error") === "string"
  },
  {
    id: "error-under-challenge",
    kinds: ["error", "token", "introspection", "device", "pushed", "backchannel", "registration"],
    way: "only we name the error",
    what: "A `401` with a challenge and a body.",
    why:
      "RFC 6749, section 5.2, has both; the code is in the body. They hand over the challenge, and the caller reads the body.",
    applies: (sample) => header(sample, "www-authenticate") !== undefined
  },
  {
    id: "error-when-busy",
    kinds: ["error", "token", "introspection", "device", "pushed", "backchannel", "registration"],
    way: "only they name the error",
    what: "A `429` with an error.",
    why: "The request was not processed, whatever the body says: it is asked again later, and ends no grant.",
    applies: (sample) => status(sample) === 429
  },
  {
    id: "access-token-characters",
    kinds: ["token"],
    way: "we refuse",
    what: "An access token with characters that no `Authorization` header may hold.",
    why: "RFC 6750, section 2.1. Some HTTP clients quote such a header in their error, and the token with it.",
    applies: (sample) =>
      isText(at(sample, "access_token")) && !/^[A-Za-z0-9\-._~+/]+=*$/.test(text(sample, "access_token"))
  },
  {
    id: "refresh-token-characters",
    kinds: ["token"],
    way: "we refuse",
    what: "A refresh token with characters that are not printable ASCII.",
    why: "RFC 6749, appendix A.17.",
    applies: (sample) => !/^[\x20-\x7e]*$/.test(text(sample, "refresh_token"))
  },
  {
    id: "scope-characters",
    kinds: ["token"],
    way: "we refuse",
    what: "A scope with characters that no scope token may have.",
    why: "RFC 6749, section 3.3; a server that differs is described by a dialect.",
    applies: (sample) => !/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(text(sample, "scope"))
  },
  {
    id: "lifetime-text",
    kinds: ["token", "device", "pushed", "backchannel"],
    way: "we refuse",
    what: "An `expires_in` that is a text, or a list.",
    why:
      "It is a number (RFC 6749, appendix A.14). `parseFloat` makes 3600 of `3600abc`; a dialect allows digits, and digits only.",
    applies: (sample) => !["undefined", "number"].includes(typeof at(sample, "expires_in"))
  },
  {
    id: "lifetime-fraction",
    kinds: ["token"],
    way: "we read otherwise",
    what: "An `expires_in` with a fraction.",
    why: "Cut to whole seconds: earlier, never later.",
    applies: (sample) => at(sample, "expires_in") === 1.5
  },
  {
    id: "lifetime-cap",
    kinds: ["token", "device", "pushed", "backchannel"],
    way: "we read otherwise",
    what: "An `expires_in` of thousands of years.",
    why:
      "Cut to what every clock, timer and store can hold: ten years, an hour for a device code or a question to a person, and a day for a pushed request.",
    applies: (sample) => at(sample, "expires_in") === 1e12
  },
  {
    id: "null-members",
    kinds: ["token", "device", "backchannel"],
    way: "they refuse",
    what: "An optional member that is `null`.",
    why: "Many servers write so what they do not have; it means the same as leaving it out.",
    applies: (sample) =>
      ["refresh_token", "scope", "expires_in", "interval", "verification_uri_complete"].some((name) =>
        at(sample, name) === null
      )
  },
  {
    id: "details",
    kinds: ["token"],
    way: "we refuse",
    what: "`authorization_details` that are no list of objects with a type each.",
    why: "RFC 9396, section 2. Who compares them with what was agreed to must not compare with half of them.",
    applies: (sample) => {
      const details = at(sample, "authorization_details")
      return details !== undefined && details !== null &&
        !(Array.isArray(details) &&
          details.every((detail: unknown) =>
            typeof detail === "object" && detail !== null && "type" in detail && isText(detail.type) &&
            detail.type !== ""
          ))
    }
  },
  {
    id: "details-null",
    kinds: ["token"],
    way: "we read otherwise",
    what: "`authorization_details` that are `null`.",
    why: "The same as leaving them out, as with every member.",
    applies: (sample) => at(sample, "authorization_details") === null
  },
  {
    id: "bound-token",
    kinds: ["token"],
    way: "we refuse",
    what: "A token of the type `DPoP` where no proof was sent.",
    why: "Without the key it is of no use; with `Dpop` in context it is accepted.",
    applies: (sample) => text(sample, "token_type").toLowerCase() === "dpop"
  },
  {
    id: "introspected-types",
    kinds: ["introspection"],
    way: "we refuse",
    what: "An active token with a member of the wrong type.",
    why:
      "RFC 7662, section 2.2, gives the types. Who decides by `sub` or `scope` must not get a list or a number there.",
    applies: (sample) =>
      ["scope", "client_id", "sub"].some((name) => !["undefined", "string"].includes(kindOf(at(sample, name)))) ||
      ["exp", "iat"].some((name) => !["undefined", "number"].includes(kindOf(at(sample, name)))) ||
      ["exp", "iat"].some((name) => at(sample, name) === 1e300) ||
      [at(sample, "aud")].flat().some((audience) => !["undefined", "string"].includes(kindOf(audience)))
  },
  {
    id: "introspected-expiry",
    kinds: ["introspection"],
    way: "we read otherwise",
    what: "A token that is called active and has expired.",
    why: "`exp` is checked here too; a cache in between may have aged.",
    applies: (sample) => [1, -1].includes(at(sample, "exp") as number)
  },
  {
    id: "code-as-shown",
    kinds: ["device"],
    way: "we refuse",
    what: "A user code with control or direction characters.",
    why: "It is shown in a terminal and typed in letter by letter.",
    // eslint-disable-next-line no-control-regex
    applies: (sample) => /[\u0000-\u001f\u202e]/.test(text(sample, "user_code"))
  },
  {
    id: "verification-address",
    kinds: ["device"],
    way: "we refuse",
    what: "A verification address that is not `https`.",
    why: "It is shown to a person, or opened: `javascript:` and `file:` must not get there.",
    applies: (sample) =>
      ["verification_uri", "verification_uri_complete"].some((name) => !/^(https:\/\/.*)?$/.test(text(sample, name)))
  },
  {
    id: "device-lifetime",
    kinds: ["device", "backchannel"],
    way: "we refuse",
    what: "A device code, or a question to a person, that lives for no time.",
    why: "Nobody can use it; the login fails before the person is asked for anything.",
    applies: (sample) => at(sample, "expires_in") === 0
  },
  {
    id: "poll-interval",
    kinds: ["device", "backchannel"],
    way: "they refuse",
    what: "An `interval` that is zero, negative or a text.",
    why: "The default of RFC 8628, section 3.2, five seconds, is used: a login need not fail for it.",
    applies: (sample) => [0, -5, "5", null].includes(at(sample, "interval") as number)
  },
  {
    id: "poll-interval-limits",
    kinds: ["device", "backchannel"],
    way: "we read otherwise",
    what: "An `interval` under a second, or of years.",
    why: "A server is not asked more often than once a second, and an hour is the longest pause.",
    applies: (sample) => [0.5, 1e9].includes(at(sample, "interval") as number)
  },
  {
    id: "request-lifetime",
    kinds: ["pushed"],
    way: "we refuse",
    what: "A pushed request that lives for no time, or for a part of a second.",
    why: "RFC 9126, section 2.2: a positive integer.",
    applies: (sample) => [0, 1.5].includes(at(sample, "expires_in") as number)
  },
  {
    id: "request-uri-characters",
    kinds: ["pushed"],
    way: "we refuse",
    what: "A `request_uri` with a space, or with characters that are not ASCII.",
    why: "It is no URI (RFC 3986, section 2), and the browser is sent off with it.",
    applies: (sample) => !/^[\x21-\x7e]*$/.test(text(sample, "request_uri"))
  },
  {
    id: "registered-unfit",
    kinds: ["registration"],
    way: "we refuse",
    what:
      "A client that was registered otherwise than it can work: without its redirect URI, its grant or its secret, or with an authentication that it does not have.",
    why:
      "RFC 7591, section 3.2.1, lets the server change what was asked for; it is found out before the first login fails.",
    applies: (sample) =>
      !(Array.isArray(at(sample, "redirect_uris")) &&
        (at(sample, "redirect_uris") as ReadonlyArray<unknown>).includes("https://app.example/callback")) ||
      text(sample, "grant_types").includes("client_credentials") ||
      at(sample, "token_endpoint_auth_method") === "private_key_jwt" ||
      text(sample, "client_secret") === ""
  },
  {
    id: "registered-types",
    kinds: ["registration"],
    way: "we refuse",
    what:
      "A registration with a member of the wrong type, a credential that is not printable ASCII, or an end before time began.",
    why:
      "RFC 7591, section 2, and RFC 6749, appendix A: what is kept for years is looked at once. They look at the identifier and the secret.",
    applies: (sample) =>
      !isList(at(sample, "redirect_uris")) || !isList(at(sample, "grant_types")) ||
      ["client_id", "client_secret", "registration_access_token"].some((name) =>
        !/^[\x20-\x7e]*$/.test(text(sample, name))
      ) ||
      !["undefined", "string"].includes(kindOf(at(sample, "token_endpoint_auth_method"))) ||
      at(sample, "client_secret_expires_at") === -1
  },
  {
    id: "management-token",
    kinds: ["registration"],
    way: "we refuse",
    what: "A registration access token without the address that it is for.",
    why: "RFC 7592, section 3, has both or neither.",
    applies: (sample) => text(sample, "registration_access_token") !== ""
  },
  {
    id: "registered-secret-none",
    kinds: ["registration"],
    way: "they refuse",
    what: "A public client whose secret is `null`, or empty.",
    why: "The same as leaving it out.",
    applies: (sample) => [null, ""].includes(at(sample, "client_secret") as string)
  },
  {
    id: "registered-end",
    kinds: ["registration"],
    way: "we read otherwise",
    what: "A secret that ends after the year 9999.",
    why: "Cut to an instant that every clock and store can hold.",
    applies: (sample) => at(sample, "client_secret_expires_at") === 1e300
  },
  {
    id: "issuer-as-it-is",
    kinds: ["metadata"],
    way: "we refuse",
    what: "An issuer that is the same address in another spelling.",
    why: "Compared letter by letter (RFC 8414, section 3.3): it is a name, and not normalised.",
    applies: (sample) => text(sample, "issuer") !== "https://as.example" && text(sample, "issuer") !== ""
  },
  {
    id: "metadata-addresses",
    kinds: ["metadata"],
    way: "we refuse",
    what: "Metadata with an endpoint that is no `https` address.",
    why: "Found when they are read, before anybody is sent there. They find it when the endpoint is used.",
    applies: (sample) =>
      ["authorization_endpoint", "token_endpoint", "jwks_uri"].some((name) =>
        at(sample, name) !== undefined && at(sample, name) !== null && !/^https:\/\/[^#]*$/.test(text(sample, name))
      )
  },
  {
    id: "metadata-types",
    kinds: ["metadata", "resource"],
    way: "we refuse",
    what: "Metadata with a list that is a text, or a flag that is no boolean.",
    why: "`[\"S256\"]` and `\"S256\"` both have an `includes`; what is not as it should be is not half believed.",
    applies: (sample) =>
      ["scopes_supported", "code_challenge_methods_supported"].some((name) => !isList(at(sample, name))) ||
      ["authorization_response_iss_parameter_supported", "dpop_bound_access_tokens_required"].some((name) =>
        !["undefined", "boolean"].includes(kindOf(at(sample, name)))
      )
  },
  {
    id: "resource-as-it-is",
    kinds: ["resource"],
    way: "we refuse",
    what: "A resource that is the same address in another spelling.",
    why: "Compared letter by letter (RFC 9728, sections 3.3 and 6).",
    applies: (sample) => text(sample, "resource") !== "https://rs.example/api" && text(sample, "resource") !== ""
  },
  {
    id: "resource-servers",
    kinds: ["resource"],
    way: "we refuse",
    what: "Authorization servers that are no list of `https` addresses.",
    why: "Who trusts one of them sends a person there.",
    applies: (sample) =>
      !isList(at(sample, "authorization_servers")) ||
      [at(sample, "authorization_servers")].flat().some((issuer) =>
        typeof issuer === "string" && !issuer.startsWith("https:")
      )
  },
  {
    id: "callback-code",
    kinds: ["callback"],
    way: "we refuse",
    what: "A code with characters that are not printable ASCII.",
    why: "RFC 6749, appendix A.11.",
    applies: (sample) => /code=[^&]*%(0A|C3)/.test(url(sample))
  },
  {
    id: "callback-escapes",
    kinds: ["callback"],
    way: "we refuse",
    what: "An address with an escape that is none, or none of UTF-8.",
    why: "`URLSearchParams` makes U+FFFD of it; nobody's answer looks like that.",
    applies: (sample) => /%(zz|ff)/.test(url(sample))
  },
  {
    id: "callback-brackets",
    kinds: ["callback"],
    way: "we refuse",
    what: "A parameter of the protocol that is written as a list, `code[]`.",
    why: "Frameworks read it as `code`: it is there twice.",
    applies: (sample) => url(sample).includes("code%5B%5D")
  },
  {
    id: "callback-fragment",
    kinds: ["callback"],
    way: "we refuse",
    what: "An answer with a code in its fragment.",
    why: "It was meant for another response mode, or was put there.",
    applies: (sample) => url(sample).includes("#code=")
  },
  {
    id: "callback-tokens",
    kinds: ["callback"],
    way: "we refuse",
    what: "An answer that brings an access token.",
    why:
      "Tokens do not travel through the browser (RFC 9700, section 2.1.2). They look for `token`, which no response type has.",
    applies: (sample) => url(sample).includes("access_token=")
  },
  {
    id: "callback-token",
    kinds: ["callback"],
    way: "they refuse",
    what: "An answer with a parameter `token`.",
    why: "The protocol does not define it; unknown parameters are passed over (RFC 6749, section 4.1.2).",
    applies: (sample) => /[?&]token=/.test(url(sample))
  },
  {
    id: "callback-error-with-more",
    kinds: ["callback"],
    way: "only they name the error",
    what:
      "An error beside something that makes the whole answer unbelievable: a broken escape, a control character, a second code, tokens.",
    why: "Nothing of an answer that is not well formed is shown as the server's words.",
    applies: (sample) =>
      /%(zz|ff|0A|C3)|code%5B%5D|#code=|access_token=|id_token=|[?&]code=.*&code=/.test(url(sample)) &&
      url(sample).includes("error=")
  },
  {
    id: "challenge-repeated",
    kinds: ["challenge"],
    way: "we read otherwise",
    what: "A challenge with a parameter twice.",
    why:
      "RFC 6750, section 3, forbids it. The first is kept and the challenge marked, and nothing is done because of it; they take the last.",
    applies: (sample) => isRepeated(sample)
  },
  {
    id: "challenge-commas",
    kinds: ["challenge"],
    way: "we refuse",
    what: "Challenges or parameters without the commas between them.",
    why: "What can be told is told; that something is wrong is told too, and compared here.",
    applies: (sample) =>
      outsideQuotes(sample).some((part) =>
        /[^\s,=]+\s+[^\s,=]+\s+[^\s,=]|=[^\s,"]+\s+[^\s,=]|"\s+[^\s,]|"[^\s,]|[\w-]\s*,\s*[\w-]+\s*=/.test(part)
      )
  },
  {
    id: "challenge-names",
    kinds: ["challenge"],
    way: "we read otherwise",
    what: "A parameter of the name `__proto__`.",
    why: "It is a name like any other (RFC 9110, section 5.6.2); in an object it is lost.",
    applies: (sample) => sample.kind === "challenge" && sample.header.includes("__proto__")
  },
  {
    id: "challenge-token68",
    kinds: ["challenge"],
    way: "they refuse",
    what: "A `token68` that ends with three equals signs, or a name that is `__proto__` and nothing else.",
    why: "RFC 9110, section 11.2, allows any number. They give up on the whole header.",
    applies: (sample) => sample.kind === "challenge" && /===|__proto__/.test(sample.header)
  }
]

/** The page that lists them. */
export const page = (): string =>
  `# Beside oauth4webapi

Thousands of answers of servers, drawn by a seed, are given to this client and to \`oauth4webapi\`: token answers, errors,
introspection, device codes, metadata of servers and of APIs, what a browser brings back, \`WWW-Authenticate\`. Both
accept and refuse alike, and read the same, but for what is listed here. The list is
[data](../packages/core/test/differential/Differences.ts); the test fails for a difference that is not on it, and for one
that no answer shows any more. \`SEED=7 pnpm exec vitest packages/core/test/differential\` draws others. This page is
written by \`node packages/core/test/differential/page.ts\`.

${
    ways.flatMap((way) =>
      [
        `## ${titles[way]}`,
        ...differences.filter((difference) => difference.way === way).map(({ id, kinds, what, why }) =>
          `- **${id}** (${kinds.join(", ")}): ${what} ${why}`
        )
      ].map((line, index) => index === 0 ? `${line}\n` : line).concat("")
    ).join("\n").trimEnd()
  }
`

const titles: { readonly [W in Way]: string } = {
  "we refuse": "We refuse, they accept",
  "they refuse": "They refuse, we accept",
  "we read otherwise": "Both accept, and read something else",
  "only we name the error": "Both refuse, and only we name the server's error",
  "only they name the error": "Both refuse, and only they name the server's error"
}

const ways: ReadonlyArray<Way> = [
  "we refuse",
  "they refuse",
  "we read otherwise",
  "only we name the error",
  "only they name the error"
]

const status = (sample: Sample): number => "answer" in sample ? sample.answer.status : 0

const header = (sample: Sample, name: string): string | undefined =>
  "answer" in sample ? sample.answer.headers[name] : undefined

const contentType = (sample: Sample): "json" | "other" =>
  /^application\/([\w.+-]+\+)?json(;|$)/i.test(header(sample, "content-type") ?? "") ? "json" : "other"

const url = (sample: Sample): string => sample.kind === "callback" ? sample.url : ""

const isUtf8 = (sample: Sample): boolean => {
  try {
    if ("answer" in sample) new TextDecoder("utf-8", { fatal: true }).decode(sample.answer.body)
    return true
  } catch {
    return false
  }
}

const at = (sample: Sample, name: string): unknown => {
  if (!("answer" in sample)) return undefined
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(sample.answer.body))
    return typeof json === "object" && json !== null && Object.hasOwn(json, name)
      ? (json as Record<string, unknown>)[name]
      : undefined
  } catch {
    return undefined
  }
}

const isText = (value: unknown): value is string => typeof value === "string"

const text = (sample: Sample, name: string): string => {
  const value = at(sample, name)
  return isText(value) ? value : value === undefined || value === null ? "" : `\u0000${JSON.stringify(value)}`
}

const kindOf = (value: unknown): string => value === null ? "undefined" : typeof value

const isList = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.every(isText))

const outsideQuotes = (sample: Sample): ReadonlyArray<string> =>
  sample.kind === "challenge" ? [sample.header.replace(/"(?:[^"\\]|\\.)*"/g, "\"")] : []

const isRepeated = (sample: Sample): boolean => {
  const names = outsideQuotes(sample).flatMap((part) => part.toLowerCase().match(/[\w]+(?=\s*=)/g) ?? [])
  return new Set(names).size < names.length
}
