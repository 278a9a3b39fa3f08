/**
 * The authorization server of a soak, a process of its own: it rotates refresh tokens, answers a replaced one with its
 * successor while the window is open, ends a grant whose token comes back later, and goes through one trouble after
 * another.
 */
import { randomBytes } from "node:crypto"
import * as http from "node:http"
import { calm, type Counts, cycle, lifetime, type Message, type Phase, window } from "./Settings.ts"

interface Family {
  current: string
  previous: string | undefined
  replacedAt: number
}

const families = new Map<string, Family>()
const byToken = new Map<string, string>()
const counts: Record<string, Counts> = {}
let started: number | undefined
let reused = 0
let granted = 0

const phaseAt = (now: number): Phase => {
  if (started === undefined) return calm
  const length = cycle.reduce((sum, { seconds }) => sum + seconds, 0)
  let at = ((now - started) / 1000) % length
  for (const phase of cycle) {
    if (at < phase.seconds) return phase
    at -= phase.seconds
  }
  return calm
}

const issue = (id: string): string => {
  const token = `${id}.${randomBytes(24).toString("base64url")}`
  byToken.set(token, id)
  return token
}

/** The pair that a refresh token gives, or nothing where it is worth nothing. */
const renew = (presented: string): object | undefined => {
  const id = byToken.get(presented)
  const family = id === undefined ? undefined : families.get(id)
  if (id === undefined || family === undefined) return undefined
  const now = Date.now()
  if (presented === family.previous && now - family.replacedAt < window) return pair(family)
  if (presented !== family.current) {
    reused++
    families.delete(id)
    return undefined
  }
  if (family.previous !== undefined) byToken.delete(family.previous)
  family.previous = presented
  family.current = issue(id)
  family.replacedAt = now
  granted++
  return pair(family)
}

const pair = ({ current }: Family) => ({
  access_token: randomBytes(24).toString("base64url"),
  refresh_token: current,
  token_type: "Bearer",
  expires_in: lifetime
})

const server = http.createServer((request, response) => {
  let body = ""
  request.setEncoding("utf8").on("data", (chunk: string) => void (body += chunk)).on("end", () => {
    const phase = phaseAt(Date.now())
    const count = counts[phase.name] ??= { requests: 0, seconds: 0 }
    count.requests++
    const form = new URLSearchParams(body)
    const json = (status: number, value: unknown, headers: http.OutgoingHttpHeaders = {}) =>
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value))
    const answer = () => {
      const renewed = renew(form.get("refresh_token") ?? "")
      return renewed === undefined ? json(400, { error: "invalid_grant" }) : json(200, renewed)
    }
    switch (phase.kind) {
      case "calm":
        answer()
        return
      case "errors":
        json([500, 502, 503, 504][count.requests % 4] ?? 500, { error: "server_error" })
        return
      case "limits":
        json(429, {}, {
          "retry-after": ["315360000", "99999999999", "Sun, 06 Nov 2094 08:49:37 GMT", "120"][count.requests % 4]
        })
        return
      case "outage":
        return void request.socket.resetAndDestroy()
      case "lost":
        renew(form.get("refresh_token") ?? "")
        return void request.socket.resetAndDestroy()
      case "slow": {
        const renewed = JSON.stringify(renew(form.get("refresh_token") ?? "") ?? { error: "invalid_grant" })
        response.writeHead(200, { "content-type": "application/json", "content-length": renewed.length })
        response.write(renewed.slice(0, 20))
        const timer = setTimeout(() => response.end(renewed.slice(20)), 300 + (count.requests % 8) * 150)
        response.on("close", () => clearTimeout(timer))
      }
    }
  })
})

const say = (message: Message): void => void process.send?.(message)

process.on("message", (message: Message) => {
  switch (message._tag) {
    case "Issue": {
      const tokens = Array.from({ length: message.grants }, (_, index) => {
        const token = issue(String(index))
        families.set(String(index), { current: token, previous: undefined, replacedAt: 0 })
        return token
      })
      return say({ _tag: "Issued", tokens })
    }
    case "Start":
      started = Date.now()
      return
    case "Calm":
      started = undefined
      return
    case "Tell":
      return say({ _tag: "Told", counts, reused, granted, families: families.size, phase: phaseAt(Date.now()).name })
    default:
  }
})

server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  say({ _tag: "Listening", port: typeof address === "object" ? address?.port ?? 0 : 0 })
})
process.on("disconnect", () => process.exit())
