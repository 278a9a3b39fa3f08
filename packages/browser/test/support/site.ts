/**
 * A site with pages and a worker, bundled as an application would be, and beside it, at another origin, `oidc-provider`
 * with a public client.
 */
import * as http from "node:http"
import type * as net from "node:net"
import * as path from "node:path"
import { Provider } from "oidc-provider"
import { rolldown } from "rolldown"

/** The site, and what the server was asked. */
export interface Site {
  readonly origin: string
  readonly issuer: string
  /** The codes that were brought to the token endpoint. */
  readonly codes: () => ReadonlyArray<string>
  /** The next token request arrives and is not answered, nor processed. */
  readonly swallow: () => Promise<void>
  readonly close: () => void
}

/** A module of the pages as one script. */
export const bundle = async (name: string): Promise<string> => {
  const build = await rolldown({
    input: path.join(import.meta.dirname, "..", "page", `${name}.ts`),
    platform: "browser",
    logLevel: "silent"
  })
  const { output } = await build.generate({ format: "esm" })
  return output[0].code
}

const listen = async (): Promise<{ readonly server: http.Server; readonly origin: string }> => {
  const server = http.createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as net.AddressInfo
  return { server, origin: `http://127.0.0.1:${port}` }
}

const html =
  "<!doctype html><meta charset=utf-8><title>page</title><script type=module src=/page.js></script><p id=said>…</p>"

/** Opens both. */
export const open = async (): Promise<Site> => {
  const [scripts, pages, authorization] = await Promise.all([
    Promise.all(["page", "worker"].map(async (name) => [`/${name}.js`, await bundle(name)] as const)),
    listen(),
    listen()
  ])
  const files = new Map<string, string>(scripts)
  const issuer = authorization.origin

  pages.server.on("request", (request, response) => {
    const { pathname } = new URL(request.url ?? "/", pages.origin)
    if (pathname === "/issuer") return void response.end(issuer)
    const script = files.get(pathname)
    response.setHeader("content-type", script === undefined ? "text/html" : "text/javascript")
    response.end(script ?? html)
  })

  const client = (clientId: string, bound: boolean) => ({
    client_id: clientId,
    application_type: "native" as const,
    token_endpoint_auth_method: "none" as const,
    grant_types: ["authorization_code", "refresh_token"],
    redirect_uris: ["tab", "shared", "bound"].map((name) => `${pages.origin}/${name}/callback`),
    dpop_bound_access_tokens: bound
  })
  const codes: Array<string> = []
  let swallowing: (() => void) | undefined
  const provider = new Provider(issuer, {
    clients: [client("page", false), client("bound", true)],
    cookies: { keys: ["browser"] },
    scopes: ["openid", "offline_access"],
    clientBasedCORS: () => true,
    rotateRefreshToken: true,
    issueRefreshToken: () => Promise.resolve(true),
    features: {
      dPoP: { enabled: true },
      pushedAuthorizationRequests: { enabled: false },
      revocation: { enabled: true }
    },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 3600, IdToken: 600, RefreshToken: 3600 }
  })
  provider.use(async (ctx, next) => {
    await next()
    if (ctx.path === "/token") codes.push(String(ctx.oidc?.params?.["code"]))
  })
  const callback = provider.callback()
  authorization.server.on("request", (request, response) => {
    if (swallowing !== undefined && request.method === "POST" && request.url === "/token") {
      request.resume()
      swallowing()
      swallowing = undefined
    } else void callback(request, response)
  })

  return {
    origin: pages.origin,
    issuer,
    codes: () => codes,
    swallow: () => new Promise((resolve) => swallowing = resolve),
    close: () => {
      for (const { server } of [pages, authorization]) {
        server.close()
        server.closeAllConnections()
      }
    }
  }
}
