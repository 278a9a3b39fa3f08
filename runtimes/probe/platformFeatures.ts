/**
 * What `@effect-oauth/node` needs of a runtime: files that several processes share, and a server on loopback.
 */
import { Login, TokenService } from "@effect-oauth/core"
import { FileTokenStore, LoopbackLogin } from "@effect-oauth/node"
import { Effect, Layer } from "effect"
import { SecureRandom } from "effect/crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { approve, client, expect, type Feature, logIn } from "./features.ts"

const directory = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "effect-oauth-probe-"))),
  (directory) => Effect.sync(() => fs.rmSync(directory, { recursive: true, force: true }))
)

const files = (directory: string) => Layer.provide(FileTokenStore.layer({ directory }), SecureRandom.layerWebCrypto)

/** What needs `node:fs`, `node:http` and their kin. */
export const platformFeatures: ReadonlyArray<Feature> = [
  {
    name: "grants in files",
    run: (place) =>
      Effect.gen(function*() {
        const home = yield* directory
        const { key } = yield* Effect.provide(
          logIn(place, place.confidential),
          client(place, place.confidential, files(home))
        )
        // opened anew, as another process has them
        const token = yield* Effect.provide(
          Effect.flatMap(TokenService.TokenService, (grants) => grants.refresh(key)),
          client(place, place.confidential, files(home))
        )

        yield* expect(token.type !== "", "there is no token")
      }).pipe(Effect.scoped)
  },
  {
    name: "login by loopback",
    run: (place) =>
      Effect.gen(function*() {
        const login = yield* Login.Login
        const { callback, redirectUri } = yield* LoopbackLogin.listen({})
        const { state, url } = yield* login.begin({ account: "ada", redirectUri, scopes: ["openid", "offline_access"] })
        const address = yield* approve(place, url)
        const [page, answer] = yield* Effect.all([Effect.promise(() => fetch(address)), callback(state)], {
          concurrency: "unbounded"
        })
        const { renewable } = yield* login.complete(answer)

        yield* expect(page.ok && renewable, "the login did not come to its end")
      }).pipe(Effect.scoped, Effect.provide(client(place, place.publicClient)))
  }
]
