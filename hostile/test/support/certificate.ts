/** Certificates that nobody should accept. */
import * as childProcess from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

/** Whether there is a program that makes certificates. */
export const openssl: boolean = childProcess.spawnSync("openssl", ["version"]).status === 0

/** A key and its certificate. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

/** For this machine and of its own making, for another host, or of a time that is over. */
export const certificate = (kind: "own" | "other-host" | "expired"): Certificate => made[kind] ??= make(kind)

const made: { [kind: string]: Certificate } = {}

const make = (kind: "own" | "other-host" | "expired"): Certificate => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "certificate-"))
  const [key, cert] = [path.join(folder, "key.pem"), path.join(folder, "cert.pem")]
  const name = kind === "other-host" ? "DNS:other.example" : "IP:127.0.0.1"
  const run = (...args: ReadonlyArray<string>): void => {
    childProcess.execFileSync("openssl", args, { stdio: "ignore", cwd: folder })
  }
  const request = ["-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=127.0.0.1"]
  const subject = [...request, "-addext", `subjectAltName=${name}`, "-keyout", key]
  if (kind === "expired") {
    // only an authority may say when a certificate began
    fs.writeFileSync(path.join(folder, "ca.cnf"), authority)
    fs.writeFileSync(path.join(folder, "index.txt"), "")
    run("req", "-new", ...subject, "-out", "request.pem")
    run(
      "ca",
      "-batch",
      "-config",
      "ca.cnf",
      "-selfsign",
      "-keyfile",
      key,
      "-in",
      "request.pem",
      "-out",
      cert,
      "-notext",
      "-create_serial",
      "-startdate",
      "20200101000000Z",
      "-enddate",
      "20200102000000Z"
    )
  } else run("req", "-x509", "-days", "2", ...subject, "-out", cert)
  const made = { key: fs.readFileSync(key, "utf8"), cert: fs.readFileSync(cert, "utf8") }
  fs.rmSync(folder, { recursive: true })
  return made
}

const authority = `[ca]
default_ca = it
[it]
database = index.txt
serial = serial.txt
new_certs_dir = .
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
`
