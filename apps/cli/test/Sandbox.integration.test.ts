import * as Message from "@effect-oauth/cli/sandbox/Message"
import type { Registration } from "@effect-oauth/cli/sandbox/Registration"
import * as Sandbox from "@effect-oauth/cli/sandbox/Sandbox"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber, Redacted, Stream } from "effect"
import { createHash, randomBytes } from "node:crypto"
import { connect } from "node:net"

describe("Sandbox", () => {
  describe("V4", () => {
    withSandbox("logs a web app in, and answers as IMS does", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]

      const callback = yield* login(sandbox, client, { scope: "openid,AdobeID,offline_access,profile" })
      const { body, status } = yield* exchange(sandbox.endpoints.v4.token, client, {
        grant_type: "authorization_code",
        code: callback.get("code") ?? ""
      })

      assert.strictEqual(status, 200)
      assert.deepStrictEqual(Object.keys(body).sort(), [
        "access_token",
        "expires_in",
        "id_token",
        "refresh_token",
        "sub",
        "token_type"
      ])
      assert.strictEqual(body.token_type, "bearer")
      assert.strictEqual(body.sub, sandbox.account.id)
    })

    withSandbox("gives the callback the code and the state, and no issuer", function*(sandbox) {
      const callback = yield* login(sandbox, sandbox.registrations["v4-web-app"])

      assert.deepStrictEqual([...callback.keys()].sort(), ["code", "state"])
      assert.strictEqual(callback.get("state"), state)
    })

    withSandbox("takes the secret in the body as well", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]

      const callback = yield* login(sandbox, client)
      const { status } = yield* post(sandbox.endpoints.v4.token, {
        grant_type: "authorization_code",
        code: callback.get("code") ?? "",
        client_id: client.clientId,
        client_secret: secretOf(client)
      })

      assert.strictEqual(status, 200)
    })

    withSandbox("logs a single page app in, with PKCE and the client in the query", function*(sandbox) {
      const client = sandbox.registrations["v4-single-page-app"]
      const pkce = makePkce()

      const callback = yield* login(sandbox, client, pkce.request)
      const { body, status } = yield* post(`${sandbox.endpoints.v4.token}?client_id=${client.clientId}`, {
        grant_type: "authorization_code",
        code: callback.get("code") ?? "",
        code_verifier: pkce.verifier
      })

      assert.strictEqual(status, 200)
      assert.isString(body.refresh_token)
    })

    withSandbox("refuses a single page app with another verifier", function*(sandbox) {
      const client = sandbox.registrations["v4-single-page-app"]

      const callback = yield* login(sandbox, client, makePkce().request)
      const { body, status } = yield* post(sandbox.endpoints.v4.token, {
        grant_type: "authorization_code",
        code: callback.get("code") ?? "",
        client_id: client.clientId,
        code_verifier: makePkce().verifier
      })

      assert.deepStrictEqual([status, body.error], [400, "invalid_grant"])
    })

    withSandbox("sends a native app to its own scheme", function*(sandbox) {
      const client = sandbox.registrations["v4-native-app"]

      const callback = yield* sandbox.approve(authorizationRequest(sandbox.endpoints.v4.authorization, client, {
        ...makePkce().request,
        scope: "openid"
      }))

      assert.match(callback, /^adobe\+5a9d0b0c:\/\/adobeid\/sandbox-v4-native-app\?code=/)
    })

    withSandbox("replaces a redirect URI that is not registered, and says nothing", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]

      const callback = yield* sandbox.approve(authorizationRequest(sandbox.endpoints.v4.authorization, client, {
        scope: "openid",
        redirect_uri: "http://localhost:1234/callback"
      }))

      assert.strictEqual(callback.split("?")[0], client.redirectUris[0])
      assert.include(callback, "code=")
    })

    withSandbox("gives no refresh token where it is told to give none", function*(sandbox) {
      yield* sandbox.configure({ refreshTokens: "never" })

      const tokens = yield* v4Tokens(sandbox)

      assert.notProperty(tokens, "refresh_token")
    })

    withSandbox("gives no refresh token without offline_access", function*(sandbox) {
      const tokens = yield* v4Tokens(sandbox, { scope: "openid,AdobeID,additional_info.roles" })

      assert.notProperty(tokens, "refresh_token")
    })

    withSandbox("sends the browser back when a scope is not the client's", function*(sandbox) {
      const callback = yield* login(sandbox, sandbox.registrations["v4-web-app"], { scope: "openid,frame.s2s.all" })

      assert.strictEqual(callback.get("error"), "invalid_scope")
    })

    withSandbox("gives a service a token for scopes separated by commas", function*(sandbox) {
      const { body, status } = yield* exchange(
        sandbox.endpoints.v4.token,
        sandbox.registrations["v4-server-to-server"],
        {
          grant_type: "client_credentials",
          scope: "openid,AdobeID,frame.s2s.all"
        }
      )
      const me = yield* call(sandbox.endpoints.v4.me, string(body.access_token))

      assert.strictEqual(status, 200)
      assert.notProperty(body, "scope")
      assert.strictEqual(me.status, 200)
    })

    withSandbox("revokes with an empty answer, and the grant is over", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]
      const tokens = yield* v4Tokens(sandbox)

      const revoked = yield* exchange(sandbox.endpoints.v4.revocation, client, { token: tokens.refresh_token })
      const refreshed = yield* refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)
      const me = yield* call(sandbox.endpoints.v4.me, tokens.access_token)

      assert.deepStrictEqual([revoked.status, revoked.text], [200, ""])
      assert.deepStrictEqual([refreshed.status, refreshed.body.error], [400, "invalid_grant"])
      assert.strictEqual(me.status, 401)
    })

    withSandbox("revokes for a single page app that names itself in the query", function*(sandbox) {
      const client = sandbox.registrations["v4-single-page-app"]
      const { refreshToken } = yield* sandbox.issue("v4-single-page-app")

      const revoked = yield* post(`${sandbox.endpoints.v4.revocation}?client_id=${client.clientId}`, {
        token: Redacted.value(refreshToken)
      })
      const refreshed = yield* refresh(sandbox.endpoints.v4.token, client, Redacted.value(refreshToken))

      assert.strictEqual(revoked.status, 200)
      assert.strictEqual(refreshed.body.error, "invalid_grant")
    })

    withSandbox("tells who the person is", function*(sandbox) {
      const tokens = yield* v4Tokens(sandbox)

      const { body } = yield* call(sandbox.endpoints.v4.userinfo, tokens.access_token)

      assert.strictEqual(body.sub, sandbox.account.id)
      assert.strictEqual(body.email, sandbox.account.email)
    })

    withSandbox("is discovered under its own issuer", function*(sandbox) {
      const { body } = yield* call(sandbox.endpoints.v4.discovery)

      assert.strictEqual(body.issuer, sandbox.endpoints.v4.issuer)
      assert.strictEqual(sandbox.endpoints.v4.discovery, `${String(body.issuer)}/.well-known/openid-configuration`)
      assert.strictEqual(body.authorization_endpoint, sandbox.endpoints.v4.authorization)
      assert.strictEqual(body.token_endpoint, sandbox.endpoints.v4.token)
      assert.strictEqual(body.jwks_uri, `${sandbox.origin}/ims/keys`)
    })

    withSandbox("takes whom the login hint names", function*(sandbox) {
      const tokens = yield* v4Tokens(sandbox, { login_hint: "grace@sandbox.invalid" })

      const { body } = yield* call(sandbox.endpoints.v4.me, tokens.access_token)

      assert.strictEqual(property(body.data, "email"), "grace@sandbox.invalid")
    })
  })

  describe("legacy", () => {
    withSandbox("logs a client with a secret in by Basic, without PKCE", function*(sandbox) {
      const client = sandbox.registrations["legacy-confidential"]

      const callback = yield* login(sandbox, client)
      const { body, status } = yield* exchange(sandbox.endpoints.legacy.token, client, {
        grant_type: "authorization_code",
        code: callback.get("code") ?? "",
        redirect_uri: loopback,
        state,
        scope: "offline account.read"
      })

      assert.strictEqual(callback.get("scope"), "offline account.read")
      assert.strictEqual(status, 200)
      assert.deepStrictEqual(
        [body.token_type, body.scope, Object.keys(body).sort()],
        ["bearer", "offline account.read", ["access_token", "expires_in", "refresh_token", "scope", "token_type"]]
      )
    })

    withSandbox("refuses the secret in the body", function*(sandbox) {
      const client = sandbox.registrations["legacy-confidential"]

      const callback = yield* login(sandbox, client)
      const { body, status } = yield* post(sandbox.endpoints.legacy.token, {
        grant_type: "authorization_code",
        code: callback.get("code") ?? "",
        redirect_uri: loopback,
        client_id: client.clientId,
        client_secret: secretOf(client)
      })

      assert.deepStrictEqual([status, body.error, body.status_code], [401, "invalid_client", 401])
    })

    withSandbox("logs a public client in with PKCE and the client in the body", function*(sandbox) {
      const tokens = yield* legacyPublicTokens(sandbox)

      assert.isString(tokens.refresh_token)
    })

    withSandbox("denies a public client that sends an Authorization header", function*(sandbox) {
      const client = sandbox.registrations["legacy-public"]
      const tokens = yield* legacyPublicTokens(sandbox)

      const { body, status } = yield* post(sandbox.endpoints.legacy.token, {
        grant_type: "refresh_token",
        refresh_token: tokens.refresh_token,
        scope: "offline account.read"
      }, { authorization: basic(client.clientId, "anything") })

      assert.deepStrictEqual([status, body.error], [401, "invalid_client"])
    })

    withSandbox("refuses a refresh that does not name its scope, and spends nothing", function*(sandbox) {
      const client = sandbox.registrations["legacy-public"]
      const tokens = yield* legacyPublicTokens(sandbox)

      const without = yield* refresh(sandbox.endpoints.legacy.token, client, tokens.refresh_token)
      const named = yield* refresh(sandbox.endpoints.legacy.token, client, tokens.refresh_token, {
        scope: "offline account.read"
      })

      assert.deepStrictEqual([without.status, without.body.error], [400, "invalid_request"])
      assert.strictEqual(named.status, 200)
    })

    withSandbox("gives no refresh token without offline", function*(sandbox) {
      const tokens = yield* legacyPublicTokens(sandbox, { scope: "account.read" })

      assert.notProperty(tokens, "refresh_token")
    })

    withSandbox("refuses a state of seven characters", function*(sandbox) {
      const callback = yield* login(sandbox, sandbox.registrations["legacy-confidential"], { state: "1234567" })

      assert.strictEqual(callback.get("error"), "invalid_state")
    })

    withSandbox("sends no browser to a redirect URI that is not registered", function*(sandbox) {
      const request = authorizationRequest(
        sandbox.endpoints.legacy.authorization,
        sandbox.registrations["legacy-confidential"],
        { scope: "account.read", redirect_uri: "https://elsewhere.invalid/callback" }
      )

      const error = yield* Effect.flip(sandbox.approve(request))

      assert.include(error.message, "redirect_uri")
    })
  })

  describe("Camera to Cloud", () => {
    withSandbox("connects a device by its code", function*(sandbox) {
      const tokens = yield* cameraTokens(sandbox)
      const me = yield* call(sandbox.endpoints.camera.me, tokens.access_token)

      assert.deepStrictEqual(Object.keys(tokens).sort(), ["access_token", "expires_in", "refresh_token", "token_type"])
      assert.strictEqual(me.status, 200)
    })

    withSandbox("answers authorization_pending, and slow_down to who does not wait", function*(sandbox) {
      yield* sandbox.configure({ approval: "page", deviceInterval: "10 seconds" })
      const asked = yield* askForDevice(sandbox)

      const first = yield* pollForDevice(sandbox, asked)
      const second = yield* pollForDevice(sandbox, asked)

      assert.deepStrictEqual([first.status, first.body.error], [400, "authorization_pending"])
      assert.deepStrictEqual([second.status, second.body.error], [400, "slow_down"])
      assert.match(String(asked.user_code), /^\d{6}$/)
      assert.strictEqual(asked.interval, 10)
    })

    withSandbox(
      "answers reuse with nothing but invalid_request, and what it knows no more with a 401",
      function*(sandbox) {
        const client = { ...sandbox.registrations.camera, clientId: device }
        const tokens = yield* cameraTokens(sandbox)

        const first = yield* refresh(sandbox.endpoints.camera.token, client, tokens.refresh_token)
        const second = yield* refresh(sandbox.endpoints.camera.token, client, tokens.refresh_token)
        const third = yield* refresh(sandbox.endpoints.camera.token, client, string(first.body.refresh_token))

        assert.strictEqual(first.status, 200)
        assert.deepStrictEqual([second.status, second.body], [400, { error: "invalid_request" }])
        assert.deepStrictEqual([third.status, third.body.message], [401, "Not Authorized"])
      }
    )

    withSandbox("revokes with success", function*(sandbox) {
      const tokens = yield* cameraTokens(sandbox)

      const { body, status } = yield* post(sandbox.endpoints.camera.revocation, {
        client_id: device,
        client_secret: secretOf(sandbox.registrations.camera),
        token: tokens.refresh_token
      })

      assert.deepStrictEqual([status, body], [200, { success: true }])
    })

    withSandbox("does not know a device of another model", function*(sandbox) {
      const { body, status } = yield* post(sandbox.endpoints.camera.deviceAuthorization, {
        client_id: device,
        client_secret: "another model's",
        scope: "asset_create offline"
      })

      assert.deepStrictEqual([status, body.error], [401, "invalid_client"])
    })
  })

  describe("OpenID Connect", () => {
    withSandbox("is discovered, by OpenID Connect and by RFC 8414", function*(sandbox) {
      const openid = yield* call(sandbox.endpoints.oidc.discovery)
      const oauth = yield* call(`${sandbox.origin}/.well-known/oauth-authorization-server/oidc`)

      assert.strictEqual(openid.body.issuer, sandbox.endpoints.oidc.issuer)
      assert.strictEqual(openid.body.token_endpoint, sandbox.endpoints.oidc.token)
      assert.deepStrictEqual(oauth.body, openid.body)
    })

    withSandbox("logs in at any loopback port, and names the issuer", function*(sandbox) {
      const client = sandbox.registrations["oidc-public"]
      const pkce = makePkce()
      const redirectUri = "http://127.0.0.1:54321/callback"

      const callback = new URL(
        yield* sandbox.approve(authorizationRequest(sandbox.endpoints.oidc.authorization, client, {
          ...pkce.request,
          scope: "openid offline_access",
          prompt: "consent",
          redirect_uri: redirectUri
        }))
      )
      const { body } = yield* post(sandbox.endpoints.oidc.token, {
        grant_type: "authorization_code",
        client_id: client.clientId,
        code: callback.searchParams.get("code") ?? "",
        code_verifier: pkce.verifier,
        redirect_uri: redirectUri
      })

      assert.strictEqual(callback.origin, "http://127.0.0.1:54321")
      assert.strictEqual(callback.searchParams.get("iss"), sandbox.endpoints.oidc.issuer)
      assert.isString(body.refresh_token)
    })

    withSandbox("connects a device at the page that a person would open", function*(sandbox) {
      yield* sandbox.configure({ approval: "page" })
      const client = sandbox.registrations["oidc-device"]
      const asked = yield* post(sandbox.endpoints.oidc.deviceAuthorization, {
        client_id: client.clientId,
        scope: "openid read"
      })

      yield* sandbox.approveDevice(String(asked.body.verification_uri_complete))
      const { body, status } = yield* post(sandbox.endpoints.oidc.token, {
        grant_type: "urn:ietf:params:oauth:grant-type:device_code",
        client_id: client.clientId,
        device_code: String(asked.body.device_code)
      })

      assert.strictEqual(status, 200)
      assert.strictEqual(body.scope, "openid read")
    })
  })

  describe("rotation", () => {
    withSandbox("replaces the refresh token at every refresh", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]
      const first = yield* v4Tokens(sandbox)

      const second = yield* refresh(sandbox.endpoints.v4.token, client, first.refresh_token)
      const third = yield* refresh(sandbox.endpoints.v4.token, client, string(second.body.refresh_token))

      assert.deepStrictEqual([second.status, third.status], [200, 200])
      assert.strictEqual(new Set([first.refresh_token, second.body.refresh_token, third.body.refresh_token]).size, 3)
      assert.strictEqual((yield* sandbox.ledger.counts).rotations, 2)
    })

    withSandbox("ends the grant when a spent token comes again", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]
      const first = yield* v4Tokens(sandbox)
      const second = yield* refresh(sandbox.endpoints.v4.token, client, first.refresh_token)

      const again = yield* refresh(sandbox.endpoints.v4.token, client, first.refresh_token)
      const newest = yield* refresh(sandbox.endpoints.v4.token, client, string(second.body.refresh_token))
      const me = yield* call(sandbox.endpoints.v4.me, string(second.body.access_token))

      assert.deepStrictEqual([again.status, again.body.error], [400, "invalid_grant"])
      assert.deepStrictEqual([newest.status, newest.body.error], [400, "invalid_grant"])
      assert.strictEqual(me.status, 401)
      assert.deepInclude((yield* sandbox.ledger.entries).find(({ reuse }) => reuse), {
        presented: Message.digest(first.refresh_token),
        outcome: "refused",
        grantEnded: true
      })
    })

    withSandbox("lets one of many simultaneous refreshes through", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]
      const tokens = yield* v4Tokens(sandbox)
      const holds = yield* Effect.all(Array.from({ length: 8 }, () => sandbox.hold()))

      const answers = yield* Effect.forkChild(Effect.all(
        holds.map(() => refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)),
        { concurrency: "unbounded" }
      ))
      yield* Effect.all(holds.map(({ arrived }) => arrived))
      yield* Effect.all(holds.map(({ release }) => release))

      assert.strictEqual((yield* Fiber.join(answers)).filter(({ status }) => status === 200).length, 1)
    })

    withSandbox("keeps the refresh token when it is told to", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]
      yield* sandbox.configure({ rotation: "never" })
      const tokens = yield* v4Tokens(sandbox)

      const refreshed = yield* refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)

      assert.strictEqual(refreshed.body.refresh_token, tokens.refresh_token)
    })

    withSandbox("forgets none of five thousand grants", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]
      const login = yield* v4Tokens(sandbox)
      const issued = yield* Effect.forEach(
        Array.from({ length: 5000 }, (_, index) => `person-${index}@sandbox.invalid`),
        (account) => sandbox.issue("v4-web-app", { account })
      )

      const refreshed = yield* Effect.forEach(
        [login.refresh_token, ...[0, 2500, 4999].map((index) => valueAt(issued, index))],
        (token) => refresh(sandbox.endpoints.v4.token, client, token)
      )

      assert.deepStrictEqual(refreshed.map(({ status }) => status), [200, 200, 200, 200])
    })
  })

  describe("the replay window", () => {
    withSandbox("gives the same answer again while it is open", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]
      yield* sandbox.configure({ replayWindow: "1 minute" })
      const tokens = yield* v4Tokens(sandbox)

      const first = yield* refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)
      const second = yield* refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)

      assert.deepStrictEqual(second.body, first.body)
      assert.deepInclude(yield* sandbox.ledger.counts, { refreshes: 2, rotations: 1, replays: 1, reuses: 0 })
    })

    withSandbox("ends the grant after it has closed", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]
      yield* sandbox.configure({ replayWindow: "100 millis" })
      const tokens = yield* v4Tokens(sandbox)

      yield* refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)
      yield* Effect.sleep("150 millis")
      const second = yield* refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)

      assert.strictEqual(second.body.error, "invalid_grant")
      assert.strictEqual((yield* sandbox.ledger.counts).reuses, 1)
    })

    withSandbox("gives nothing to who cannot authenticate", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]
      yield* sandbox.configure({ replayWindow: "1 minute" })
      const tokens = yield* v4Tokens(sandbox)

      yield* refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)
      const second = yield* refresh(
        sandbox.endpoints.v4.token,
        { ...client, clientSecret: Redacted.make("wrong") },
        tokens.refresh_token
      )

      assert.deepStrictEqual([second.status, second.body.error], [401, "invalid_client"])
    })

    withSandbox("gives nothing once the grant has ended", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]
      yield* sandbox.configure({ replayWindow: "1 minute" })
      const tokens = yield* v4Tokens(sandbox)

      const first = yield* refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)
      yield* sandbox.withdraw(Redacted.make(string(first.body.refresh_token)))
      const second = yield* refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)

      assert.strictEqual(second.body.error, "invalid_grant")
    })
  })

  describe("faults", () => {
    withSandbox("a request that is held and dropped was never processed", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]
      const tokens = yield* v4Tokens(sandbox)
      const held = yield* sandbox.hold()

      const request = yield* Effect.forkChild(lost(refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)))
      const subject = yield* held.arrived
      yield* held.drop
      const error = yield* Fiber.join(request)
      const again = yield* refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)

      assert.strictEqual(subject.presented, Message.digest(tokens.refresh_token))
      assert.isTrue(error)
      assert.strictEqual(again.status, 200)
      assert.deepInclude(yield* sandbox.ledger.counts, { unprocessed: 1, rotations: 1 })
    })

    withSandbox("a request that is held and released is answered", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]
      const tokens = yield* v4Tokens(sandbox)
      const held = yield* sandbox.hold()

      const request = yield* Effect.forkChild(refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token))
      yield* held.arrived
      yield* held.release

      assert.strictEqual((yield* Fiber.join(request)).status, 200)
    })

    withSandbox("a request whose sender has gone stays held until it is dropped", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]
      const tokens = yield* v4Tokens(sandbox)
      const held = yield* sandbox.hold()

      const request = yield* Effect.forkChild(lost(refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)))
      yield* held.arrived
      yield* Fiber.interrupt(request)
      yield* held.drop
      const again = yield* refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)

      assert.strictEqual(again.status, 200)
    })

    withSandbox("a dropped answer leaves the token spent", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]
      const tokens = yield* v4Tokens(sandbox)
      yield* sandbox.dropAnswer()

      const error = yield* lost(refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token))
      const again = yield* refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)

      assert.isTrue(error)
      assert.strictEqual(again.body.error, "invalid_grant")
      assert.deepInclude(yield* sandbox.ledger.counts, { undelivered: 1, rotations: 1, reuses: 1 })
    })

    withSandbox("a dropped answer is given again inside the window", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]
      yield* sandbox.configure({ replayWindow: "1 minute" })
      const tokens = yield* v4Tokens(sandbox)
      yield* sandbox.dropAnswer()

      yield* lost(refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token))
      const again = yield* refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)

      assert.strictEqual(again.status, 200)
      assert.strictEqual((yield* sandbox.ledger.counts).replays, 1)
    })

    withSandbox("a failure before the work spends nothing, a failure after it does", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]
      const tokens = yield* v4Tokens(sandbox)

      yield* sandbox.fail({ status: 503, headers: { "retry-after": "1" } })
      const before = yield* refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)
      yield* sandbox.fail({ status: 502, processed: true })
      const after = yield* refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)
      const last = yield* refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)

      assert.deepStrictEqual([before.status, before.headers.get("retry-after")], [503, "1"])
      assert.strictEqual(after.status, 502)
      assert.strictEqual(last.body.error, "invalid_grant")
    })

    withSandbox("a latency delays every answer", function*(sandbox) {
      yield* sandbox.configure({ latency: "100 millis" })

      const [duration] = yield* Effect.timed(call(sandbox.endpoints.v4.me))

      assert.isAtLeast(Duration.toMillis(duration), 99)
    })

    withSandbox("refuses an access token once", function*(sandbox) {
      const tokens = yield* v4Tokens(sandbox)
      yield* sandbox.refuseToken(Redacted.make(tokens.access_token))

      const first = yield* call(sandbox.endpoints.v4.me, tokens.access_token)
      const second = yield* call(sandbox.endpoints.v4.me, tokens.access_token)

      assert.deepStrictEqual([first.status, second.status], [401, 200])
    })

    withSandbox("refuses a login as the person would", function*(sandbox) {
      yield* sandbox.configure({ approval: "refused" })

      const callback = yield* login(sandbox, sandbox.registrations["v4-web-app"])

      assert.strictEqual(callback.get("error"), "access_denied")
    })
  })

  describe("approval", () => {
    withSandbox("waits for a click on a page, when it is told to", function*(sandbox) {
      yield* sandbox.configure({ approval: "page" })

      const callback = yield* login(sandbox, sandbox.registrations["v4-web-app"])

      assert.isNotNull(callback.get("code"))
    })

    withSandbox("is closed to a browser that did not ask", function*(sandbox) {
      yield* sandbox.configure({ approval: "page" })
      const request = authorizationRequest(
        sandbox.endpoints.v4.authorization,
        sandbox.registrations["v4-web-app"],
        { scope: "openid" }
      )

      const page = yield* call(
        yield* Effect.map(call(request), ({ headers }) => sandbox.origin + headers.get("location"))
      )

      assert.strictEqual(page.status, 400)
      assert.include(page.text, "That login is over")
    })
  })

  describe("the API", () => {
    withSandbox("answers V4 in data, with its limits in milliseconds", function*(sandbox) {
      const tokens = yield* v4Tokens(sandbox)

      const { body, headers, status } = yield* call(sandbox.endpoints.v4.me, tokens.access_token)

      assert.strictEqual(status, 200)
      assert.deepStrictEqual(body, {
        data: { id: sandbox.account.id, name: "Ada Sandbox", email: sandbox.account.email, avatar_url: null }
      })
      assert.strictEqual(headers.get("x-ratelimit-window"), "60000")
    })

    withSandbox("tells in V4 what a person reaches, and nobody else's", function*(sandbox) {
      const tokens = yield* v4Tokens(sandbox)
      const accounts = yield* call(`${sandbox.origin}/v4/accounts`, tokens.access_token)
      const [account] = accounts.body.data as ReadonlyArray<{ readonly id: string; readonly display_name: string }>

      const workspaces = yield* call(`${sandbox.origin}/v4/accounts/${account?.id}/workspaces`, tokens.access_token)
      const others = yield* call(`${sandbox.origin}/v4/accounts/${sandbox.account.id}/workspaces`, tokens.access_token)

      assert.strictEqual(account?.display_name, "Studio of Ada Sandbox")
      assert.deepStrictEqual(
        (workspaces.body.data as ReadonlyArray<{ readonly name: string }>).map(({ name }) => name),
        ["Dailies", "Rough cuts", "Delivery"]
      )
      assert.strictEqual(others.status, 404)
    })

    withSandbox("answers V2 flat", function*(sandbox) {
      const tokens = yield* legacyPublicTokens(sandbox)

      const { body } = yield* call(sandbox.endpoints.legacy.me, tokens.access_token)

      assert.strictEqual(body.id, sandbox.account.id)
    })

    withSandbox("answers 401 in each version's shape", function*(sandbox) {
      const v4 = yield* call(sandbox.endpoints.v4.me)
      const v2 = yield* call(sandbox.endpoints.legacy.me, "no token of ours")

      assert.deepStrictEqual([v4.status, v4.body], [401, {
        errors: [{ title: "Unauthorized", detail: "Invalid or missing authorization token" }]
      }])
      assert.deepStrictEqual([v2.status, v2.body.message], [401, "Not Authorized"])
      assert.isNotNull(v4.headers.get("x-ratelimit-remaining"))
    })

    withSandbox("does not take the token of another server", function*(sandbox) {
      const tokens = yield* legacyPublicTokens(sandbox)

      const { status } = yield* call(sandbox.endpoints.v4.me, tokens.access_token)

      assert.strictEqual(status, 401)
    })

    withSandbox("answers 401 to a token without the roles, however fresh", function*(sandbox) {
      const tokens = yield* v4Tokens(sandbox, { scope: "openid,offline_access" })

      const { status } = yield* call(sandbox.endpoints.v4.me, tokens.access_token)

      assert.strictEqual(status, 401)
    })

    withSandbox("takes a token no longer than was said", function*(sandbox) {
      yield* sandbox.configure({ accessToken: "1 second" })
      const tokens = yield* v4Tokens(sandbox)

      yield* Effect.sleep("1 second")
      const { status } = yield* call(sandbox.endpoints.v4.me, tokens.access_token)

      assert.deepStrictEqual([tokens.expires_in, status], [1, 401])
    })

    withSandbox("answers 429 when an account has called too often", function*(sandbox) {
      yield* sandbox.configure({ callsPerMinute: 2 })
      const tokens = yield* v4Tokens(sandbox)

      const statuses = yield* Effect.forEach(
        [1, 2, 3],
        () => Effect.map(call(sandbox.endpoints.v4.me, tokens.access_token), ({ status }) => status)
      )

      assert.deepStrictEqual(statuses, [200, 200, 429])
    })
  })

  describe("the controls", () => {
    withSandbox("are closed to who lacks the token", function*(sandbox) {
      const { status } = yield* call(`${sandbox.control.url}/ledger`, "guess")

      assert.strictEqual(status, 401)
    })

    withSandbox("tell other processes what happened", function*(sandbox) {
      const tokens = yield* v4Tokens(sandbox)
      yield* refresh(sandbox.endpoints.v4.token, sandbox.registrations["v4-web-app"], tokens.refresh_token)

      const { body } = yield* call(`${sandbox.control.url}/counts`, Redacted.value(sandbox.control.token))

      assert.strictEqual(body.rotations, 1)
    })

    withSandbox("change settings, hold and drop for other processes", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]
      const tokens = yield* v4Tokens(sandbox)

      const settings = yield* control(sandbox, "/settings", { replayWindow: "2 seconds" })
      const { body: { id } } = yield* control(sandbox, "/hold", {})
      const request = yield* Effect.forkChild(lost(refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)))
      const { body } = yield* call(`${sandbox.control.url}/hold/${String(id)}`, Redacted.value(sandbox.control.token))
      yield* control(sandbox, `/hold/${String(id)}/drop`, {})

      assert.strictEqual(settings.body.replayWindow, "2000 millis")
      assert.strictEqual(body.presented, Message.digest(tokens.refresh_token))
      assert.isTrue(yield* Fiber.join(request))
    })

    withSandbox("say which word they do not know", function*(sandbox) {
      const { body, status } = yield* control(sandbox, "/settings", { replayWindows: "2 seconds" })

      assert.strictEqual(status, 400)
      assert.include(String(body.error_description), "replayWindows")
    })

    withSandbox("show the ledger as it is written", function*(sandbox) {
      const next = yield* Effect.forkChild(Stream.runHead(sandbox.ledger.changes), { startImmediately: true })
      yield* Effect.sleep("10 millis")

      yield* call(sandbox.endpoints.v4.me)

      const entry = yield* Fiber.join(next)
      assert.deepInclude(entry.valueOrUndefined, { dress: "api", outcome: "refused", status: 401 })
    })

    withSandbox("keep every secret out of the ledger", function*(sandbox) {
      const client = sandbox.registrations["v4-web-app"]
      const tokens = yield* v4Tokens(sandbox)
      yield* refresh(sandbox.endpoints.v4.token, client, tokens.refresh_token)
      yield* call(sandbox.endpoints.v4.me, tokens.access_token)

      const ledger = JSON.stringify(yield* sandbox.ledger.entries)

      for (const secret of [tokens.access_token, tokens.refresh_token, secretOf(client)]) {
        assert.notInclude(ledger, secret)
      }
    })
  })

  describe("stopping", () => {
    it.live("ends every connection, also of a request that is held", () =>
      Effect.gen(function*() {
        const ended = yield* Effect.gen(function*() {
          const sandbox = yield* Sandbox.Sandbox
          const idle = yield* openSocket(sandbox.origin)
          const { arrived } = yield* sandbox.hold({ endpoint: "api" })
          const held = yield* Effect.forkDetach(lost(call(sandbox.endpoints.v4.me)))
          yield* arrived
          return { idle, held, origin: sandbox.origin }
        }).pipe(Effect.provide(Sandbox.layer()))

        assert.isTrue(yield* Fiber.join(ended.held))
        assert.isTrue(yield* ended.idle.closed)
        assert.isTrue(yield* lost(call(ended.origin)))
      }))

    it.live("says in one sentence that a port is taken", () =>
      Effect.gen(function*() {
        const sandbox = yield* Sandbox.Sandbox
        const port = Number(new URL(sandbox.origin).port)

        const error = yield* Effect.flip(Effect.scoped(Sandbox.make({ port })))

        assert.include(error.message, `cannot listen on port ${port}`)
      }).pipe(Effect.provide(Sandbox.layer())))
  })
})

