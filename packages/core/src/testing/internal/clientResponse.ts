/**
 * A client response over an answer that is plain data. Nothing in it is a
 * promise, so `TestClock` sees everything that happens.
 */
import * as Effect from "effect/Effect"
import * as Cookies from "effect/http/Cookies"
import * as Headers from "effect/http/Headers"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as UrlParams from "effect/http/UrlParams"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import { type Pipeable, pipeArguments } from "effect/Pipeable"
import type * as Schema from "effect/Schema"
import type * as Socket from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import type { Answer } from "../TestHttp.ts"
import { bodyBytes, connectionCause } from "./wire.ts"

/** The response that a client sees for an answer. */
export const clientResponse = (
  request: HttpClientRequest.HttpClientRequest,
  url: string,
  answer: Answer
): HttpClientResponse.HttpClientResponse => new ClientResponse(request, url, answer)

class ClientResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse, Pipeable {
  readonly [HttpIncomingMessage.TypeId]: typeof HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: typeof HttpClientResponse.TypeId = HttpClientResponse.TypeId

  readonly request: HttpClientRequest.HttpClientRequest
  readonly url: string
  readonly status: number
  readonly headers: Headers.Headers
  readonly cookies: Cookies.Cookies
  readonly remoteAddress: Option.Option<string> = Option.none()
  private readonly answer: Answer

  constructor(request: HttpClientRequest.HttpClientRequest, url: string, answer: Answer) {
    super()
    this.request = request
    this.url = answer.url ?? url
    this.status = answer.status
    this.headers = Headers.fromInput(answer.headers)
    this.cookies = Cookies.fromSetCookie(this.headers["set-cookie"] ?? [])
    this.answer = answer
  }

  get stream(): Stream.Stream<Uint8Array, HttpClientError.HttpClientError> {
    // as `fetch` has it: these have no body at all
    if ([204, 205, 304].includes(this.status)) {
      const reason = new HttpClientError.EmptyBodyError({ request: this.request, response: this })
      return Stream.fail(new HttpClientError.HttpClientError({ reason }))
    }
    const bytes = bodyBytes(this.answer)
    const body = bytes.length === 0 ? Stream.empty : Stream.succeed(bytes)
    switch (this.answer.ending ?? "complete") {
      case "complete":
        return body
      case "reset":
        return Stream.concat(body, Stream.fail(this.broken(connectionCause("UND_ERR_SOCKET"))))
      case "silence":
        return Stream.concat(body, Stream.never)
    }
  }

  get arrayBuffer(): Effect.Effect<ArrayBuffer, HttpClientError.HttpClientError> {
    return Effect.map(this.bytes, (bytes) => new Uint8Array(bytes).buffer)
  }

  get text(): Effect.Effect<string, HttpClientError.HttpClientError> {
    return Effect.map(this.bytes, (bytes) => new TextDecoder().decode(bytes))
  }

  get json(): Effect.Effect<Schema.Json, HttpClientError.HttpClientError> {
    return Effect.flatMap(this.text, (text) =>
      Effect.try({
        try: (): Schema.Json => text === "" ? null : JSON.parse(text),
        catch: (cause) => this.broken(cause)
      }))
  }

  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams, HttpClientError.HttpClientError> {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
  }

  get formData(): Effect.Effect<FormData, HttpClientError.HttpClientError> {
    return Effect.fail(this.broken(new Error("An answer made of data has no form data")))
  }

  get upgrade(): Effect.Effect<Socket.Socket, HttpClientError.HttpClientError> {
    const reason = new HttpClientError.StatusCodeError({ request: this.request, response: this })
    return Effect.fail(new HttpClientError.HttpClientError({ reason }))
  }

  pipe(): unknown {
    return pipeArguments(this, arguments)
  }

  toJSON(): unknown {
    return HttpIncomingMessage.inspect(this, { _id: "HttpClientResponse", status: this.status })
  }

  private get bytes(): Effect.Effect<Uint8Array, HttpClientError.HttpClientError> {
    switch (this.answer.ending ?? "complete") {
      case "complete":
        return Effect.succeed(bodyBytes(this.answer))
      case "reset":
        return Effect.fail(this.broken(connectionCause("UND_ERR_SOCKET")))
      case "silence":
        return Effect.never
    }
  }

  private broken(cause: unknown): HttpClientError.HttpClientError {
    const reason = new HttpClientError.DecodeError({ request: this.request, response: this, cause })
    return new HttpClientError.HttpClientError({ reason })
  }
}
