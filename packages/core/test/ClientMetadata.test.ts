import { ClientMetadata } from "@effect-oauth/core"
import { assert, describe, it } from "@effect/vitest"
import { Result, type Schema } from "effect"

describe("ClientMetadata", () => {
  describe("toJson", () => {
    it("writes the names and values of the specifications [7591-2-b] [7591-2-c]", () => {
      const json = ClientMetadata.toJson({
        redirectUris: ["https://app.example/cb"],
        grantTypes: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        responseTypes: ["code"],
        dpopBoundAccessTokens: true,
        others: { vendor: 1 }
      })

      assert.deepStrictEqual(json, {
        redirect_uris: ["https://app.example/cb"],
        grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        response_types: ["code"],
        dpop_bound_access_tokens: true,
        vendor: 1
      })
    })

    it("says that there is no response type where no browser is needed [7591-2.1-a]", () => {
      assert.deepStrictEqual(ClientMetadata.toJson({ grantTypes: ["client_credentials"] }), {
        response_types: [],
        grant_types: ["client_credentials"]
      })
    })
  })

  describe("fromJson", () => {
    it("gives every known member its type, keeps the others, and leaves out what is no metadata", () => {
      const json = { client_id: "a", client_secret: "s", scope: "a b", default_max_age: 60, vendor: [1], jwks: null }

      assert.deepStrictEqual(
        ClientMetadata.fromJson(json),
        Result.succeed({ scope: "a b", defaultMaxAge: 60, others: { vendor: [1] } })
      )
    })

    it("keeps texts in languages, and that in none, as they are [7591-2.2-a]", () => {
      const json = { "client_name": "Klient", "client_name#ja": "クライアント" }

      assert.deepStrictEqual(
        ClientMetadata.fromJson(json),
        Result.succeed({ clientName: "Klient", others: { "client_name#ja": "クライアント" } })
      )
    })

    it("gives back what it wrote", () => {
      const metadata = { redirectUris: ["https://app.example/cb"], jwks: { keys: [publicKey] }, others: { a: null } }

      assert.deepStrictEqual(
        Result.map(ClientMetadata.fromJson(ClientMetadata.toJson(metadata)), ClientMetadata.toJson),
        Result.succeed({ redirect_uris: ["https://app.example/cb"], jwks: { keys: [publicKey] } })
      )
    })

    it("names the member that has another type", () => {
      assert.deepStrictEqual(ClientMetadata.fromJson({ redirect_uris: "https://a" }), Result.fail("redirect_uris"))
      assert.deepStrictEqual(ClientMetadata.fromJson({ require_auth_time: 1 }), Result.fail("require_auth_time"))
    })
  })

  it("has the defaults of the RFC for what is left out [7591-2-k]", () => {
    const { grantTypes, responseTypes, tokenEndpointAuthMethod } = ClientMetadata.withDefaults({})

    assert.deepStrictEqual([grantTypes, responseTypes, tokenEndpointAuthMethod], [
      ["authorization_code"],
      ["code"],
      "client_secret_basic"
    ])
  })

  it("finds what the server registered otherwise, whatever the order of lists [7591-3.2.1-b]", () => {
    const differences = ClientMetadata.differences(
      { redirectUris: ["https://b", "https://a"], scope: "a b", clientName: "App", others: { vendor: 1 } },
      { redirectUris: ["https://a", "https://b"], scope: "a" }
    )

    assert.deepStrictEqual(differences, [
      { field: "scope", asked: "a b", registered: "a" },
      { field: "clientName", asked: "App", registered: null },
      { field: "vendor", asked: 1, registered: null }
    ])
  })

  describe("problem", () => {
    const redirectUris = ["https://app.example/cb"]
    const wrong: Record<string, readonly [ClientMetadata.ClientMetadata, string]> = {
      "a client that redirects, and nowhere [7591-2-a]": [{}, "redirectUris"],
      "plain http elsewhere [7591-5-b]": [{ redirectUris: ["http://app.example/cb"] }, "redirectUris"],
      "a scheme that any application may claim [7591-5-b]": [{ redirectUris: ["app:/cb"] }, "redirectUris"],
      "codes without the response type [7591-2.1-a]": [{ redirectUris, responseTypes: ["id_token"] }, "responseTypes"],
      "the response type without codes [7591-2.1-a]": [
        { grantTypes: ["client_credentials"], responseTypes: ["code"] },
        "responseTypes"
      ],
      "an implicit grant without its response type [7591-2.1-a]": [
        { redirectUris, grantTypes: ["authorization_code", "implicit"] },
        "responseTypes"
      ],
      "keys by value and by address [7591-2-g]": [
        { redirectUris, jwks: { keys: [{ kty: "EC" }] }, jwksUri: "https://app.example/jwks" },
        "jwks"
      ],
      "a private key [7591-2-h]": [{ redirectUris, jwks: { keys: [{ kty: "EC", d: "secret" }] } }, "jwks"],
      "a symmetric key [7591-2-h]": [{ redirectUris, jwks: { keys: [{ kty: "oct", k: "secret" }] } }, "jwks"],
      "no key set [7591-2-h]": [{ redirectUris, jwks: { kty: "EC" } }, "jwks"],
      "a page by plain http [7591-2-f]": [{ redirectUris, policyUri: "http://app.example/policy" }, "policyUri"],
      "a logo that is no address [7591-2-f]": [{ redirectUris, logoUri: "logo.png" }, "logoUri"],
      "request objects by plain http": [{ redirectUris, requestUris: ["http://app.example/r"] }, "requestUris"],
      "pairwise subjects over several hosts [OIDC-8.1-a]": [
        { redirectUris: [...redirectUris, "https://other.example/cb"], subjectType: "pairwise" },
        "sectorIdentifierUri"
      ],
      "a known member among the others": [{ redirectUris, others: { client_name: "App" } }, "others"],
      "what the server alone says, among the others": [{ redirectUris, others: { client_secret: "s" } }, "others"]
    }
    for (const [name, [metadata, field]] of Object.entries(wrong)) {
      it(`refuses ${name}`, () => {
        assert.strictEqual(ClientMetadata.problem(metadata)?.field, field)
      })
    }

    const right: Record<string, ClientMetadata.ClientMetadata> = {
      "https [7591-5-b]": { redirectUris },
      "http on this machine [7591-5-b]": { redirectUris: ["http://127.0.0.1/cb", "http://localhost:1/cb"] },
      "a scheme of the application's own [7591-5-b]": { redirectUris: ["com.example.app:/cb"] },
      "a client without a browser": { grantTypes: ["client_credentials"] },
      "a public key [7591-2-h]": { redirectUris, jwks: { keys: [{ kty: "EC", x: "x" }] } },
      "a sector [OIDC-8.1-a]": {
        redirectUris: [...redirectUris, "https://other.example/cb"],
        subjectType: "pairwise",
        sectorIdentifierUri: "https://app.example/sector"
      }
    }
    for (const [name, metadata] of Object.entries(right)) {
      it(`accepts ${name}`, () => {
        assert.isUndefined(ClientMetadata.problem(metadata))
      })
    }
  })

  it("advises a name, a page, and a text in no language [7591-2-d] [7591-2-e] [7591-2.2-b]", () => {
    const advice = ClientMetadata.advice({
      redirectUris: ["https://app.example/cb"],
      others: { "client_name#fr": "Appli", "tos_uri#fr": "https://app.example/fr" }
    })

    assert.deepStrictEqual(advice.map((text) => text.split(" ")[0]), ["clientName", "clientUri", "tos_uri"])
    assert.lengthOf(
      ClientMetadata.advice({
        redirectUris: ["https://app.example/cb"],
        clientName: "App",
        clientUri: "https://app.example",
        others: { "client_name#fr": "Appli" }
      }),
      0
    )
  })
})

const publicKey: Schema.JsonObject = { kty: "EC", crv: "P-256", x: "x", y: "y" }
