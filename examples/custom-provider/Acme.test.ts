import { describe, it } from "@effect/vitest"
import { laws } from "./laws.ts"

describe("custom-provider", () => {
  for (const { name, run } of laws) it.effect(name, () => run)
})
