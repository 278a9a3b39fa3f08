/** What servers answer, by chance and by a seed: mostly as they should, and each part now and then as it should not be. */

/** An answer over HTTP. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array<ArrayBuffer>
}

export type Sample =
  | { readonly kind: AnsweredKind; readonly answer: Answer }
  | { readonly kind: "callback"; readonly url: string; readonly issuerAnnounced: boolean }
  | { readonly kind: "challenge"; readonly header: string }

export type Kind = Sample["kind"]

type AnsweredKind =
  | "token"
  | "error"
  | "introspection"
  | "device"
  | "metadata"
  | "resource"
  | "pushed"
  | "backchannel"
  | "registration"

export const issuer = "https://as.example"
export const resource = "https://rs.example/api"
export const redirectUri = "https://app.example/callback"
export const state = "a-state"

/** Chance that repeats with the seed. */
export class Chance {
  private seed: number
  constructor(seed: number) {
    this.seed = seed
  }
  below(limit: number): number {
    this.seed = (this.seed + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.seed ^ (this.seed >>> 15), 1 | this.seed)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296 * limit)
  }
  one<const A>(values: ReadonlyArray<A>): A {
    return values[this.below(values.length)] as A
  }
  /** One of the first list as a rule, of the second one time in `oneIn`. */
  mostly<const A, const B>(good: ReadonlyArray<A>, odd: ReadonlyArray<B>, oneIn = 12): A | B {
    return this.below(oneIn) === 0 ? this.one(odd) : this.one(good)
  }
}

/** One sample of a kind. */
export const sample = (kind: Kind, chance: Chance): Sample => {
  switch (kind) {
    case "callback":
      return { kind, ...callback(chance) }
    case "challenge":
      return { kind, header: challenge(chance) }
    default:
      return { kind, answer: answer(chance, kind) }
  }
}

type Members = Record<string, unknown>

const none = undefined

const answer = (chance: Chance, kind: AnsweredKind): Answer => {
  const members = documents[kind](chance)
  const good = kind === "error" ? 400 : created.has(kind) ? 201 : 200
  const status = chance.mostly(
    [good],
    kind === "error" ? [401, 403, 404, 429, 500, 503, 200] : [good === 200 ? 201 : 200, 302, 400, 404, 500, 503]
  )
  const contentType = chance.mostly(
    ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=UTF-8"],
    [
      none,
      "text/html",
      "text/plain",
      "application/problem+json",
      "application/x-www-form-urlencoded",
      "application/jsonp"
    ],
    20
  )
  const challenged = status === 401 && chance.below(2) === 0
  return {
    status,
    headers: {
      ...(contentType === undefined ? {} : { "content-type": contentType }),
      ...(challenged ? { "www-authenticate": "Basic realm=\"as\"" } : {})
    },
    body: body(chance, members)
  }
}

const created: ReadonlySet<AnsweredKind> = new Set(["pushed", "registration"])

const body = (chance: Chance, members: Members): Uint8Array<ArrayBuffer> => {
  const json = JSON.stringify(members)
  const text = chance.mostly([json], [
    `\ufeff${json}`,
    json.slice(0, -1),
    `[${json}]`,
    "null",
    "\"text\"",
    "",
    "<html></html>",
    `${json.slice(0, -1)},"access_token":"second"}`.replace("{,", "{"),
    `{"__proto__":${json}}`
  ], 20)
  const bytes = Uint8Array.from(new TextEncoder().encode(text))
  // a byte that is no UTF-8, in the middle of a text
  const at = text.indexOf("\"tok")
  if (at > 0 && chance.below(60) === 0) bytes[at + 1] = 0xff
  return bytes
}

