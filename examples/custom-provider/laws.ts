/**
 * What is checked of the provider: the laws of every provider, and the exchanges
 * that Acme's documentation shows, run through the whole client.
 */
import { ProviderContract, RecordedExchange } from "@effect-oauth/core/testing"
import { Effect, Redacted } from "effect"
import * as Acme from "./Acme.ts"

const client = { client_id: "app", client_secret: "s-3cr3t" }

/** The signature of second 0, where `TestClock` begins, with the key `signing-key`. */
const signed = (signature: string) => ({ "x-acme-time": "0", "x-acme-signature": signature })
const tokenHeaders = signed("c1524201c12a9cf802c7a3064694b355ce8d991e0ea8b6dfa49c62a88de462b4")

const recording: RecordedExchange.Recording = {
  scopes: ["photos.read", "photos.write"],
  authorization: { client_id: "app", scope: "photos.read,photos.write", code_challenge_method: "S256" },
  callback: { code: "c-1" },
  login: [{
    request: {
      url: "https://acme.example/oauth/token",
      headers: tokenHeaders,
      parameters: {
        ...client,
        grant_type: "authorization_code",
        code: "c-1",
        code_verifier: "~",
        redirect_uri: "https://client.test/callback"
      }
    },
    answer: { body: { data: { accessToken: "a-1", refreshToken: "r-1", expiresIn: 60 } } }
  }],
  gives: { token: "a-1", renewable: true, expiresIn: 3600 },
  refresh: {
    request: {
      url: "https://acme.example/oauth/token",
      headers: tokenHeaders,
      parameters: { ...client, grant_type: "refresh_token", refresh_token: "r-1" }
    },
    answer: { body: { data: { accessToken: "a-2", refreshToken: "r-2", expiresIn: 60 } } },
    gives: { token: "a-2", renewable: true, expiresIn: 3600 }
  },
  refused: { status: 400, body: { error: "token_gone" } },
  revocation: {
    request: {
      url: "https://acme.example/oauth/revoke",
      headers: signed("23674bc0e615201ccb90cc59c466b7aec2e7d81f9cb51e67bf2d09e50fc6134d"),
      parameters: { ...client, token: "r-1", token_type_hint: "refresh_token" }
    },
    answer: { body: {} }
  }
}

const provider = Acme.layer({
  clientId: client.client_id,
  clientSecret: Redacted.make(client.client_secret),
  signingKey: Redacted.make("signing-key")
})

export const laws = [...ProviderContract.cases, ...RecordedExchange.cases(recording)].map(({ name, run }) => ({
  name,
  run: Effect.provide(run, provider)
}))
