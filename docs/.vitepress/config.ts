/**
 * The site: every Markdown file of the repository that a user may want, where it is, so that links are the same here and
 * in plain Markdown.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { type DefaultTheme, defineConfig } from "vitepress"
import { markdown } from "../markdown.ts"
import { root, withoutPage } from "../site.ts"

const titleOf = (file: string): string =>
  /^# (.+)$/m.exec(fs.readFileSync(path.join(root, file), "utf8"))?.[1]?.replaceAll("`", "") ?? file

const item = (file: string, text = titleOf(file)): DefaultTheme.SidebarItem => ({
  text,
  link: `/${file.replace(/README\.md$/, "").replace(/\.md$/, "")}`
})

const folder = (name: string, first: ReadonlyArray<string> = []): Array<DefaultTheme.SidebarItem> => {
  const files = fs.globSync("*.md", { cwd: path.join(root, "docs", name) }).filter((file) => file !== "README.md")
    .sort()
  const inOrder = [...first, ...files.filter((file) => !first.includes(file))]
  return inOrder.map((file) => item(`docs/${name}/${file}`))
}

const readme = (name: string): DefaultTheme.SidebarItem => item(`packages/${name}/README.md`, `@effect-oauth/${name}`)

const short = (items: Array<DefaultTheme.SidebarItem>): Array<DefaultTheme.SidebarItem> =>
  items.map(({ link, text = "" }) => ({
    link: link ?? "",
    text: text.replace(/^Getting started: (?:an? )?(.)/, (_, first: string) => first.toUpperCase())
  }))

const sidebar: Array<DefaultTheme.SidebarItem> = [
  {
    text: "Getting started",
    items: [
      item("docs/getting-started/README.md", "Which page is yours"),
      ...short(folder("getting-started", ["web-backend.md", "tool.md", "service.md", "provider.md", "test.md"]))
    ]
  },
  {
    text: "Concepts",
    items: [
      item("docs/concepts/README.md", "Five ideas"),
      ...folder("concepts", ["grant.md", "transaction.md", "rotation-policy.md", "dialect.md", "storeys.md"]),
      item("docs/architecture.md"),
      item("docs/glossary.md")
    ]
  },
  { text: "Guides", items: folder("guides") },
  {
    text: "When things fail",
    items: ["what-happens-when", "reliability"].map((name) => item(`docs/${name}.md`))
  },
  {
    text: "What was shown",
    items: fs.globSync("*.md", { cwd: path.join(root, "docs") })
      .map((file) => file.slice(0, -3))
      .filter((name) => !["architecture", "glossary", "what-happens-when", "reliability"].includes(name))
      .sort()
      .map((name) => item(`docs/${name}.md`))
  },
  { text: "Packages", collapsed: true, items: fs.readdirSync(path.join(root, "packages")).sort().map(readme) },
  { text: "Reference", link: "/docs/reference/" },
  { text: "Decisions", collapsed: true, items: folder("decisions") },
  {
    text: "The house",
    collapsed: true,
    items: ["CONTRIBUTING.md", "SECURITY.md"].map((file) => item(file))
  }
]

const icon =
  "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><g fill='none' stroke='#3451b2' stroke-width='2'>" +
  "<circle cx='5' cy='8' r='3'/><path d='M8 8h7M13 8v3'/></g></svg>"

export default defineConfig({
  title: "effect-oauth",
  description: "The OAuth 2 client for Effect: it never loses a grant.",
  lang: "en",
  head: [["link", { rel: "icon", href: `data:image/svg+xml,${encodeURIComponent(icon)}` }]],
  srcDir: path.relative(path.join(import.meta.dirname, ".."), root),
  srcExclude: [...withoutPage],
  rewrites: (file) => file.replace(/(^|\/)README\.md$/, "$1index.md"),
  cleanUrls: true,
  // what is built runs from the disk, with no request to anybody
  vite: { build: { chunkSizeWarningLimit: 4000 }, publicDir: false },
  markdown: {
    config: markdown,
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" }
  },
  themeConfig: {
    nav: [
      { text: "Getting started", link: "/docs/getting-started/" },
      { text: "Concepts", link: "/docs/concepts/" },
      { text: "What happens when …", link: "/docs/what-happens-when" },
      { text: "Reference", link: "/docs/reference/" }
    ],
    sidebar,
    outline: { level: [2, 3] },
    search: {
      provider: "local",
      options: {
        // the guides come first, and the long tables would drown what people look for
        miniSearch: {
          searchOptions: { boostDocument: (page: string) => page.includes("/docs/reference/") ? 0.3 : 1 }
        },
        _render: (source, environment, md) => {
          const page = environment.relativePath
          if (/^(docs\/conformance|conformance\/)/.test(page)) return ""
          return md.render(
            page.startsWith("docs/reference/") ? source.replaceAll(/^####+ .*$/gm, "") : source,
            environment
          )
        }
      }
    }
  }
})