const documents: Readonly<Record<AnsweredKind, (chance: Chance) => Members>> = {
  token: (chance) => ({
    access_token: chance.mostly(["token-1", "a.b_c~d+e/f=="], [
      none,
      null,
      "",
      7,
      ["token"],
      "to ken",
      "tok\r\nen",
      "tokén"
    ]),
    token_type: chance.mostly(["Bearer", "bearer", "BEARER"], [none, null, "", 7, ["Bearer"], "mac", "N_A", "DPoP"]),
    expires_in: chance.mostly([3600, none, 1], [0, -1, 1.5, 1e12, "3600", "3600abc", "", "x", null, true, [3600], {}]),
    refresh_token: chance.mostly(["refresh-1", none], [null, "", 7, "refrésh", "a b", "a\nb"]),
    scope: chance.mostly(["read write", none, ""], [["read"], null, 7, "read  write", "read,write", "lésen", "a\"b"]),
    error: chance.mostly([none], ["invalid_grant", "", null, 7], 30),
    authorization_details: chance.mostly([none, [{ type: "payment", amount: "1" }], []], [
      null,
      "payment",
      { type: "payment" },
      [7],
      [{}],
      [{ type: "" }]
    ]),
    vendor: chance.mostly([none, { a: [1, "x"] }], [null])
  }),
  error: (chance) => ({
    error: chance.mostly(["invalid_grant", "invalid_client", "vendor_error"], [none, null, "", 7, ["invalid_grant"]]),
    error_description: chance.mostly(["No more", none], [7, null, "bell\u0007", "x".repeat(5_000)]),
    error_uri: chance.mostly([none, "https://as.example/help"], ["javascript:alert(1)", 7])
  }),
  introspection: (chance) => ({
    active: chance.mostly([true, true, false], [none, null, "true", 1, "false"]),
    scope: chance.mostly(["read", none], [7, ["read"], null]),
    client_id: chance.mostly(["app", none], [7, null]),
    sub: chance.mostly(["ada", none], [7, null]),
    aud: chance.mostly(["api", ["api", "other"], none], [7, [7], null]),
    exp: chance.mostly([4_000_000_000, none], [1, "4000000000", -1, 1e300, null]),
    iat: chance.mostly([1_700_000_000, none], ["1700000000", 1e300]),
    error: chance.mostly([none], ["invalid_token"], 40)
  }),
  device: (chance) => ({
    device_code: chance.mostly(["device-1"], [none, null, "", 7]),
    user_code: chance.mostly(["ABCD-EFGH", "12 34"], [none, null, "", 7, "AB\u202eCD", "A\u0007B"]),
    verification_uri: chance.mostly(["https://as.example/device"], [
      none,
      null,
      "",
      7,
      "http://as.example/device",
      "javascript:alert(1)",
      "/device"
    ]),
    verification_uri_complete: chance.mostly([none, "https://as.example/device?c=1"], ["", 7, null, "file:///x"]),
    expires_in: chance.mostly([1800, 60], [none, null, 0, -1, "1800", "x", 1e12]),
    interval: chance.mostly([none, 5, 1], [0, -5, "5", 1e9, null, 0.5]),
    error: chance.mostly([none], ["invalid_client"], 40)
  }),
  metadata: (chance) => ({
    issuer: chance.mostly([issuer], [
      none,
      null,
      "",
      7,
      `${issuer}/`,
      "https://AS.example",
      "https://other.example",
      "as"
    ]),
    authorization_endpoint: chance.mostly(["https://as.example/authorize", none], addresses),
    token_endpoint: chance.mostly(["https://as.example/token"], addresses),
    jwks_uri: chance.mostly(["https://as.example/jwks", none], addresses),
    scopes_supported: chance.mostly([["read"], none], ["read", [7], null, []]),
    code_challenge_methods_supported: chance.mostly([["S256"], none], ["S256", [7], null]),
    authorization_response_iss_parameter_supported: chance.mostly([true, none], ["true", 1, null])
  }),
  resource: (chance) => ({
    resource: chance.mostly([resource], [
      none,
      null,
      "",
      7,
      `${resource}/`,
      "https://RS.example/api",
      "https://other.example"
    ]),
    authorization_servers: chance.mostly([["https://as.example"], none], [
      "https://as.example",
      [7],
      ["http://as.example"],
      null
    ]),
    scopes_supported: chance.mostly([["read"], none], ["read", [7], null]),
    dpop_bound_access_tokens_required: chance.mostly([none, true], ["true", null])
  }),
  pushed: (chance) => ({
    request_uri: chance.mostly(["urn:ietf:params:oauth:request_uri:1"], [none, null, "", 7, "urn:a b", "urn:é"]),
    expires_in: chance.mostly([60, 90], [none, null, 0, -1, 1.5, 1e12, "60", "x"]),
    error: chance.mostly([none], ["invalid_request"], 40),
    vendor: chance.mostly([none, 1], [null])
  }),
  backchannel: (chance) => ({
    auth_req_id: chance.mostly(["request-1"], [none, null, "", 7]),
    expires_in: chance.mostly([120, 60], [none, null, 0, -1, "120", "x", 1e12]),
    interval: chance.mostly([none, 5, 2], [0, -5, "5", 1e9, null, 0.5]),
    error: chance.mostly([none], ["unknown_user_id"], 40)
  }),
  registration: (chance) => ({
    client_id: chance.mostly(["client-1"], [none, null, "", 7, "cliént"]),
    client_secret: chance.mostly(["secret-1"], [none, null, "", 7, "sécret"]),
    client_secret_expires_at: chance.mostly([0, 4_000_000_000], [none, null, -1, "0", 1e300]),
    registration_access_token: chance.mostly([none], [null, "", 7, "a b"]),
    redirect_uris: chance.mostly([[redirectUri]], [none, null, [], ["https://other.example/"], redirectUri, [7]]),
    grant_types: chance.mostly([none, ["authorization_code", "refresh_token"]], [["client_credentials"], null]),
    token_endpoint_auth_method: chance.mostly([none, "client_secret_post", "none"], [null, "private_key_jwt", 7]),
    error: chance.mostly([none], ["invalid_client_metadata"], 40)
  })
}

