import { ProviderContract, RecordedExchange } from "@effect-oauth/core/testing"
import { GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"

// providers that are in no list here, as the guide describes them from their documentation
const guide = fs.readFileSync(path.join(import.meta.dirname, "../../../docs/guides/catalogue.md"), "utf8")

const basic = { authorization: "Basic YXBwOnMtM2NyM3Q=" }

const recordings: Record<string, ReturnType<typeof RecordedExchange.cases>> = {
  monzo: RecordedExchange.cases({
    scopes: [],
    authorization: { client_id: "app" },
    callback: { code: "c-1" },
    login: [{
      request: {
        url: "https://api.monzo.com/oauth2/token",
        parameters: {
          grant_type: "authorization_code",
          code: "c-1",
          redirect_uri: "https://client.test/callback",
          code_verifier: "~",
          client_id: "app",
          client_secret: "s-3cr3t"
        }
      },
      answer: {
        body: {
          access_token: "token-1",
          client_id: "app",
          expires_in: 21600,
          refresh_token: "r-1",
          token_type: "Bearer",
          user_id: "user-1"
        }
      }
    }],
    gives: { token: "token-1", renewable: true, expiresIn: 21600, kept: { user_id: "user-1" } },
    refresh: {
      request: {
        url: "https://api.monzo.com/oauth2/token",
        parameters: { grant_type: "refresh_token", refresh_token: "r-1", client_id: "app", client_secret: "s-3cr3t" }
      },
      answer: {
        body: {
          access_token: "token-2",
          expires_in: 21600,
          refresh_token: "r-2",
          token_type: "Bearer",
          user_id: "user-1"
        }
      },
      gives: { token: "token-2", renewable: true, expiresIn: 21600 }
    }
  }),
  eveOnline: RecordedExchange.cases({
    scopes: ["esi-mail.read_mail.v1", "esi-skills.read_skills.v1"],
    authorization: { client_id: "app", scope: "esi-mail.read_mail.v1 esi-skills.read_skills.v1" },
    callback: { code: "c-1" },
    login: [{
      request: {
        url: "https://login.eveonline.com/v2/oauth/token",
        parameters: {
          grant_type: "authorization_code",
          code: "c-1",
          redirect_uri: "https://client.test/callback",
          code_verifier: "~"
        },
        headers: basic
      },
      answer: {
        body: {
          access_token: "eyJhbGciOiJSUzI1NiJ9.eyJpYXQiOjAsImV4cCI6MTE5OX0.c2ln",
          token_type: "Bearer",
          refresh_token: "r-1"
        }
      }
    }],
    gives: {
      token: "eyJhbGciOiJSUzI1NiJ9.eyJpYXQiOjAsImV4cCI6MTE5OX0.c2ln",
      renewable: true,
      expiresIn: 1199
    }
  }),
  plaid: RecordedExchange.directCases({
    grantType: "client_credentials",
    parameters: {},
    exchange: {
      request: {
        url: "https://production.plaid.com/oauth/token",
        encoding: "json",
        parameters: { grant_type: "client_credentials", client_id: "app", secret: "s-3cr3t" }
      },
      answer: {
        body: {
          access_token: "pda-RDdg0TUCB0FB25_UPIlnhA==",
          refresh_token: "pdr--viXurkDg88d5zf8m6Wl0g==",
          expires_in: 900,
          token_type: "Bearer",
          request_id: "m8MDqcS6F3lzqvP"
        }
      }
    },
    gives: { token: "pda-RDdg0TUCB0FB25_UPIlnhA==", renewable: true, expiresIn: 900 }
  })
}

for (const [name, laws] of Object.entries(recordings)) {
  const text = new RegExp(`const ${name}: Description.Encoded = (\\{[\\s\\S]*?\\n\\})\\n`).exec(guide)?.[1] ?? ""
  const { default: description }: { readonly default: unknown } = await import(
    `data:text/javascript,export default ${encodeURIComponent(text)}`
  )
  const provider = GenericRfc6749.layerDescription({
    description,
    clientId: "app",
    clientSecret: Redacted.make("s-3cr3t")
  })

  describe(`${name}, from its documentation`, () => {
    it("takes fewer than 30 lines", () => {
      assert.isBelow(text.split("\n").length, 30)
    })

    for (const law of [...ProviderContract.cases, ...laws]) {
      it.effect(law.name, () => Effect.provide(law.run, provider))
    }
  })
}
