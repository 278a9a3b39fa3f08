/** Whether a row of measurements goes anywhere. */

/** A measurement, and when it was taken, in minutes. */
export interface Sample {
  readonly at: number
  readonly value: number
}

/** Where the measurements go. */
export interface Trend {
  /** By the straight line with the least squares, for each minute. */
  readonly slope: number
  /** Half of the interval in which the slope is, nineteen times in twenty. */
  readonly margin: number
  readonly mean: number
}

/** The straight line through some measurements. */
export const of = (samples: ReadonlyArray<Sample>): Trend => {
  const count = samples.length
  const mean = (values: ReadonlyArray<number>) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [midAt, midValue] = [mean(samples.map(({ at }) => at)), mean(samples.map(({ value }) => value))]
  const spread = samples.reduce((sum, { at }) => sum + (at - midAt) ** 2, 0)
  const slope = samples.reduce((sum, { at, value }) => sum + (at - midAt) * (value - midValue), 0) / spread
  const residual = samples.reduce((sum, { at, value }) => sum + (value - midValue - slope * (at - midAt)) ** 2, 0)
  const margin = 1.96 * Math.sqrt(residual / (count - 2) / spread)
  return { slope, margin, mean: midValue }
}

/**
 * Whether a trend is noise: no rise can be told from none, or all of it, over so many minutes, is less than a hundredth
 * of what there is. Memory is taken from the system in steps, and hardly ever given back.
 */
export const isNoise = ({ margin, mean, slope }: Trend, minutes: number): boolean =>
  slope - margin <= 0 || slope * minutes < mean / 100
