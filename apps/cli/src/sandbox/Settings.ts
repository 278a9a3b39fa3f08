/**
 * What can be changed while the sandbox runs.
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

const fields = {
  /** How long an access token lives; whole seconds, at least one. */
  accessToken: Schema.DurationFromString,
  /** How long a refresh token lives, from its own issue. */
  refreshToken: Schema.DurationFromString,
  /**
   * Whether a login that asks for a refresh token gets one. One of Adobe's pages
   * has it that single page and native apps never do.
   */
  refreshTokens: Schema.Literals(["asked", "never"]),
  /** `always` replaces the refresh token at every refresh; `never` keeps it. */
  rotation: Schema.Literals(["always", "never"]),
  /**
   * For how long after its first presentation a spent refresh token is answered
   * again with the same tokens. Zero: never; presenting it again ends the grant.
   */
  replayWindow: Schema.DurationFromString,
  /**
   * What a login does: it is approved by itself, or waits for a click on a page,
   * or is refused by the person.
   */
  approval: Schema.Literals(["automatic", "page", "refused"]),
  /** After what time a device is approved by itself. */
  deviceApproval: Schema.DurationFromString,
  /** How often a device may ask. */
  deviceInterval: Schema.DurationFromString,
  /** How long every token and API request waits before it is looked at. */
  latency: Schema.DurationFromString,
  /** How many API calls an account may make in a minute, for each path. */
  callsPerMinute: Schema.Int.check(Schema.isGreaterThan(0))
}

/** The settings, with durations written as `"30 seconds"` in JSON. */
export const Settings = Schema.Struct(fields)

/** The settings. */
export type Settings = typeof Settings.Type

/** Some of the settings. */
export const SettingsChange = Schema.Struct({
  accessToken: Schema.optionalKey(fields.accessToken),
  refreshToken: Schema.optionalKey(fields.refreshToken),
  refreshTokens: Schema.optionalKey(fields.refreshTokens),
  rotation: Schema.optionalKey(fields.rotation),
  replayWindow: Schema.optionalKey(fields.replayWindow),
  approval: Schema.optionalKey(fields.approval),
  deviceApproval: Schema.optionalKey(fields.deviceApproval),
  deviceInterval: Schema.optionalKey(fields.deviceInterval),
  latency: Schema.optionalKey(fields.latency),
  callsPerMinute: Schema.optionalKey(fields.callsPerMinute)
})

/** Some of the settings, as code writes them. */
export type Input = {
  readonly [K in keyof Settings]?:
    | (Settings[K] extends Duration.Duration ? Duration.Input : Settings[K])
    | undefined
}

/**
 * What holds unless it is changed. Tokens live seconds here, where Frame.io's
 * live an hour to a day; and an account may call more often than Frame.io's
 * hundred times a minute, so that nothing is refused by accident.
 */
export const defaults: Settings = {
  accessToken: Duration.seconds(30),
  refreshToken: Duration.days(14),
  refreshTokens: "asked",
  rotation: "always",
  replayWindow: Duration.zero,
  approval: "automatic",
  deviceApproval: Duration.millis(300),
  deviceInterval: Duration.seconds(1),
  latency: Duration.zero,
  callsPerMinute: 10_000
}

/** The settings after a change. */
export const change = (self: Settings, input: Input): Settings => ({
  accessToken: duration(input.accessToken, self.accessToken),
  refreshToken: duration(input.refreshToken, self.refreshToken),
  refreshTokens: input.refreshTokens ?? self.refreshTokens,
  rotation: input.rotation ?? self.rotation,
  replayWindow: duration(input.replayWindow, self.replayWindow),
  approval: input.approval ?? self.approval,
  deviceApproval: duration(input.deviceApproval, self.deviceApproval),
  deviceInterval: duration(input.deviceInterval, self.deviceInterval),
  latency: duration(input.latency, self.latency),
  callsPerMinute: input.callsPerMinute ?? self.callsPerMinute
})

/** Whole seconds, at least one: the unit of `expires_in`. */
export const seconds = (self: Duration.Duration): number => Math.max(1, Math.ceil(Duration.toSeconds(self)))

const duration = (input: Duration.Input | undefined, otherwise: Duration.Duration): Duration.Duration =>
  input === undefined ? otherwise : Duration.fromInputUnsafe(input)
