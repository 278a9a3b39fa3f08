// The other clients, each loaded only by the process that asks for it.

/** Presents a refresh token, and gives the access token that came of it. */
export type Refresh = (refreshToken: string) => Promise<string>

/** How each peer refreshes a token at a token endpoint, over the `fetch` of its process. */
export const refreshers: Readonly<Record<string, (endpoint: string) => Promise<Refresh>>> = {
  oauth4webapi: async (endpoint) => {
    const oauth = await import("oauth4webapi")
    const server = { issuer: new URL(endpoint).origin, token_endpoint: endpoint }
    const client = { client_id: "client" }
    const options = { [oauth.allowInsecureRequests]: true }
    return async (refreshToken) => {
      const answer = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), refreshToken, options)
      return (await oauth.processRefreshTokenResponse(server, client, answer)).access_token
    }
  },
  "openid-client": async (endpoint) => {
    const oidc = await import("openid-client")
    const server = { issuer: new URL(endpoint).origin, token_endpoint: endpoint }
    const configuration = new oidc.Configuration(server, "client", undefined, oidc.None())
    oidc.allowInsecureRequests(configuration)
    return async (refreshToken) => (await oidc.refreshTokenGrant(configuration, refreshToken)).access_token
  },
  "@badgateway/oauth2-client": async (endpoint) => {
    const { OAuth2Client } = await import("@badgateway/oauth2-client")
    const client = new OAuth2Client({
      server: new URL(endpoint).origin,
      clientId: "client",
      tokenEndpoint: endpoint
    })
    return async (refreshToken) =>
      (await client.refreshToken({ accessToken: "", expiresAt: null, refreshToken })).accessToken
  },
  arctic: async (endpoint) => {
    const { OAuth2Client } = await import("arctic")
    const client = new OAuth2Client("client", null, null)
    return async (refreshToken) => (await client.refreshAccessToken(endpoint, refreshToken, [])).accessToken()
  },
  "google-auth-library": async (endpoint) => {
    const client = await google(endpoint)
    return async (refreshToken) => {
      client.setCredentials({ refresh_token: refreshToken })
      const { credentials } = await client.refreshAccessToken()
      return credentials.access_token ?? ""
    }
  }
}

/** simple-oauth2 has a transport of its own, which cannot be stubbed. */
export const simpleOauth2 = async (endpoint: string): Promise<Refresh> => {
  const { AuthorizationCode } = await import("simple-oauth2")
  const { origin, pathname } = new URL(endpoint)
  const client = new AuthorizationCode({
    client: { id: "client", secret: "secret" },
    auth: { tokenHost: origin, tokenPath: pathname }
  })
  return async (refreshToken) =>
    String(
      (await client.createToken({ refresh_token: refreshToken, access_token: "" }).refresh()).token["access_token"]
    )
}

/** Microsoft's client, which has got a token of its own from a network that is none. */
export const msal = async () => {
  const { ConfidentialClientApplication } = await import("@azure/msal-node")
  const authority = "https://login.example/tenant"
  const token = JSON.stringify({
    access_token: "an-access-token",
    token_type: "Bearer",
    expires_in: 3600,
    ext_expires_in: 3600
  })
  const answer = () => Promise.resolve({ status: 200, headers: {}, body: JSON.parse(token) })
  const client = new ConfidentialClientApplication({
    auth: {
      clientId: "client",
      clientSecret: "secret",
      authority,
      knownAuthorities: ["login.example"],
      authorityMetadata: JSON.stringify({
        issuer: authority,
        authorization_endpoint: `${authority}/authorize`,
        token_endpoint: `${authority}/token`,
        jwks_uri: `${authority}/keys`
      })
    },
    system: {
      networkClient: {
        sendGetRequestAsync: answer,
        sendPostRequestAsync: answer
      }
    }
  })
  const ask = () => client.acquireTokenByClientCredential({ scopes: ["https://api.example/.default"] })
  await ask()
  return ask
}

/** Google's client, which hands out cached tokens and coalesces callers. */
export const google = async (endpoint: string) => {
  const { OAuth2Client } = await import("google-auth-library")
  return new OAuth2Client({
    clientId: "client",
    clientSecret: "secret",
    endpoints: { oauth2TokenUrl: endpoint },
    transporterOptions: { fetchImplementation: (input, init) => fetch(input, init) }
  })
}

/** Badgateway's wrapper, which does so too. */
export const badgateway = async (endpoint: string, expiresAt: number) => {
  const { OAuth2Client, OAuth2Fetch } = await import("@badgateway/oauth2-client")
  const client = new OAuth2Client({ server: new URL(endpoint).origin, clientId: "client", tokenEndpoint: endpoint })
  const token = { accessToken: "an-access-token", refreshToken: "a-refresh-token", expiresAt }
  const wrapper = new OAuth2Fetch({
    client,
    scheduleRefresh: false,
    getNewToken: () => token,
    getStoredToken: () => token
  })
  await wrapper.getToken()
  return wrapper
}

/** Lets this process's `fetch` answer from memory, after so many milliseconds, and counts what was asked. */
export const stubFetch = (delay = 0): { asked: number; delay: number } => {
  const seen = { asked: 0, delay }
  const tokens = JSON.stringify({
    access_token: "an-access-token-of-the-usual-length-1",
    refresh_token: "a-refresh-token-of-the-usual-length-1",
    token_type: "Bearer",
    expires_in: 3600
  })
  const headers = { "content-type": "application/json", "content-length": String(tokens.length) }
  globalThis.fetch = (input) => {
    seen.asked++
    // an answer knows where it came from
    const response = Object.defineProperty(new Response(tokens, { headers }), "url", {
      value: input instanceof Request ? input.url : String(input)
    })
    return seen.delay === 0
      ? Promise.resolve(response)
      : new Promise((resolve) => setTimeout(() => resolve(response), seen.delay))
  }
  return seen
}
