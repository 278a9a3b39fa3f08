/**
 * The authorization server of a run: oidc-provider, with rotation always, behind a door of ours.
 *
 * The door adds what oidc-provider has not. It lets the requests of one login in one after the other, since the
 * provider looks at a token before it marks it, and two at once would both be served. And it gives the client
 * `windowed` a replay window: a replaced token is answered with the refresh token that replaced it, and a new access
 * token, as long as the window is open and that one has not been used itself. Anything else goes to the provider, which
 * ends the login when a replaced token comes back. The door is also where requests and answers come to harm.
 */
import { generateKeyPairSync, randomUUID } from "node:crypto"
import * as Http from "node:http"
import { Socket } from "node:net"
import { type Configuration, Provider } from "oidc-provider"
import * as Adapter from "./Adapter.ts"
import type { Delivery, Ledger, Token } from "./Ledger.ts"
import * as Settings from "./Settings.ts"

/** What was seen of access tokens at the resource. */
export interface Uses {
  /** How often a token was used. */
  calls: number
  /** Those that were accepted. */
  accepted: number
  /** Those that came too late by a little. */
  expired: number
  /** Those of a login that had ended. */
  ended: number
  /** Those that this server never gave to that account: there must be none. */
  foreign: number
  /** The longest that a caller waited for a token. */
  maxWaitMs: number
}

/** What happens at the door, decided for each request. */
export type Weather = (kind: Settings.Kind) => { readonly mishap: Settings.Mishap | undefined; readonly delay: number }

/** The server of a run. */
export interface Server {
  readonly origin: string
  readonly uses: Uses
  /** How many tokens a process has used. */
  readonly usedBy: (process: string) => number
  weather: Weather
  /** Whose token a caller of a process is to ask for next. */
  deal: (process: string, caller: string) => string
  /** Gives an account a login and its first tokens. */
  readonly login: (account: string, why?: string) => Promise<Pair>
  /** Keeps the next request of an account waiting, done or not, until it is let go. */
  readonly hold: (account: string, when: "before" | "after") => Held
  readonly close: () => Promise<void>
}

/** The tokens of a login. */
export interface Pair {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_in: number
}

/** A request that waits. */
export interface Held {
  readonly arrived: Promise<void>
  readonly release: () => void
}

/** What a server may be told. */
export interface Options {
  /** How long a replaced token of the client `windowed` is answered, in milliseconds. */
  readonly window?: number
  readonly accessTokenSeconds?: number
}

/** Nothing happens, and at once. */
export const calm: Weather = () => ({ mishap: undefined, delay: 0 })

