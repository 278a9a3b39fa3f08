/** Ports of this machine for servers that must know theirs before they listen. */
import { randomInt } from "node:crypto"
import * as Net from "node:net"

/**
 * A port that nobody listens at. It is below those that systems give to connections and to whoever asks for any port
 * (from 32768 on Linux, from 49152 elsewhere), so that nothing takes it meanwhile but another call of this.
 */
export const freePort = async (): Promise<number> => {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(10_000, 32_768)
    if (await isFree(port)) return port
  }
  throw new Error("There is no free port")
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = Net.createServer()
    server.once("error", () => resolve(false))
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)))
  })
