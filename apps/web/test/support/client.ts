/** A browser without a window: cookies, and no redirects by itself. */
import { Effect } from "effect"

interface Init {
  readonly method?: string
  readonly body?: string
  readonly headers?: Record<string, string>
}

/** Makes one. It may be sent to several nodes of one origin. */
export const make = (origin: string) => {
  const cookies = new Map<string, string>()
  const at = (port: number | string) => {
    const send = (path: string, init: Init = {}) =>
      Effect.promise(async () => {
        const response = await fetch(`http://127.0.0.1:${port}${path}`, {
          ...init,
          redirect: "manual",
          headers: {
            accept: "text/html",
            cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
            ...init.headers
          }
        })
        for (const line of response.headers.getSetCookie()) {
          const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? []
          if (value === "") cookies.delete(name)
          else cookies.set(name, value)
        }
        return response
      })
    return {
      send,
      get: (path: string) => send(path),
      /** A form of one of the application's pages. */
      post: (path: string, body = "") =>
        send(path, {
          method: "POST",
          body,
          headers: { "content-type": "application/x-www-form-urlencoded", "origin": origin }
        }),
      status: Effect.flatMap(
        send("/oauth/status"),
        (response) => Effect.promise(async () => (await response.json() as { readonly state: string }).state)
      )
    }
  }
  return { at, cookies }
}

/** The path and the query of an address. */
export const pathOf = (address: string): string => {
  const { pathname, search } = new URL(address)
  return pathname + search
}
