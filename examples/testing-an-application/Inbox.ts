/**
 * An application: reads somebody's mail, and says what became of it in the words
 * of the application. Nothing in here knows of tests.
 */
import { AuthorizedHttpClient, TokenService } from "@effect-oauth/core"
import { Effect, Schema } from "effect"
import { HttpClientResponse } from "effect/http"

/** The mailbox has to be connected again: show a button. */
export class Disconnected extends Schema.TaggedError<Disconnected>()("Disconnected", {}) {}

/** It is nobody's fault: show what there was, and try again later. */
export class TryLater extends Schema.TaggedError<TryLater>()("TryLater", {}) {}

const Messages = Schema.Struct({ unread: Schema.Int })

/** How many messages nobody has read. */
export const unread = Effect.fn("Inbox.unread")(
  function*(account: string) {
    const grants = yield* TokenService.TokenService
    const client = yield* AuthorizedHttpClient.make(grants.key(account))
    const response = yield* client.get("https://api.test/messages")
    const { unread } = yield* HttpClientResponse.schemaBodyJson(Messages)(response)
    return unread
  },
  Effect.catchReason("OAuthError", "ReauthorizationRequired", () => Effect.fail(new Disconnected())),
  Effect.catchTag(["OAuthError", "HttpClientError", "SchemaError"], () => Effect.fail(new TryLater()))
)
