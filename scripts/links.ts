// Keeps docs/links.md, the dated list of every address outside of this repository that README, docs, doc comments and
// package.json name:
//
//   node scripts/links.ts           writes it: new links in, links that nobody names any more out
//   node scripts/links.ts --check   writes nothing, and fails when it would
//   node scripts/links.ts --try     asks each of them over the network, and writes what it heard, and when
//
// `--try` is polite: one question at a time for each host, with a second between two, half a minute at most for each, ten
// minutes for all, the ones that were asked longest ago first, and a name by which a host can tell who asks. Where there is no
// network, it says so, and changes nothing.
import * as fs from "node:fs"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { withoutFences } from "./anchors.ts"

const root = path.resolve(import.meta.dirname, "..")
const list = "docs/links.md"
const agent = "effect-oauth-links/1.0 (looks once in a while whether a link of the documentation still leads somewhere)"

/** What was heard of a link, in words that begin with one of the `standings`, and the day of it. */
interface Heard {
  readonly what: string
  readonly when: string | undefined
}

const standings = {
  answers: "it answered, on that day",
  moved: "it answered, from the address that follows",
  "asks who you are": "there is a page, for people and not for programs (401, 403, 429)",
  "in a copy":
    "the repository, and the file where one is named, is in a stored copy that was read on that day; not asked itself",
  fails: "it answered with an error of its own, or not at all, the last time; the day is that of the last good answer",
  gone: "there is nothing there any more (404, 410): such a link fails the check",
  "not tried": "nobody has asked it from a machine with a network yet"
}

const untried: Heard = { what: "not tried", when: undefined }

/** Names that RFC 2606 and RFC 6761 keep for examples, this machine, and places for values. */
const isExample = (host: string): boolean =>
  /[{}]/.test(host) || /(^|\.)(example|test|invalid|localhost)$/.test(host) ||
  /(^|\.)example\.(com|net|org)$/.test(host)
  || /^(127\.|\[|0\.0\.0\.0)/.test(host) || !host.includes(".")

const linksOf = (file: string): ReadonlyArray<string> => {
  const text = fs.readFileSync(path.join(root, file), "utf8")
  const told = file.endsWith(".md")
    ? withoutFences(text)
    : file.endsWith(".ts")
    ? withoutFences([...text.matchAll(/^ *(?:\/?\*\*? ?|\/\/ )(.*)$/gm)].map(([, line = ""]) => line).join("\n"))
    : text
  const named = told.replaceAll(/(`+)(?:(?!\1)[^\n])*\1/g, "").matchAll(/https?:\/\/[^\s<>"'`|\])]+/g)
  return [...named]
    .map(([address]) => address.replace(/[.,;:…]+$/, ""))
    .filter((address) => URL.canParse(address) ? !isExample(new URL(address).hostname) : !/[{}]/.test(address))
}

/** Every link, and the files that name it. */
export const links = (): ReadonlyMap<string, ReadonlyArray<string>> => {
  const files = fs.globSync(["**/*.md", "{packages,apps}/*/src/**/*.ts", "{packages,apps}/*/package.json"], {
    cwd: root,
    exclude: ["**/{node_modules,dist,coverage}/**", "docs/reference/**", "**/CHANGELOG.md", list]
  }).map((file) => file.replaceAll("\\", "/")).sort()
  const found = new Map<string, Array<string>>()
  for (const file of files) {
    for (const link of new Set(linksOf(file))) found.set(link, [...found.get(link) ?? [], file])
  }
  return new Map([...found].sort(([one], [two]) => one < two ? -1 : 1))
}

const line = /^- <(\S+)>: (.*?)(?:, (\d{4}-\d\d-\d\d))?$/gm

/** What the list says. */
const known = (): ReadonlyMap<string, Heard> => {
  const text = fs.existsSync(path.join(root, list)) ? fs.readFileSync(path.join(root, list), "utf8") : ""
  return new Map([...text.matchAll(line)].map(([, link = "", what = "", when]) => [link, { what, when }]))
}

const page = (heard: ReadonlyMap<string, Heard>): string =>
  `# Links that lead out of here

Every address outside of this repository that README, docs, doc comments and \`package.json\` name. \`npm run format\` keeps the
list complete, \`npm run check\` says when it is not, and \`npm run docs -- --links\` asks each address and writes down what it
heard. What is written after an address:

${Object.entries(standings).map(([name, meaning]) => `- ${name}: ${meaning}`).join("\n")}

## The list

${[...heard].map(([link, { what, when }]) => `- <${link}>: ${what}${when === undefined ? "" : `, ${when}`}`).join("\n")}
`

