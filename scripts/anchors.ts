/** The text of a Markdown file without its fenced code. */
export const withoutFences = (markdown: string): string =>
  markdown.replaceAll(/^( *)(```+)[^\n]*\n[\s\S]*?^\1\2 *$/gm, "")

/** The anchors that the headings of a Markdown file give. */
export const anchorsOf = (markdown: string): ReadonlySet<string> =>
  new Set(
    [...withoutFences(markdown).matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
      title.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").trim().replaceAll(" ", "-")
    )
  )