const addresses = [
  7,
  "",
  "/token",
  "http://as.example/token",
  "https://as.example/token#x",
  "javascript:1",
  null
] as const

const callback = (chance: Chance): { readonly url: string; readonly issuerAnnounced: boolean } => {
  const parameters: Array<readonly [name: string, value: string | undefined]> = [
    ["code", chance.mostly(["a-code", "a/code+1"], [none, "", "a\nb", "cödé"])],
    ["state", chance.mostly([state], [none, "", "another", "a-statE", "a-state "])],
    ["iss", chance.mostly([none, issuer], ["", `${issuer}/`, "https://AS.example", "https://other.example"])],
    ["error", chance.mostly([none], ["access_denied", "", "vendor_error", "é"])],
    ["error_description", chance.mostly([none], ["No", "bell\u0007"])],
    ["session", chance.mostly([none, "1"], [""])],
    [
      chance.one(["response", "id_token", "token", "access_token", "code[]", "state"]),
      chance.mostly([none], ["x"], 20)
    ],
    [chance.one(["code", "iss", "error"]), chance.mostly([none], ["twice"], 30)]
  ]
  const given = parameters.flatMap(([name, value]) => value === undefined ? [] : [[name, value] as const])
  const query = new URLSearchParams(given.map(([name, value]) => [name, value])).toString()
  return {
    url: `${redirectUri}?${query}${chance.mostly([""], ["&code=%zz", "&x=%ff", "&&", "&=x", "#code=1", "#x"], 25)}`,
    issuerAnnounced: chance.below(2) === 0
  }
}

const challenge = (chance: Chance): string => {
  const value = () =>
    chance.mostly(["\"x\"", "\"read write\"", "invalid_token", "\"\"", "\"a, b\"", "\"say \\\"hi\\\"\""], [
      "",
      "\"x",
      "x y",
      "é",
      "\"é\"",
      "a/b",
      "\"a\\\""
    ])
  const name = () =>
    chance.mostly(["realm", "error", "scope", "Error_Description"], ["__proto__", "a b", "", "=", "é"], 20)
  const parameter = () => name() + chance.mostly(["="], [" = ", "\t=", "==", ""], 15) + value()
  const parameters = () =>
    Array.from({ length: chance.below(4) }, parameter).join(chance.mostly([", ", ","], [" ", ",,", " , ", "; "], 15))
  const scheme = () => chance.mostly(["Bearer", "DPoP", "Basic", "NEGOTIATE"], ["", "B{", "=", "é", "a=b"], 20)
  const one = () =>
    `${scheme()}${chance.mostly([" "], ["  ", "\t", ""], 20)}${
      chance.mostly([parameters()], ["abc==", "YWJj", "a=", "a b", "abc==="], 8)
    }`.trimEnd()
  return Array.from({ length: 1 + chance.below(3) }, one).join(chance.mostly([", "], [",", " ", ", ,", ";"], 12))
}
