/**
 * Pages of this package: plain, without script, and loading nothing.
 */
import * as HttpServerResponse from "effect/http/HttpServerResponse"

/** Escapes text for HTML, within and without quotes. */
export const escape = (text: string): string =>
  text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`)

/** A page. `body` is HTML. */
export interface Page {
  readonly status: number
  readonly title: string
  readonly body: string
  /** Where the browser goes by itself, at once. */
  readonly next?: string | undefined
  /** Who may show the page in a frame; nobody. */
  readonly ancestors?: string | undefined
  /** Whether it has a form: browsers tell where a form comes from only where they may tell the referrer. */
  readonly hasForm?: boolean | undefined
  /** Where its form may lead in the end besides this application: browsers ask the policy after redirects, too. */
  readonly formLeadsTo?: string | undefined
}

/** The answer that shows a page. */
export const respond = ({ ancestors = "'none'", body, formLeadsTo, hasForm = false, next, status, title }: Page) =>
  HttpServerResponse.text(
    `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${next === undefined ? "" : `<meta http-equiv="refresh" content="0;url=${escape(next)}">\n`}<title>${
      escape(title)
    }</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escape(title)}</h1>
${body}
</main>
</body>
</html>
`,
    {
      status,
      contentType: "text/html; charset=utf-8",
      headers: {
        ...quiet,
        ...(hasForm ? { "referrer-policy": "same-origin" } : {}),
        "content-security-policy":
          `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'self'${
            formLeadsTo === undefined ? "" : ` ${formLeadsTo}`
          }; frame-ancestors ${ancestors}`
      }
    }
  )

/** The headers of every answer: kept by no cache, told to no other site, taken for nothing else. */
export const quiet: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff"
}

const style = `:root{color-scheme:light dark}
body{margin:0;font:1.0625rem/1.6 system-ui,sans-serif;background:#fbfaf8;color:#1d1b19}
main{max-width:34rem;margin:12vh auto;padding:0 1.5rem}
h1{font-size:1.75rem;line-height:1.25;margin:0 0 .75rem}
a,button{color:#0b57a4}
a{margin-right:1.25rem}
button{font:inherit;padding:.5rem 1.1rem;border:1px solid currentColor;border-radius:.5rem;background:none}
a:focus-visible,button:focus-visible{outline:3px solid currentColor;outline-offset:3px}
blockquote{margin:1rem 0;padding-left:1rem;border-left:3px solid #c9c3bb}
@media(prefers-color-scheme:dark){body{background:#171614;color:#eceae7}a,button{color:#8cc1ff}blockquote{border-color:#55504a}}`

/** The digest of the style, by which the policy knows it; a test compares the two. */
const styleHash = "dOqt/Y65Q5/eEN1sunETQoBBr5GH5SUfA41JgQIJQXM="
