export { layer } from "effect/http/FetchHttpClient"
export { Struct } from "effect/Schema"
