import { ProviderContract, RecordedExchange } from "@effect-oauth/core/testing"
import { Description, GenericRfc6749 } from "@effect-oauth/generic-rfc6749"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Logger, Redacted, Result } from "effect"
import { TestClock } from "effect/testing"
import * as fs from "node:fs"
import * as path from "node:path"

const folder = (name: string): string => path.join(import.meta.dirname, name)

const names = fs.readdirSync(folder("../src")).map((file) => path.basename(file, ".ts")).filter((name) =>
  name !== "index"
)

for (const name of names) {
  const description = await described(name)
  const laws = await recorded(name)
  const client = {
    description,
    clientId: "app",
    ...proof(description),
    ...signed(description),
    variables: Object.fromEntries(
      Object.entries(description.variables ?? {})
        .filter(([, variable]) => variable.from !== "grant" && variable.default === undefined)
        .map(([variable, { oneOf }]) => [variable, oneOf?.[0] ?? "example"])
    )
  }

  describe(name, () => {
    it("is a description that can be read", () => {
      const decoded = Result.getOrThrow(Description.decode(description))

      assert.strictEqual(decoded.provider, name)
    })

    it("says where its facts come from, and when that was read", () => {
      assert.isNotEmpty(description.sources)
      for (const { about = "", read, url } of description.sources ?? []) {
        assert.isTrue(URL.canParse(url) && url.startsWith("https://"), `${url} is no link`)
        assert.isTrue(/^\d{4}-\d\d-\d\d$/.test(read) && Date.parse(read) > Date.UTC(2026, 0, 1), `${read} is no day`)
        assert.isNotEmpty(about, `of ${url} it is not said what it tells`)
      }
    })

    it("says of nothing that it was tried, since nothing was", () => {
      assert.isFalse(description.sources?.some(({ standing }) => standing === "verified"))
    })

    it("is recorded, if it deviates", () => {
      assert.isTrue(description.dialect === undefined || laws.length > 0)
    })

    for (const field of fieldsOf(description)) {
      it.effect(`shows by its recording what ${field} is for`, () =>
        Effect.gen(function*() {
          const layer = GenericRfc6749.layerDescription({ ...client, description: without(description, field) })

          const running = yield* Effect.forkChild(
            Effect.forEach(laws, (law) => Effect.exit(Effect.provide(law.run, layer))),
            { startImmediately: true }
          )
          yield* Effect.repeat(turn, { times: 20 })
          // what is not understood is asked again, for a while
          yield* TestClock.adjust("1 hour")
          const exits = yield* Fiber.join(running)

          assert.isTrue(exits.some(Exit.isFailure), `without ${field} every exchange goes as before`)
        }).pipe(Effect.provide(Logger.layer([]))))
    }

    for (const law of [...ProviderContract.cases, ...laws]) {
      it.effect(law.name, () => Effect.provide(law.run, GenericRfc6749.layerDescription(client)))
    }
  })
}

const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

type Json = { readonly [name: string]: unknown }

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

/** The fields of a dialect, each as a path. Which scope asks for a refresh token is told by an event, not by an exchange. */
function fieldsOf({ dialect = {} }: Description.Encoded): ReadonlyArray<string> {
  return Object.entries<unknown>(dialect).flatMap(([leg, fields]) =>
    isObject(fields) ? Object.keys(fields).map((field) => `${leg}.${field}`) : [leg]
  ).filter((field) => field !== "authorization.offlineScope")
}

function without({ dialect, ...description }: Description.Encoded, path: string): Json {
  const [leg = "", field] = path.split(".")
  return {
    ...description,
    dialect: Object.fromEntries(
      Object.entries<unknown>(dialect ?? {}).flatMap(([name, fields]) =>
        name !== leg ? [[name, fields]] : isObject(fields) && field !== undefined
          ? [[name, Object.fromEntries(Object.entries(fields).filter(([other]) => other !== field))]]
          : []
      )
    )
  }
}

/** What a client is given to prove itself. A signed statement is shown as who makes it, and to whom. */
function proof({ clientAuthentication }: Description.Encoded): Partial<GenericRfc6749.ClientOptions> {
  switch (clientAuthentication) {
    case "none":
      return {}
    case "privateKeyJwt":
    case "jwtSecret":
      return {
        signer: ({ audience, issuer }) => {
          const value = Redacted.make(`${issuer} to ${audience}`)
          return Effect.succeed({ value, basis: value })
        }
      }
    default:
      return { clientSecret: Redacted.make("s-3cr3t") }
  }
}

/** What signs requests, where the description says that something has to. Its signature is shown by its name. */
function signed({ hooks }: Description.Encoded): Partial<GenericRfc6749.DescriptionOptions> {
  return hooks?.onRequest === undefined ? {} : {
    onRequest: (request) =>
      Effect.succeed({ ...request, headers: { ...request.headers, appkey: "app", sign: Redacted.make("hmac") } })
  }
}

async function described(name: string): Promise<Description.Encoded> {
  const module: Record<string, Description.Encoded> = await import(folder(`../src/${name}.ts`))
  const [description] = Object.values(module)
  if (description === undefined) throw new Error(`${name} exports nothing`)
  return description
}

async function recorded(name: string): Promise<ReturnType<typeof RecordedExchange.cases>> {
  const file = folder(`exchanges/${name}.ts`)
  if (!fs.existsSync(file)) return []
  const { direct, recording }: {
    readonly direct?: RecordedExchange.Direct
    readonly recording?: RecordedExchange.Recording
  } = await import(file)
  return [
    ...recording === undefined ? [] : RecordedExchange.cases(recording),
    ...direct === undefined ? [] : RecordedExchange.directCases(direct)
  ]
}
