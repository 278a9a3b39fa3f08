/** A person with a browser: follows redirects, keeps cookies, fills the first form of a page and sends it. */
import { Effect } from "effect"

/** Where a visit ended: at an address outside of the server, which is not requested, or on a page without a form. */
export interface Visit {
  readonly url: string
  readonly page?: string
}

/** What the person does at a page instead of sending its form. */
export type Choice = (page: string, url: string) => string | undefined

/** Goes to an address and on, until the browser is sent away from the server. A page that is an error is a defect. */
export const visit = (address: string, choose: Choice = () => undefined): Effect.Effect<Visit> =>
  Effect.promise(async () => {
    const { origin } = new URL(address)
    const cookies = new Map<string, string>()
    let url = address
    let body: URLSearchParams | undefined
    let left = false
    for (let step = 0; step < 20; step++) {
      const response = await fetch(url, {
        method: body === undefined ? "GET" : "POST",
        redirect: "manual",
        headers: { accept: "text/html", cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
        ...(body === undefined ? {} : { body })
      })
      for (const line of response.headers.getSetCookie()) {
        const [name = "", value = ""] = (line.split(";", 1)[0] ?? "").split("=", 2)
        if (value === "") cookies.delete(name)
        else cookies.set(name, value)
      }
      const location = response.headers.get("location")
      if (response.status >= 300 && response.status < 400 && location !== null) {
        const next = new URL(location, url)
        if (next.origin !== origin) return { url: location }
        url = next.href
        body = undefined
        continue
      }
      const page = await response.text()
      if (response.status >= 400) throw new Error(`${url} answered ${response.status}: ${textOf(page)}`)
      if (left) return { url, page }
      const chosen = choose(page, url)
      const form = chosen === undefined ? formOf(page) : undefined
      if (chosen !== undefined) {
        url = new URL(chosen, url).href
        body = undefined
        left = true
      } else if (form === undefined) return { url, page }
      else {
        url = new URL(form.action, url).href
        body = form.fields
      }
    }
    throw new Error(`${address} goes on for ever`)
  })

/** The person declines: follows the link of this name. */
export const follow = (label: string): Choice => (page) => {
  const link = new RegExp(`<a href="([^"]*)"[^>]*>[^<]*${label}`, "i").exec(page)?.[1]
  return link === undefined ? undefined : unescape(link)
}

const formOf = (page: string) => {
  const [, tag = "", inside = ""] = /<form([^>]*)>([\s\S]*?)<\/form>/i.exec(page) ?? []
  const action = attribute(tag, "action")
  if (action === undefined) return undefined
  const fields = new URLSearchParams()
  for (const [input] of inside.matchAll(/<input[^>]*>/gi)) {
    const name = attribute(input, "name")
    if (name !== undefined) fields.append(name, attribute(input, "value") ?? "ada")
  }
  return { action, fields }
}

const attribute = (tag: string, name: string): string | undefined => {
  const value = new RegExp(`\\b${name}="([^"]*)"`, "i").exec(tag)?.[1]
  return value === undefined ? undefined : unescape(value)
}

const unescape = (text: string): string =>
  text.replaceAll(
    /&#x?(\w+);/g,
    (whole, code: string) => String.fromCodePoint(parseInt(code, whole.startsWith("&#x") ? 16 : 10))
  ).replaceAll("&quot;", "\"")
    .replaceAll("&amp;", "&")

const textOf = (page: string): string =>
  page.replaceAll(/<style>[\s\S]*?<\/style>|<[^>]*>/g, " ").replaceAll(/\s+/g, " ")