// helpers

type Service = Sandbox.Sandbox["Service"]

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: Readonly<Record<string, unknown>>
}

interface Tokens extends Readonly<Record<string, unknown>> {
  readonly access_token: string
  readonly refresh_token: string
}

function withSandbox(title: string, test: (sandbox: Service) => Effect.fn.Return<void, unknown>) {
  it.live(
    title,
    () =>
      Effect.gen(function*() {
        yield* test(yield* Sandbox.Sandbox)
      }).pipe(Effect.provide(Sandbox.layer()))
  )
}

const state = "a-state-of-some-length"

const loopback = "http://127.0.0.1:4321/callback"

const device = "SERIAL-0001"

const request = (url: string, init: RequestInit): Effect.Effect<Answer> =>
  Effect.promise((signal) =>
    fetch(url, { redirect: "manual", ...init, signal }).then((response) =>
      response.text().then((text) => ({
        status: response.status,
        headers: response.headers,
        text,
        body: text.startsWith("{") ? JSON.parse(text) : {}
      }))
    )
  )

const post = (url: string, form: Record<string, string>, headers: Record<string, string> = {}): Effect.Effect<Answer> =>
  request(url, { method: "POST", headers, body: new URLSearchParams(form) })

const call = (url: string, token?: string): Effect.Effect<Answer> =>
  request(url, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })

const control = (sandbox: Service, path: string, input: unknown): Effect.Effect<Answer> =>
  request(sandbox.control.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${Redacted.value(sandbox.control.token)}` },
    body: JSON.stringify(input)
  })

/** Whether a request ended without an answer. */
const lost = (effect: Effect.Effect<Answer>): Effect.Effect<boolean> =>
  effect.pipe(Effect.as(false), Effect.catchDefect(() => Effect.succeed(true)))

const secretOf = ({ clientSecret }: Registration): string =>
  clientSecret === undefined ? "" : Redacted.value(clientSecret)

const basic = (id: string, secret: string): string => `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`

/** A request to a token or revocation endpoint, authenticated as the client is registered. */
const exchange = (url: string, client: Registration, form: Record<string, string>): Effect.Effect<Answer> =>
  client.name === "camera"
    ? post(url, { ...form, client_id: client.clientId, client_secret: secretOf(client) })
    : client.clientSecret === undefined
    ? post(url, { ...form, client_id: client.clientId })
    : post(url, form, { authorization: basic(client.clientId, secretOf(client)) })

const refresh = (
  url: string,
  client: Registration,
  refreshToken: string,
  form: Record<string, string> = {}
): Effect.Effect<Answer> => exchange(url, client, { grant_type: "refresh_token", refresh_token: refreshToken, ...form })

const makePkce = () => {
  const verifier = randomBytes(32).toString("base64url")
  const challenge = createHash("sha256").update(verifier).digest("base64url")
  return { verifier, request: { code_challenge: challenge, code_challenge_method: "S256" } }
}

const authorizationRequest = (endpoint: string, client: Registration, parameters: Record<string, string>): string => {
  const redirectUri = client.redirectUris[0] ?? ""
  const url = new URL(endpoint)
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: client.clientId,
    redirect_uri: redirectUri.startsWith("http://127.0.0.1/") ? loopback : redirectUri,
    state,
    ...parameters
  }).toString()
  return url.href
}

const login = (sandbox: Service, client: Registration, parameters: Record<string, string> = {}) => {
  const isV4 = client.name.startsWith("v4")
  return sandbox.approve(
    authorizationRequest(sandbox.endpoints[isV4 ? "v4" : "legacy"].authorization, client, {
      scope: isV4 ? "openid,AdobeID,email,profile,offline_access,additional_info.roles" : "offline account.read",
      ...parameters
    })
  ).pipe(Effect.map((callback) => new URL(callback).searchParams))
}

const v4Tokens = Effect.fnUntraced(function*(sandbox: Service, parameters: Record<string, string> = {}) {
  const client = sandbox.registrations["v4-web-app"]
  const callback = yield* login(sandbox, client, parameters)
  const { body } = yield* exchange(sandbox.endpoints.v4.token, client, {
    grant_type: "authorization_code",
    code: callback.get("code") ?? ""
  })
  return tokensOf(body)
})

const legacyPublicTokens = Effect.fnUntraced(function*(sandbox: Service, parameters: Record<string, string> = {}) {
  const client = sandbox.registrations["legacy-public"]
  const pkce = makePkce()
  const callback = yield* login(sandbox, client, { ...pkce.request, ...parameters })
  const { body } = yield* post(sandbox.endpoints.legacy.token, {
    grant_type: "authorization_code",
    client_id: client.clientId,
    code: callback.get("code") ?? "",
    code_verifier: pkce.verifier,
    redirect_uri: loopback
  })
  return tokensOf(body)
})

const askForDevice = (sandbox: Service) => {
  const form = new FormData()
  form.set("client_id", device)
  form.set("client_secret", secretOf(sandbox.registrations.camera))
  form.set("scope", "asset_create offline")
  return Effect.map(
    request(sandbox.endpoints.camera.deviceAuthorization, { method: "POST", body: form }),
    ({ body }) => body
  )
}

const pollForDevice = (sandbox: Service, asked: Readonly<Record<string, unknown>>) =>
  post(sandbox.endpoints.camera.token, {
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    client_id: device,
    device_code: String(asked.device_code)
  })

const cameraTokens = Effect.fnUntraced(function*(sandbox: Service) {
  yield* sandbox.configure({ deviceApproval: "1 millis", deviceInterval: "50 millis" })
  const asked = yield* askForDevice(sandbox)
  const poll = pollForDevice(sandbox, asked).pipe(
    Effect.tap(Effect.sleep("60 millis")),
    Effect.repeat({ until: ({ body }) => body.error !== "authorization_pending" })
  )
  return tokensOf((yield* poll).body)
})

const valueAt = (issued: ReadonlyArray<{ readonly refreshToken: Redacted.Redacted }>, index: number): string => {
  const token = issued[index]?.refreshToken
  return token === undefined ? "" : Redacted.value(token)
}

/** An open connection, and whether it was closed by the other side. */
const openSocket = (origin: string) =>
  Effect.callback<{ readonly closed: Effect.Effect<boolean> }>((resume) => {
    const socket = connect(Number(new URL(origin).port), "127.0.0.1", () => {
      const closed = Deferred.makeUnsafe<boolean>()
      socket.on("error", () => {})
      socket.once("close", () => Deferred.doneUnsafe(closed, Effect.succeed(true)))
      socket.resume()
      resume(Effect.succeed({ closed: Deferred.await(closed) }))
    })
  })

const tokensOf = (body: Readonly<Record<string, unknown>>): Tokens => body as Tokens

const string = (value: unknown): string => String(value)

const property = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined
