/**
 * An oidc-provider that is called inside this process: a request goes in as a
 * value and an answer comes out as one, with what the provider noticed about it.
 */
import * as Effect from "effect/Effect"
import { IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from "node:http"
import { Socket } from "node:net"
import { type Client, type Configuration, type errors, type InteractionResults, Provider } from "oidc-provider"
import * as GrantStore from "./GrantStore.ts"
import type { Answer, Request } from "./Message.ts"

/** What the provider noticed while it answered. */
export interface Notes {
  rotated: boolean
  reuse: boolean
  grantEnded: boolean
  detail?: string
}

/** An answer, and what the provider noticed. */
export interface Processed {
  readonly answer: Answer
  readonly notes: Readonly<Notes>
}

/** A login that waits for a person. */
export interface Interaction {
  readonly client: string
  readonly scope: string
  /** Empty if there was none. */
  readonly loginHint: string
}

/** An oidc-provider in this process. */
export interface Engine {
  readonly provider: Provider
  readonly store: GrantStore.GrantStore
  /** Answers a request. */
  readonly call: (request: Request) => Effect.Effect<Processed>
  /** What the login of a request waits for; nothing if there is no such login. */
  readonly interaction: (request: Request) => Effect.Effect<Interaction | undefined>
  /** Approves the login of a request, all of its scopes, for an account. */
  readonly approve: (request: Request, account: string) => Effect.Effect<Answer>
  /** Refuses the login of a request, as the person would. */
  readonly refuse: (request: Request) => Effect.Effect<Answer>
  /** Makes a grant and its first tokens as if there had been a login. */
  readonly issue: (client: Client, account: string, scope: string) => Effect.Effect<{
    readonly accessToken: string
    readonly refreshToken: string
  }>
  /** Ends the grant of a refresh or access token; false if there is none. */
  readonly withdraw: (token: string) => Effect.Effect<boolean>
}

/** What the provider says of a refresh token that is presented after it was spent. */
const reuseDetail = "refresh token already used"

/** Makes a provider that stands below `mount` on `origin`. */
export const make = Effect.fnUntraced(function*(options: {
  readonly origin: string
  readonly mount: string
  readonly configuration: Configuration
}): Effect.fn.Return<Engine> {
  const store = yield* GrantStore.make
  const provider = new Provider(options.origin + options.mount, { ...options.configuration, adapter: store.adapter })
  const handle = provider.callback()
  const notebooks = new WeakMap<object, Notes>()

  const note = (request: object, fact: Partial<Notes>) => {
    const notes = notebooks.get(request)
    if (notes !== undefined) Object.assign(notes, fact)
  }
  provider.on("grant.success", (ctx) => {
    note(ctx.req, { rotated: ctx.oidc.entities.RotatedRefreshToken !== undefined })
  })
  provider.on("grant.error", (ctx, error: errors.OIDCProviderError) => {
    const detail = error.error_detail ?? error.error_description
    note(ctx.req, { reuse: detail === reuseDetail, ...(detail === undefined ? {} : { detail }) })
  })
  provider.on("grant.revoked", (ctx) => note(ctx.req, { grantEnded: true }))
  provider.on("server_error", (ctx, error) => note(ctx.req, { detail: error.message }))

  const open = (request: Request) => {
    const incoming = new IncomingMessage(new Socket())
    const path = request.url.pathname + request.url.search
    const { "transfer-encoding": _, "content-length": __, ...headers } = request.headers
    Object.assign(incoming, {
      method: request.method,
      headers: {
        ...headers,
        host: request.url.host,
        ...(request.method === "POST" ? { "content-length": String(request.body.length) } : {})
      },
      originalUrl: path,
      url: path.slice(options.mount.length)
    })
    if (request.body.length > 0) incoming.push(request.body)
    incoming.push(null)
    return { incoming, outgoing: new CapturedResponse(incoming) }
  }

  const grantFor = (client: string, account: string, scope: string): Effect.Effect<string> => {
    const grant = new provider.Grant({ accountId: account, clientId: client })
    grant.addOIDCScope(scope)
    return Effect.promise(() => grant.save())
  }

  const finish = Effect.fnUntraced(function*(
    request: Request,
    result: (interaction: Awaited<ReturnType<Provider["interactionDetails"]>>) => Effect.Effect<InteractionResults>
  ) {
    const { incoming, outgoing } = open(request)
    const interaction = yield* Effect.promise(() => provider.interactionDetails(incoming, outgoing))
    const results = yield* result(interaction)
    yield* Effect.promise(() =>
      provider.interactionFinished(incoming, outgoing, results, { mergeWithLastSubmission: false })
    )
    return outgoing.captured()
  })

  return {
    provider,
    store,
    call: (request) =>
      Effect.callback<Processed>((resume) => {
        const { incoming, outgoing } = open(request)
        const notes: Notes = { rotated: false, reuse: false, grantEnded: false }
        notebooks.set(incoming, notes)
        outgoing.whenEnded(() => resume(Effect.succeed({ answer: outgoing.captured(), notes })))
        handle(incoming, outgoing).catch((cause) => resume(Effect.die(cause)))
      }),
    interaction: (request) => {
      const { incoming, outgoing } = open(request)
      return Effect.tryPromise(() => provider.interactionDetails(incoming, outgoing)).pipe(
        Effect.map(({ params }) => ({
          client: text(params.client_id),
          scope: text(params.scope),
          loginHint: text(params.login_hint)
        })),
        Effect.orElseSucceed(() => undefined)
      )
    },
    approve: (request, account) =>
      finish(
        request,
        Effect.fnUntraced(function*({ params }) {
          const grantId = yield* grantFor(text(params.client_id), account, text(params.scope))
          return { login: { accountId: account }, consent: { grantId } }
        })
      ),
    refuse: (request) =>
      finish(
        request,
        () => Effect.succeed({ error: "access_denied", error_description: "the person refused the request" })
      ),
    issue: Effect.fnUntraced(function*(client, account, scope) {
      const grantId = yield* grantFor(client.clientId, account, scope)
      const source = { accountId: account, client, grantId, gty: "authorization_code", scope }
      return {
        accessToken: yield* Effect.promise(() => new provider.AccessToken(source).save()),
        refreshToken: yield* Effect.promise(() => new provider.RefreshToken(source).save())
      }
    }),
    withdraw: Effect.fnUntraced(function*(token) {
      const grantId = (store.read("RefreshToken", token) ?? store.read("AccessToken", token))?.grantId
      if (grantId === undefined) return false
      yield* Effect.promise(() => provider.RefreshToken.revokeByGrantId(grantId))
      yield* Effect.promise(() => store.adapter("Grant").destroy(grantId))
      return true
    })
  }
})

const text = (value: unknown): string => typeof value === "string" ? value : ""

/** A response that is kept instead of being sent. */
class CapturedResponse extends ServerResponse {
  readonly #chunks: Array<Buffer> = []
  #ended: () => void = () => {}

  whenEnded(ended: () => void): void {
    this.#ended = ended
  }

  captured(): Answer {
    const headers: OutgoingHttpHeaders = { ...this.getHeaders() }
    return { status: this.statusCode, headers, body: Buffer.concat(this.#chunks).toString("utf8") }
  }

  override write(chunk: string | Uint8Array): boolean {
    this.#chunks.push(Buffer.from(chunk as Uint8Array))
    return true
  }

  override end(chunk?: unknown): this {
    if (typeof chunk === "string" || chunk instanceof Uint8Array) this.write(chunk)
    this.finished = true
    this.emit("finish")
    this.#ended()
    return this
  }
}