/** Listens on a free port of the loopback address. */
export const listen = async (ledger: Ledger, options?: Options): Promise<Server> => {
  const window = options?.window ?? Settings.window
  const lifetime = options?.accessTokenSeconds ?? Settings.accessTokenSeconds
  const memory = Adapter.make(ledger)
  const uses: Uses = { calls: 0, accepted: 0, expired: 0, ended: 0, foreign: 0, maxWaitMs: 0 }
  const users = new Map<string, number>()
  const queues = new Map<string, Promise<unknown>>()
  // what a replay answers with, by digest
  const values = new Map<string, string>()
  const held = new Map<string, { readonly when: "before" | "after"; readonly wait: () => Promise<void> }>()
  const http = Http.createServer({ keepAliveTimeout: 60_000 })
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve))
  const address = http.address()
  const origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
  const provider = new Provider(origin, { ...configuration(lifetime), adapter: memory.adapter })
  const handle = provider.callback()

  // a request of one login waits for those before it
  const inTurn = <A>(id: string, act: () => Promise<A>): Promise<A> => {
    const turn = (queues.get(id) ?? Promise.resolve()).then(act, act)
    queues.set(id, turn)
    void turn.catch(() => {}).then(() => queues.get(id) === turn && queues.delete(id))
    return turn
  }

  const ask = (incoming: Http.IncomingMessage, body: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const request = new Http.IncomingMessage(new Socket())
      const { "transfer-encoding": _, ...headers } = incoming.headers
      Object.assign(request, {
        method: incoming.method,
        url: incoming.url,
        headers: { ...headers, "content-length": String(Buffer.byteLength(body)) }
      })
      request.push(body)
      request.push(null)
      const response = new Kept(request, resolve)
      handle(request, response).catch(reject)
    })

  const client = async (kind: Settings.Kind) => {
    const found = await provider.Client.find(kind)
    if (found === undefined) throw new Error(`no client ${kind}`)
    return found
  }
  const accessToken = async (kind: Settings.Kind, accountId: string, grantId: string): Promise<string> =>
    new provider.AccessToken({ accountId, client: await client(kind), grantId, gty: "refresh_token", scope }).save()

  const answer = async (token: Token, incoming: Http.IncomingMessage, body: string): Promise<Answer> => {
    const { account, ended, id, kind } = token.lineage
    const by = nameOf(incoming)
    const at = Settings.now()
    const first = token.presentations.find(({ outcome }) => outcome !== "failed")?.at ?? at
    const next = token.successor
    if (
      kind === "windowed" && next !== undefined && next.spentAt === undefined && ended === undefined &&
      at < first + window
    ) {
      ledger.presented(token, by, at, "replayed")
      const pair: Pair = {
        access_token: await accessToken(kind, account, id),
        refresh_token: values.get(next.digest) ?? "",
        expires_in: lifetime
      }
      return { status: 200, headers: json, body: JSON.stringify({ token_type: "Bearer", ...pair }) }
    }
    const given = await ask(incoming, body)
    const outcome = given.status === 200 ? "rotated" : given.status === 400 ? "refused" : "failed"
    ledger.presented(token, by, at, outcome)
    if (outcome === "refused") ledger.revoked(id, "reuse")
    if (outcome === "rotated") {
      const value: unknown = JSON.parse(given.body).refresh_token
      const successor = typeof value === "string" ? ledger.token(value) : undefined
      if (typeof value === "string" && successor !== undefined) values.set(successor.digest, value)
    }
    return given
  }
  const renew = async (incoming: Http.IncomingMessage, outgoing: Http.ServerResponse, body: string) => {
    const presented = parameters(body).get("refresh_token") ?? ""
    const token = ledger.token(presented)
    if (token === undefined) return send(outgoing, { status: 400, headers: json, body: `{"error":"invalid_grant"}` })
    const { account, id, kind } = token.lineage
    const { delay, mishap } = server.weather(kind)
    if (delay > 0) await sleep(delay)
    if (mishap === "reset") return incoming.socket.destroy()
    if (mishap === "unavailable") {
      return send(outgoing, { status: 503, headers: { "retry-after": "1" }, body: "" })
    }
    if (held.get(account)?.when === "before") await held.get(account)?.wait()
    const given = await inTurn(id, () => answer(token, incoming, body))
    if (held.get(account)?.when === "after") await held.get(account)?.wait()
    const successor = given.status === 200 ? token.successor : undefined
    const isLost = mishap === "answer dropped" || mishap === "failed after rotation"
    if (successor !== undefined) {
      const delivery: Delivery = {
        to: nameOf(incoming),
        at: Settings.now(),
        outcome: isLost ? "dropped" : incoming.socket.destroyed ? "gone" : "delivered"
      }
      ledger.sent(successor, delivery)
      outgoing.once("close", () => {
        if (!outgoing.writableFinished && delivery.outcome === "delivered") delivery.outcome = "gone"
      })
    }
    if (mishap === "answer dropped") return incoming.socket.destroy()
    if (mishap === "failed after rotation") return send(outgoing, { status: 500, headers: {}, body: "" })
    return send(outgoing, given)
  }

  const revoke = async (incoming: Http.IncomingMessage, outgoing: Http.ServerResponse, body: string) => {
    const token = ledger.token(parameters(body).get("token") ?? "")
    const given = await (token === undefined
      ? ask(incoming, body)
      : inTurn(token.lineage.id, () => ask(incoming, body)))
    if (token !== undefined && given.status === 200) ledger.revoked(token.lineage.id, "revocation")
    return send(outgoing, given)
  }

  const use = (incoming: Http.IncomingMessage, outgoing: Http.ServerResponse) => {
    const account = incoming.headers["x-account"]
    const value = incoming.headers.authorization?.slice("Bearer ".length) ?? ""
    const entry = memory.look("AccessToken", value)
    const verdict = entry?.payload.accountId !== account || entry === undefined
      ? "foreign"
      : entry.isRevoked
      ? "ended"
      : entry.until <= Date.now()
      ? "expired"
      : "accepted"
    const by = nameOf(incoming)
    users.set(by, (users.get(by) ?? 0) + 1)
    uses.calls++
    uses[verdict]++
    uses.maxWaitMs = Math.max(uses.maxWaitMs, Number(incoming.headers["x-waited"] ?? 0))
    send(outgoing, { status: verdict === "accepted" ? 200 : 401, headers: json, body: JSON.stringify({ verdict }) })
  }

  const again = async (outgoing: Http.ServerResponse, body: string) => {
    const asked = parameters(body)
    const account = asked.get("account") ?? ""
    // of several processes that notice, one logs in
    const before = ledger.newest(account)
    if (before !== undefined && Settings.now() - before.startedAt < loginRest) {
      return send(outgoing, { status: 409, headers: json, body: "{}" })
    }
    const pair = await server.login(account, asked.get("why") ?? "")
    return send(outgoing, { status: 200, headers: json, body: JSON.stringify(pair) })
  }

  http.on("request", (incoming, outgoing) => {
    const chunks: Array<Buffer> = []
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk))
    incoming.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8")
      const handler = incoming.url === "/token"
        ? renew(incoming, outgoing, body)
        : incoming.url === "/token/revocation"
        ? revoke(incoming, outgoing, body)
        : incoming.url === "/login"
        ? again(outgoing, body)
        : incoming.url === "/next"
        ? send(outgoing, {
          status: 200,
          headers: json,
          body: JSON.stringify({ account: server.deal(nameOf(incoming), String(incoming.headers["x-caller"])) })
        })
        : use(incoming, outgoing)
      Promise.resolve(handler).catch((error: unknown) => {
        process.stderr.write(`The server failed: ${String(error)}\n`)
        incoming.socket.destroy()
      })
    })
  })

  const server: Server = {
    origin,
    uses,
    usedBy: (process) => users.get(process) ?? 0,
    weather: calm,
    deal: () => "",
    login: async (account, why) => {
      const kind = account.startsWith("windowed") ? "windowed" : "strict"
      const grant = new provider.Grant({ accountId: account, clientId: kind })
      grant.addOIDCScope(scope)
      const grantId = await grant.save()
      ledger.begin(grantId, account, kind, why)
      return {
        access_token: await accessToken(kind, account, grantId),
        refresh_token: await new provider.RefreshToken({
          accountId: account,
          client: await client(kind),
          grantId,
          gty: "authorization_code",
          scope
        }).save(),
        expires_in: lifetime
      }
    },
    hold: (account, when) => {
      let arrive = () => {}
      let release = () => {}
      const arrived = new Promise<void>((resolve) => {
        arrive = resolve
      })
      const released = new Promise<void>((resolve) => {
        release = resolve
      })
      held.set(account, {
        when,
        wait: () => {
          held.delete(account)
          arrive()
          return released
        }
      })
      return { arrived, release }
    },
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve())
        http.closeAllConnections()
      })
  }
  return server
}

