// The authorization server of all contenders, in a process of its own: plain `node:http`, connections kept. It prints
// its port, and ends with its standard input.
//
//   POST /token?delay=20&fail=10    tokens, after so many milliseconds; every tenth request is answered 503
//   GET  /api                       what a token is for
//   POST /count                     the token requests since the last count, the most that there were at once, and the
//                                   milliseconds from the first of them to the last answer
import * as Http from "node:http"

let made = 0
let asked = 0
let atOnce = 0
let most = 0
let first = 0
let last = 0

const answer = (response: Http.ServerResponse, status: number, body: unknown) => {
  const text = JSON.stringify(body)
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) })
  response.end(text)
}

const token = (response: Http.ServerResponse, query: URLSearchParams) => {
  const place = ++asked
  if (place === 1) first = performance.now()
  most = Math.max(most, ++atOnce)
  const settle = () => {
    atOnce--
    last = performance.now()
    const every = Number(query.get("fail") ?? 0)
    if (every > 0 && place % every === 0) return answer(response, 503, { error: "temporarily_unavailable" })
    const pair = String(++made).padStart(12, "0")
    answer(response, 200, {
      access_token: `an-access-token-of-the-usual-length-${pair}`,
      refresh_token: `a-refresh-token-of-the-usual-length-${pair}`,
      token_type: "Bearer",
      expires_in: 3600
    })
  }
  const delay = Number(query.get("delay") ?? 0)
  if (delay === 0) settle()
  else setTimeout(settle, delay)
}

const server = Http.createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://127.0.0.1")
  request.resume().once("end", () => {
    if (pathname === "/token") return token(response, searchParams)
    if (pathname === "/count") {
      answer(response, 200, { asked, most, ms: last - first })
      asked = most = 0
      return
    }
    answer(response, 200, { id: 1 })
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  console.log(typeof address === "object" ? address?.port : address)
})
process.stdin.resume().once("close", () => process.exit(0))
