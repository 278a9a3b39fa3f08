/** Servers on loopback, by TLS too. */
import { Effect } from "effect"
import * as childProcess from "node:child_process"
import * as fs from "node:fs"
import * as http from "node:http"
import * as https from "node:https"
import type * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"

/** Whether there is a program that makes certificates. */
export const openssl: boolean = childProcess.spawnSync("openssl", ["version"]).status === 0

/** A server on loopback, and how many requests it got. */
export const listen = (handle: http.RequestListener, tls?: https.ServerOptions) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly requests: () => number; readonly server: http.Server }>(
      (resume) => {
        let requests = 0
        const counted: http.RequestListener = (request, response) => {
          requests++
          handle(request, response)
        }
        const server = tls === undefined ? http.createServer(counted) : https.createServer(tls, counted)
        server.listen(0, "127.0.0.1", () => {
          const { port } = server.address() as net.AddressInfo
          resume(Effect.succeed({ url: `http://127.0.0.1:${port}/token`, requests: () => requests, server }))
        })
      }
    ),
    ({ server }) =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )

/** A certificate that nobody vouches for. */
export const selfSigned = (): https.ServerOptions => certificate ??= make()

let certificate: https.ServerOptions | undefined

const make = (): https.ServerOptions => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "certificate-"))
  const [key, cert] = [path.join(folder, "key.pem"), path.join(folder, "cert.pem")]
  const subject = ["-subj", "/CN=127.0.0.1", "-days", "2"]
  childProcess.execFileSync("openssl", [
    "req",
    "-x509",
    "-nodes",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    ...subject,
    "-keyout",
    key,
    "-out",
    cert
  ], {
    stdio: "ignore"
  })
  const options = { key: fs.readFileSync(key), cert: fs.readFileSync(cert) }
  fs.rmSync(folder, { recursive: true })
  return options
}