interface Answer {
  readonly status: number
  readonly headers: Http.OutgoingHttpHeaders
  readonly body: string
}

const scope = "offline_access"

const configuration = (accessToken: number): Configuration => ({
  clients: (["windowed", "strict"] as const).map((kind) => ({
    client_id: kind,
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", "refresh_token"],
    redirect_uris: ["http://127.0.0.1/callback"],
    response_types: ["code"],
    application_type: "native"
  })),
  scopes: [scope],
  rotateRefreshToken: true,
  jwks: { keys: [generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" })] },
  cookies: { keys: [randomUUID()] },
  findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  features: {
    devInteractions: { enabled: false },
    revocation: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId }
  },
  ttl: {
    AccessToken: accessToken,
    RefreshToken: 14 * 24 * 3600,
    Grant: 14 * 24 * 3600
  }
})

/** How long a login keeps another of the same account away. */
const loginRest = 5_000

const json = { "content-type": "application/json", "cache-control": "no-store" }

const parameters = (body: string): URLSearchParams => new URLSearchParams(body)

const nameOf = (incoming: Http.IncomingMessage): string => String(incoming.headers["x-process"] ?? "")

const sleep = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

const send = (outgoing: Http.ServerResponse, { body, headers, status }: Answer): void => {
  outgoing.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) })
  outgoing.end(body)
}

/** A response that is kept instead of being sent. */
class Kept extends Http.ServerResponse {
  readonly #chunks: Array<Buffer> = []
  readonly #done: (answer: Answer) => void

  constructor(request: Http.IncomingMessage, done: (answer: Answer) => void) {
    super(request)
    this.#done = done
  }

  override write(chunk: string | Uint8Array): boolean {
    this.#chunks.push(Buffer.from(chunk as Uint8Array))
    return true
  }

  override end(chunk?: unknown): this {
    if (typeof chunk === "string" || chunk instanceof Uint8Array) this.write(chunk)
    this.finished = true
    this.emit("finish")
    this.#done({
      status: this.statusCode,
      headers: { "content-type": "application/json" },
      body: Buffer.concat(this.#chunks).toString("utf8")
    })
    return this
  }
}
