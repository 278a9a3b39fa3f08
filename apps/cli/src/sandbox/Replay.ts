/**
 * The replay window: for a while after its first presentation, a spent refresh
 * token is answered again with the very same tokens. oidc-provider has none;
 * this one remembers answers, and gives them only to who authenticates as the
 * first did.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { GrantStore } from "./GrantStore.ts"
import * as Message from "./Message.ts"
import type { Settings } from "./Settings.ts"

/** Remembers the answers to refresh requests. */
export interface Replay {
  /** The answer that stands for this request, if its window is open and the grant lives. */
  readonly answer: (store: GrantStore, key: string) => Effect.Effect<Message.Answer | undefined>
  /** Remembers an answer for the window that began at `presentedAt`. */
  readonly remember: (key: string, answer: Message.Answer, presentedAt: number) => void
}

/** Makes an empty memory. */
export const make = (settings: () => Settings): Replay => {
  const answers = new Map<string, { readonly answer: Message.Answer; readonly presentedAt: number }>()
  const isOpen = (presentedAt: number, now: number) => now < presentedAt + Duration.toMillis(settings().replayWindow)

  return {
    answer: Effect.fnUntraced(function*(store, key) {
      const remembered = answers.get(key)
      const now = yield* Clock.currentTimeMillis
      if (remembered === undefined || !isOpen(remembered.presentedAt, now)) return undefined
      const successor = Message.jsonBody(remembered.answer)?.refresh_token
      return store.read("RefreshToken", String(successor)) === undefined ? undefined : remembered.answer
    }),
    remember: (key, answer, presentedAt) => {
      for (const [other, { presentedAt: at }] of answers) {
        if (isOpen(at, presentedAt)) break
        answers.delete(other)
      }
      if (isOpen(presentedAt, presentedAt)) answers.set(key, { answer, presentedAt })
    }
  }
}

/** The same for the same refresh token of the same client with the same credentials. */
export const key = (headers: Message.Request["headers"], parameters: URLSearchParams): string =>
  Message.digest(
    JSON.stringify([
      parameters.get("refresh_token"),
      headers.authorization ?? "",
      parameters.get("client_id") ?? "",
      parameters.get("client_secret") ?? ""
    ])
  )
