/**
 * Serves the page, bundled, and beside it a sandbox to log in at.
 */
import * as Sandbox from "@effect-oauth/cli/sandbox/Sandbox"
import { Effect } from "effect"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { rolldown } from "rolldown"

export const open = Effect.gen(function*() {
  const server = yield* listen
  const { port } = server.address() as AddressInfo
  const origin = `http://127.0.0.1:${port}`
  const sandbox = yield* Sandbox.make({
    settings: { approval: "page", accessToken: "10 seconds" },
    redirectUris: { "oidc-public": [`${origin}/callback`] }
  })
  const script = yield* bundle
  const html = `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>browser-page</title>
  <body data-issuer="${sandbox.endpoints.oidc.issuer}" data-client-id="${
    sandbox.registrations["oidc-public"].clientId
  }">
    <p><output>…</output></p>
    <button id="log-in">Log in</button>
    <button id="log-out">Log out</button>
    <script type="module" src="/page.js"></script>
  </body>
</html>`

  server.on("request", ({ url }, response) => {
    const isScript = url === "/page.js"
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html")
    // a script of others in this page could do whatever the page can
    response.setHeader("content-security-policy", `default-src 'self'; connect-src ${sandbox.origin}`)
    response.end(isScript ? script : html)
  })
  return { origin, sandbox }
})

const listen = Effect.acquireRelease(
  Effect.callback<Server>((resume) => {
    const server = createServer().listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) =>
    Effect.sync(() => {
      server.close()
      server.closeAllConnections()
    })
)

const bundle = Effect.promise(async () => {
  const build = await rolldown({
    input: join(import.meta.dirname, "page.ts"),
    platform: "browser",
    logLevel: "silent"
  })
  const { output: [page] } = await build.generate({ format: "esm" })
  return page.code
})
