/** The pages that a person sees at the end of a login: fixed, run nothing, and load nothing. */
import { createHash } from "node:crypto"

/** How the pages look like the application's own. */
export interface Brand {
  /** The application's name, shown as text. */
  readonly title: string
  /** A colour, `#` and six hexadecimal digits. */
  readonly accent?: string | undefined
  /** An image as a `data:` URL, so that nothing is loaded. */
  readonly logo?: string | undefined
}

/** The pages, and the policy that goes with each. */
export interface Pages {
  readonly answered: string
  readonly again: string
  readonly stray: string
  /** The value of `Content-Security-Policy`. */
  readonly policy: string
}

/** What is wrong with a brand, by its field. */
export const problemOf = ({ accent, logo }: Brand): readonly [field: string, problem: string] | undefined =>
  accent !== undefined && !/^#[0-9a-f]{6}$/i.test(accent)
    ? ["accent", "must be # and six hexadecimal digits"]
    : logo !== undefined && !/^data:image\/(png|jpeg|webp|svg\+xml);base64,[A-Za-z0-9+/]+=*$/.test(logo)
    ? ["logo", "must be a data: URL of an image in Base64: image/png, image/jpeg, image/webp or image/svg+xml"]
    : undefined

/** Makes the pages of a brand. */
export const make = ({ accent = "#2563eb", logo, title }: Brand): Pages => {
  const name = escape(title)
  const style = `:root{color-scheme:light dark;--accent:${accent};font:1.0625rem/1.6 system-ui,sans-serif}` +
    "body{min-height:100vh;margin:0;display:grid;place-items:center;background:light-dark(#f6f7f9,#14161a);" +
    "color:light-dark(#1c2129,#e8eaee)}" +
    "main{box-sizing:border-box;width:min(30rem,calc(100% - 2rem));padding:2.5rem;border-radius:1rem;" +
    "background:light-dark(#fff,#1d2026);border-top:.3rem solid var(--accent);" +
    "box-shadow:0 1px 2px #0002,0 12px 32px #0002}" +
    "img{display:block;max-width:4rem;max-height:4rem;margin-bottom:1.5rem}" +
    "h1{margin:0 0 .5rem;font-size:1.5rem;line-height:1.25}p{margin:0;color:light-dark(#4a5361,#aeb5c0)}"
  const image = logo === undefined ? "" : `<img alt="" src="${logo}">`
  const page = (heading: string, text: string): string =>
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>${name}</title><style>${style}</style></head>` +
    `<body><main>${image}<h1>${heading}</h1><p>${text}</p></main></body></html>`
  return {
    answered: page("The answer has arrived", `You can close this window and go back to ${name}.`),
    again: page("Already answered", `This login has had its answer. You can close this window and go back to ${name}.`),
    stray: page("Nothing here", "This is not the answer that is waited for."),
    policy: `default-src 'none'; style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'; ${
      logo === undefined ? "" : "img-src data:; "
    }base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
  }
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
