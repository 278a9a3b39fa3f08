/**
 * What a person does at a login: approve by itself, or by a click.
 */
import * as Effect from "effect/Effect"
import type * as Account from "./Account.ts"
import type { Dress } from "./Dress.ts"
import type { Interaction } from "./Engine.ts"
import * as Message from "./Message.ts"
import type { Settings } from "./Settings.ts"

/** Answers a request for the page of a login, or the click on it. */
export const answer = Effect.fnUntraced(function*(
  dress: Dress,
  request: Message.Request,
  form: URLSearchParams,
  options: { readonly settings: Settings; readonly accounts: Account.Accounts }
): Effect.fn.Return<Message.Answer> {
  const interaction = yield* dress.engine.interaction(request)
  if (interaction === undefined) {
    return Message.page(400, "That login is over", "<p>It was answered before, or has expired. Start again.</p>")
  }
  const account = options.accounts.named(interaction.loginHint)
  switch (options.settings.approval) {
    case "automatic":
      return yield* dress.engine.approve(request, account.id)
    case "refused":
      return yield* dress.engine.refuse(request)
    case "page":
      if (request.method !== "POST") return consent(request, interaction, account)
      return form.get("answer") === "allow"
        ? yield* dress.engine.approve(request, account.id)
        : yield* dress.engine.refuse(request)
  }
})

const consent = (request: Message.Request, interaction: Interaction, account: Account.Account): Message.Answer =>
  Message.page(
    200,
    "Allow access?",
    `<p><strong>${Message.escape(interaction.client)}</strong> asks to act for
<strong>${Message.escape(account.givenName)}</strong> (${Message.escape(account.email)}) with these scopes:</p>
<ul>${interaction.scope.split(" ").map((scope) => `<li><code>${Message.escape(scope)}</code></li>`).join("")}</ul>
<form method="post" action="${Message.escape(request.url.pathname)}">
<button autofocus type="submit" name="answer" value="allow">Allow</button>
<button type="submit" name="answer" value="refuse">Refuse</button>
</form>`
  )
