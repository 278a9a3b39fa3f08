/** Everything that anybody could print, in every way to print it. */
import type { TokenService } from "@effect-oauth/core"
import { Cause, Effect, Exit, Layer, Logger, Metric, Option, References, Stream, Tracer } from "effect"
import { inspect } from "node:util"
import type { Said } from "./Search.ts"

/** What was heard so far. */
export interface Heard {
  readonly said: ReadonlyArray<Said>
  /** Prints a value, or an outcome, in every way. */
  readonly note: (place: string, value: unknown) => void
  /** Runs something to its end, and prints how it ended. */
  readonly ending: <A, E, R>(place: string, effect: Effect.Effect<A, E, R>) => Effect.Effect<Exit.Exit<A, E>, never, R>
  /** Prints the events of a service as long as the scope lives. */
  readonly events: (service: TokenService.TokenService["Service"]) => Effect.Effect<unknown>
  /** Prints what is measured. */
  readonly metrics: Effect.Effect<void>
  /** Hears spans, with what is exported of them. */
  readonly tracer: Tracer.Tracer
  /** Hears logs. */
  readonly logger: Logger.Logger<unknown, void>
  /** Hears logs of every level, and spans. */
  readonly layer: Layer.Layer<never>
}

/** Begins to listen. */
export const make = (): Heard => {
  const said: Array<Said> = []
  const say = (place: string, ...texts: ReadonlyArray<string | undefined>) =>
    void said.push(...texts.map((text) => ({ place, text: text ?? "" })))

  const note = (place: string, value: unknown): void => {
    say(place, printed(value), inspect(value, { depth: 12, showHidden: true, getters: true }), toJson(value))
    if (Exit.isExit(value) && Exit.isFailure(value)) {
      say(place, Cause.pretty(value.cause), String(value.cause), toJson(value.cause))
      for (const reason of value.cause.reasons) {
        const inner: unknown = reason._tag === "Fail" ? reason.error : reason._tag === "Die" ? reason.defect : undefined
        note(`${place}, its error`, inner)
      }
      for (const error of Cause.prettyErrors(value.cause)) say(place, error.stack, inspect(error, { depth: 12 }))
    }
    if (value instanceof Error) {
      say(place, value.message, value.stack, inspect(value.cause, { depth: 12 }), value.name)
      const { reason }: { readonly reason?: unknown } = value as never
      if (reason !== undefined && reason !== value) note(`${place}, its reason`, reason)
    }
  }

  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      const place = `span ${options.name}`
      const [attribute, event, end] = [span.attribute.bind(span), span.event.bind(span), span.end.bind(span)]
      span.attribute = (key, value) => {
        say(place, `${key}=${inspect(value, { depth: 8, showHidden: true })}`)
        attribute(key, value)
      }
      span.event = (name, at, attributes) => {
        say(place, name, inspect(attributes, { depth: 8, showHidden: true }))
        event(name, at, attributes)
      }
      span.end = (time, exit) => {
        // an exporter sends how a span failed, and never what it gave
        if (Exit.isFailure(exit)) note(place, exit)
        end(time, exit)
      }
      say(place, options.name, inspect(options.links, { depth: 8 }))
      return span
    }
  })

  const logger = Logger.make((options) => {
    const place = `log ${options.logLevel}`
    say(
      place,
      inspect(options.message, { depth: 12, showHidden: true }),
      toJson(options.message),
      Cause.pretty(options.cause)
    )
    say(
      place,
      Logger.formatLogFmt.log(options),
      Logger.formatJson.log(options),
      toJson(Logger.formatStructured.log(options))
    )
  })

  return {
    said,
    note,
    ending: (place, effect) =>
      Effect.tap(
        Effect.exit(Effect.withSpan(effect, `driver ${place}`)),
        (exit) => Effect.sync(() => note(place, Exit.isFailure(exit) ? exit : Exit.void))
      ),
    events: (service) =>
      Effect.forkDetach(
        Stream.runForEach(service.events, (event) => Effect.sync(() => note(`event ${event._tag}`, event)))
      ),
    metrics: Effect.map(Metric.snapshot, (snapshots) => {
      for (const snapshot of snapshots) say(`metric ${snapshot.id}`, inspect(snapshot, { depth: 8 }), toJson(snapshot))
    }),
    tracer,
    logger,
    layer: Layer.mergeAll(
      Layer.succeed(Tracer.Tracer, tracer),
      Logger.layer([logger]),
      Layer.succeed(References.MinimumLogLevel, "All")
    )
  }
}

const printed = (value: unknown): string => {
  try {
    // eslint-disable-next-line typescript/no-base-to-string
    return `${String(value)}${
      Option.isOption(value) && Option.isSome(value) ? inspect(value.value, { depth: 12 }) : ""
    }`
  } catch {
    return ""
  }
}

const toJson = (value: unknown): string => {
  const seen = new Set<unknown>()
  try {
    return JSON.stringify(value, (_, inner: unknown) => {
      if (typeof inner === "bigint") return String(inner)
      if (typeof inner === "object" && inner !== null) {
        if (seen.has(inner)) return undefined
        seen.add(inner)
      }
      return inner
    }) ?? ""
  } catch {
    return ""
  }
}
