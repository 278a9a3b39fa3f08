/**
 * What Markdown needs to be a page: diagrams become pictures, and links lead on to where their targets are on the site.
 */
import { renderMermaidSVG } from "beautiful-mermaid"
import * as fs from "node:fs"
import * as path from "node:path"
import type { MarkdownRenderer } from "vitepress"
import { hasReference, isPage, root } from "./site.ts"

const diagram = (text: string): string => {
  const svg = renderMermaidSVG(text, {
    bg: "var(--vp-c-bg)",
    fg: "var(--vp-c-text-1)",
    muted: "var(--vp-c-text-2)",
    line: "var(--vp-c-text-3)",
    border: "var(--vp-c-text-3)",
    accent: "var(--vp-c-brand-1)",
    font: "inherit",
    transparent: true,
    padding: 8
  })
  // as a value and not as a template: a style in a template is taken out of it
  const value = JSON.stringify(svg.replaceAll(/@import url\([^)]*\);?/g, ""))
  return `<div class="diagram" role="img" v-html="${value.replaceAll("&", "&amp;").replaceAll("\"", "&quot;")}"></div>`
}

/** Teaches a renderer. */
export const markdown = (md: MarkdownRenderer): void => {
  const fence = md.renderer.rules.fence
  md.renderer.rules.fence = (tokens, at, options, environment, self) => {
    const token = tokens[at]
    if (token?.info.trim() === "mermaid") return diagram(token.content)
    return fence?.(tokens, at, options, environment, self) ?? ""
  }

  // before the links become those of pages
  md.core.ruler.push("repository-links", (state) => {
    const from = path.dirname(String(state.env.realPath ?? state.env.path))
    const tokens = state.tokens.flatMap(({ children }) => children ?? [])
    for (const [at, token] of tokens.entries()) {
      const href = token.type === "link_open" ? token.attrGet("href") : null
      if (href === null || /^([a-z][a-z+.-]*:|#|\/)/.test(href)) continue
      const [file = "", anchor] = href.split("#")
      const target = path.resolve(from, decodeURIComponent(file))
      const rest = anchor === undefined ? "" : `#${anchor}`
      const isFolder = fs.existsSync(path.join(target, "README.md"))
      if ((isFolder || target.endsWith(".md")) && isPage(path.relative(root, target))) {
        const page = isFolder ? `${file.replace(/\/$/, "")}/index.md` : file.replace(/README\.md$/, "index.md")
        token.attrSet("href", page + rest)
      } else {
        const file = path.relative(root, target)
        const address = addressOf(file)
        if (address !== undefined) token.attrSet("href", address)
        else {
          token.tag = "span"
          token.attrs = [["title", file]]
          const close = tokens.slice(at).find(({ type }) => type === "link_close")
          if (close !== undefined) close.tag = "span"
          token.type = "source_open"
        }
      }
    }
  })
}

// a file that is no page: its module's page in the reference, else the repository, where DOCS_REPOSITORY names its address
const addressOf = (file: string): string | undefined => {
  const [, name, module] = /^packages\/([\w-]+)\/src\/((?:\w+\/)*[\w-]+)\.ts$/.exec(file) ?? []
  const isPublic = module !== undefined && !/(^|\/)(internal\/|index$)/.test(module)
  if (isPublic && hasReference(name ?? "")) return `/docs/reference/${name}/${module}`
  const repository = process.env["DOCS_REPOSITORY"]
  return repository === undefined ? undefined : `${repository}/${file}`
}
