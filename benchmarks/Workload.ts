/** What one process found out about one contender: a number for each metric. */
export type Sample = Readonly<Record<string, number>>

/**
 * What one process found out about a contender and its floor, which took turns in it: where a few per cent count, two
 * processes differ by more.
 */
export interface InTurns {
  readonly is: Sample
  readonly floor: Sample
}

/** What a contender may need beside its own process; started once, before the first round. */
export type Need = "published" | "server" | "postgres" | "redis"

/** Everything that is measured alike. Each contender runs in a process of its own, once a round. */
export interface Contender {
  readonly name: string
  /** `floor` is what nobody can do better, `ours` is this library, `peer` is another client. */
  readonly kind: "floor" | "ours" | "peer"
  /** The contender that it is judged against; the first one unless named. */
  readonly over?: string
  readonly needs?: ReadonlyArray<Need>
  /** Set where a short run passes it over: it needs more than a process, or takes long. */
  readonly long?: boolean
  readonly run: (scale: Scale) => Promise<Sample | InTurns>
}

/** A short run is for the gate: it does a third of the work. */
export type Scale = "full" | "short"

/** What is to be reached: a contender's metric, over the same metric of another where one is named. */
export interface Reach {
  readonly contender: string
  readonly metric: string
  readonly over?: string
  readonly atMost: number
}

/** A question, its contenders, and the answer we want. The first metric is the headline. */
export interface Workload {
  readonly title: string
  readonly metrics: Readonly<Record<string, string>>
  /**
   * The metrics that are CPU time. The gate looks at their ratio to the floor, and at all others as they are, but for
   * those of {@link wall}.
   */
  readonly cpu?: ReadonlyArray<string>
  /** The metrics that are wall time: they say something on a quiet machine, and the gate passes them over. */
  readonly wall?: ReadonlyArray<string>
  readonly contenders: ReadonlyArray<Contender>
  readonly reach: ReadonlyArray<Reach>
  /** Set where a short run gives the same numbers every time, so that one round will do. */
  readonly steady?: boolean
}
