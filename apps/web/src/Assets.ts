/**
 * The stylesheet, the script and the icon: files beside this one.
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Fs from "node:fs"
import * as Path from "node:path"

const types: Readonly<Record<string, string>> = {
  "app.css": "text/css; charset=utf-8",
  "live.js": "text/javascript; charset=utf-8",
  "icon.svg": "image/svg+xml"
}

/** Their routes, `/assets/…`. */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter> = Layer.mergeAll(
  Layer.empty,
  ...Object.entries(types).map(([name, contentType]) => {
    const text = Fs.readFileSync(Path.join(import.meta.dirname, "assets", name), "utf8")
    return HttpRouter.add(
      "GET",
      `/assets/${name}`,
      Effect.succeed(HttpServerResponse.text(text, {
        contentType,
        headers: { "cache-control": "no-cache", "x-content-type-options": "nosniff" }
      }))
    )
  })
)
