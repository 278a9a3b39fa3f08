/** Certificates, as `openssl` makes them, and servers on loopback that ask for them. */
import { Effect, Redacted, type Scope } from "effect"
import * as childProcess from "node:child_process"
import { createHash, X509Certificate } from "node:crypto"
import * as fs from "node:fs"
import type * as http from "node:http"
import * as https from "node:https"
import type * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import type * as tls from "node:tls"

/** Whether there is a program that makes certificates. */
export const openssl: boolean = childProcess.spawnSync("openssl", ["version"]).status === 0

export interface Pair {
  readonly certificate: string
  readonly key: Redacted.Redacted
}

export interface Authority {
  /** Its own certificate, in PEM. */
  readonly certificate: string
  /** Vouches for a certificate of this name, which is also for this machine. */
  readonly issue: (name: string) => Pair
}

/** An authority of its own, in a folder for as long as the scope lives. */
export const authority: Effect.Effect<Authority, never, Scope.Scope> = Effect.gen(function*() {
  const folder = yield* temporaryFolder
  const at = (name: string) => path.join(folder, name)
  const run = (...args: ReadonlyArray<string>) => childProcess.execFileSync("openssl", args, { stdio: "ignore" })
  const ec = ["-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
  run("req", "-x509", ...ec, "-days", "2", "-subj", "/CN=authority", "-keyout", at("ca.key"), "-out", at("ca.pem"))
  fs.writeFileSync(at("names"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n")
  let serial = 0
  return {
    certificate: fs.readFileSync(at("ca.pem"), "utf8"),
    issue: (name) => {
      serial++
      const [key, request, certificate] = ["key", "csr", "pem"].map((suffix) => at(`${serial}.${suffix}`))
      run("req", ...ec, "-subj", `/CN=${name}`, "-keyout", key ?? "", "-out", request ?? "")
      run(
        ...`x509 -req -in ${request} -CA ${at("ca.pem")} -CAkey ${at("ca.key")} -days 2`.split(" "),
        ...`-set_serial ${serial} -extfile ${at("names")} -out ${certificate}`.split(" ")
      )
      return {
        certificate: fs.readFileSync(certificate ?? "", "utf8"),
        key: Redacted.make(fs.readFileSync(key ?? "", "utf8"))
      }
    }
  }
})

/** A folder for as long as the scope lives. */
export const temporaryFolder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "certificates-"))),
  (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true }))
)

/** The SHA-256 of a certificate as RFC 8705, section 3.1, writes it. */
export const thumbprint = (certificate: string): string =>
  createHash("sha256").update(new X509Certificate(certificate).raw).digest("base64url")

/** What a server got. */
export interface Received {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  readonly form: URLSearchParams
  /** Of the certificate that the connection showed. */
  readonly thumbprint: string | undefined
}

export type Answer = { readonly status: number; readonly body?: object }

export interface Running {
  readonly origin: string
  readonly received: ReadonlyArray<Received>
}

/** A server by TLS that tells its handler of the client's certificate. */
export const listen = (
  pair: Pair,
  options: https.ServerOptions,
  answer: (received: Received, origin: string) => Answer
): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<{ readonly server: https.Server } & Running>((resume) => {
        const received: Array<Received> = []
        const server = https.createServer({
          cert: pair.certificate,
          key: Redacted.value(pair.key),
          ...options
        }, (request, response) => {
          const chunks: Array<Buffer> = []
          request.on("data", (chunk: Buffer) => chunks.push(chunk))
          request.on("end", () => {
            const one = receivedOf(request, Buffer.concat(chunks).toString())
            received.push(one)
            const { body = {}, status } = answer(one, `https://${request.headers.host}`)
            response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
          })
        })
        server.listen(0, "127.0.0.1", () => {
          const { port } = server.address() as net.AddressInfo
          resume(Effect.succeed({ server, origin: `https://127.0.0.1:${port}`, received }))
        })
      }),
      ({ server }) =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    ),
    ({ origin, received }) => ({ origin, received })
  )

const receivedOf = (request: http.IncomingMessage, body: string): Received => {
  const peer = (request.socket as tls.TLSSocket).getPeerX509Certificate()
  return {
    method: request.method ?? "",
    path: request.url ?? "",
    authorization: request.headers.authorization,
    form: new URLSearchParams(body),
    thumbprint: peer === undefined ? undefined : createHash("sha256").update(peer.raw).digest("base64url")
  }
}
