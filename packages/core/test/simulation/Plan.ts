/** What a seed stands for: the server, the processes, and what goes wrong. */
import * as Faults from "./Faults.ts"
import { Prng } from "./Machine.ts"

export interface Plan {
  readonly seed: number
  readonly rotation: Faults.Rotation
  /** What goes wrong most; nothing goes wrong in a calm run. */
  readonly focus: Faults.Name | "nothing"
  readonly processes: number
  readonly accounts: number
  /** How often anything else goes wrong, from 0 to 1. */
  readonly noise: number
  readonly escrow: boolean
  readonly notified: boolean
  /** Whether exchanges go through an HTTP client, or only through what judges them. */
  readonly client: "http" | "bare"
  /** What a revoked refresh token takes with it at the server. */
  readonly revocation: "grant" | "token"
  /** How many ends in a minute make the brake hold. */
  readonly brake: number
}

/** What a run can be about. */
const foci: ReadonlyArray<Plan["focus"]> = ["nothing", ...Faults.names]

/** How many plans differ by rotation or focus. Seeds go through all of them in turn. */
export const classes = foci.length * Faults.rotationNames.length

/** The class of a rotation and a focus: the seeds `class + n * classes` are about them. */
export const classOf = (rotation: Faults.Rotation, focus: Plan["focus"]): number =>
  foci.indexOf(focus) * Faults.rotationNames.length + Faults.rotationNames.indexOf(rotation)

/** What a seed stands for. */
export const plan = (seed: number): Plan => {
  const prng = new Prng(seed)
  const rotation = Faults.rotationNames[seed % Faults.rotationNames.length] ?? "strict"
  const focus = foci[Math.floor(seed / Faults.rotationNames.length) % foci.length] ?? "nothing"
  // with so few grants the brake is tried where it holds after the second of them
  const isBraked = focus === "invalid_grant" && prng.chance(0.7)
  return {
    seed,
    rotation,
    focus,
    processes: isBraked ? 1 : prng.pick([1, 2, 2, 2, 3]),
    accounts: isBraked || rotation === "one shot" ? 2 : prng.pick([1, 2, 2]),
    noise: focus === "nothing" ? 0 : prng.pick([0, 0, 0.02, 0.1, 0.3]),
    escrow: prng.chance(0.7),
    notified: prng.chance(0.7),
    client: prng.chance(0.15) ? "http" : "bare",
    revocation: prng.chance(0.5) ? "token" : "grant",
    brake: isBraked ? 2 : 20
  }
}