const listed = (heard: ReadonlyMap<string, Heard>): ReadonlyMap<string, Heard> =>
  new Map([...links().keys()].map((link) => [link, heard.get(link) ?? untried]))

/** What is wrong with the list as it stands. */
export const faults = (): ReadonlyArray<string> => {
  const [heard, named] = [known(), links()]
  return [
    ...[...named].flatMap(([link, [file]]) =>
      heard.has(link) ? [] : [`${file}: ${link} is not in ${list}; run npm run format`]
    ),
    ...[...heard].flatMap(([link, { what }]) => {
      const [file] = named.get(link) ?? []
      if (file === undefined) return [`${list}: nobody names ${link} any more; run npm run format`]
      if (what.startsWith("gone")) return [`${file}: ${link} is gone`]
      const isKnown = Object.keys(standings).some((name) => what.startsWith(name))
      return isKnown ? [] : [`${list}: what "${what}" means for ${link} is not said`]
    })
  ]
}

/** What one address answers; `undefined` where its host cannot be found or reached. */
export const ask = async (link: string, patience = 30_000): Promise<string | undefined> => {
  const send = (method: string) =>
    fetch(link, { method, headers: { "user-agent": agent }, signal: AbortSignal.timeout(patience) })
  try {
    const first = await send("HEAD")
    const answer = first.ok ? first : await send("GET")
    await Promise.all([first.body?.cancel(), answer.body?.cancel()])
    if ([404, 410].includes(answer.status)) return `gone (${answer.status})`
    if ([401, 403, 429].includes(answer.status)) return `asks who you are (${answer.status})`
    if (!answer.ok) return `fails (${answer.status})`
    const at = new URL(link)
    return answer.redirected && answer.url !== at.href.replace(at.hash, "") ? `moved, to <${answer.url}>` : "answers"
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    // the code of a time-out is a number that says nothing
    if (cause instanceof Error && "code" in cause && typeof cause.code === "string") {
      return ["ENOTFOUND", "EAI_AGAIN", "ENETUNREACH", "EHOSTUNREACH"].includes(cause.code)
        ? undefined
        : `fails (${cause.code})`
    }
    return "fails (no answer)"
  }
}

const tryAll = async (heard: ReadonlyMap<string, Heard>): Promise<ReadonlyMap<string, Heard>> => {
  const today = new Date().toISOString().slice(0, 10)
  const until = performance.now() + 10 * 60_000
  const oldestFirst = [...heard].sort(([, one], [, two]) => (one.when ?? "").localeCompare(two.when ?? ""))
  const hosts = new Map<string, Array<string>>()
  for (const [link] of oldestFirst) {
    const { host } = new URL(link)
    hosts.set(host, [...hosts.get(host) ?? [], link])
  }
  const answers = new Map<string, string>()
  const unreached = new Set<string>()
  const queue = [...hosts.values()]
  const one = async (): Promise<void> => {
    for (let host = queue.shift(); host !== undefined; host = queue.shift()) {
      for (const link of host) {
        if (performance.now() > until) return
        const answer = await ask(link)
        if (answer === undefined) {
          unreached.add(new URL(link).host)
          break
        }
        answers.set(link, answer)
        await new Promise((resolve) => setTimeout(resolve, 1000))
      }
    }
  }
  await Promise.all(Array.from({ length: 6 }, one))
  console.log(
    answers.size === 0
      ? "there is no network here: nothing was asked, and the list stays as it is"
      : `${answers.size} of ${heard.size} links were asked`
  )
  if (answers.size === 0) return heard
  return new Map([...heard].map(([link, before]) => {
    const what = answers.get(link) ?? (unreached.has(new URL(link).host) ? "fails (no such host)" : undefined)
    if (what === undefined) return [link, before]
    return [link, { what, when: /^(fails|gone)/.test(what) ? before.when : today }]
  }))
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (!process.argv.includes("--check")) {
    const heard = listed(known())
    fs.writeFileSync(path.join(root, list), page(process.argv.includes("--try") ? await tryAll(heard) : heard))
  }
  const found = faults()
  for (const fault of found) console.log(fault)
  process.exitCode = found.length > 0 ? 1 : 0
}
