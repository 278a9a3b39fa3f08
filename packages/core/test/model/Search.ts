/** Breadth-first search of the protocol, so that the first trace to anything is a shortest one. */
import * as Protocol from "./Protocol.ts"
import * as State from "./State.ts"

export interface Result {
  readonly states: number
  /** The shortest trace to each thing that can happen. */
  readonly traces: { readonly [K in State.Verdict | "stuck"]?: ReadonlyArray<string> }
}

interface Node {
  readonly state: State.State
  readonly left: State.Budget
  readonly from: number
  readonly what: string
  /** Where it can go without a fault, and without anybody coming back. */
  readonly onward: Array<number>
  readonly isEnd: boolean
}

/** A budget of these faults. */
export const budget = (faults: ReadonlyArray<State.Fault>): State.Budget => {
  const counts: { [K in State.Fault]?: number } = {}
  for (const fault of faults) counts[fault] = (counts[fault] ?? 0) + 1
  return counts
}

/** Searches every interleaving within a budget of faults. */
export const run = (options: State.Options, budget: State.Budget): Result => {
  const nodes: Array<Node> = []
  const known = new Map<string, number>()
  const traces: { [K in State.Verdict | "stuck"]?: ReadonlyArray<string> } = {}
  const trace = (at: number): Array<string> => {
    const out: Array<string> = []
    for (let node = nodes[at]!; node.from >= 0; node = nodes[node.from]!) out.push(node.what)
    return out.reverse()
  }
  const visit = (state: State.State, left: State.Budget, from: number, what: string): number => {
    const key = `${State.spell(state)}#${State.faults.map((fault) => left[fault] ?? 0).join("")}`
    const at = known.get(key)
    if (at !== undefined) return at
    const verdict = State.verdict(state)
    known.set(key, nodes.length)
    nodes.push({
      state,
      left,
      from,
      what,
      onward: [],
      isEnd: State.isFinal(state, verdict) || State.isOver(state, options)
    })
    if (verdict !== undefined) traces[verdict] ??= trace(nodes.length - 1)
    return nodes.length - 1
  }

  visit(State.initial(options), budget, -1, "")
  for (let at = 0; at < nodes.length; at++) {
    const { left, onward, state } = nodes[at]!
    if (State.isFinal(state, State.verdict(state))) continue
    for (const move of Protocol.moves(state, options, (fault) => (left[fault] ?? 0) > 0)) {
      const { fault } = move
      const rest = fault === undefined ? left : { ...left, [fault]: (left[fault] ?? 0) - 1 }
      const to = visit(move.state, rest, at, move.what)
      if (fault === undefined && move.revives !== true) onward.push(to)
    }
  }

  const stuck = firstStuck(nodes)
  return { states: nodes.length, traces: stuck === undefined ? traces : { ...traces, stuck: trace(stuck) } }
}

// the first state that somebody attends and from which no way leads to an end
const firstStuck = (nodes: ReadonlyArray<Node>): number | undefined => {
  const back = nodes.map((): Array<number> => [])
  nodes.forEach((node, at) => node.onward.forEach((to) => back[to]!.push(at)))
  const ends = nodes.flatMap((node, at) => node.isEnd ? [at] : [])
  const good = new Set(ends)
  for (const at of ends) {
    for (const from of back[at]!) {
      if (good.has(from)) continue
      good.add(from)
      ends.push(from)
    }
  }
  const at = nodes.findIndex((node, at) => !good.has(at) && State.isAttended(node.state))
  return at < 0 ? undefined : at
}
