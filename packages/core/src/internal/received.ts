/** What came back for a request to the token endpoint, judged where it is an answer. */
import type { Answer, Judgement } from "../TokenResponse.ts"
import type { Outcome } from "./exchange.ts"

/** A judgement, and the headers of the answer. */
export interface Received {
  readonly judgement: Judgement
  readonly headers?: Answer["headers"]
}

/** Judges what became of a request. */
export const received = (outcome: Outcome, judge: (answer: Answer) => Judgement): Received =>
  outcome._tag === "Answer"
    ? { judgement: judge(outcome.answer), headers: outcome.answer.headers }
    : {
      judgement: outcome._tag === "NotSent"
        ? outcome
        : outcome.reason._tag === "ResponseInvalid"
        ? { _tag: "Unusable", reason: outcome.reason }
        : { _tag: "Ambiguous", reason: outcome.reason }
    }
