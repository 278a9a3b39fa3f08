import { Logger } from "effect"

/** What is logged, in the order in which it was, by whoever has the layer. */
export const listening = () => {
  const heard: Array<unknown> = []
  const layer = Logger.layer([Logger.make(({ message }) => {
    heard.push(message)
  })])
  return { heard, layer }
}
