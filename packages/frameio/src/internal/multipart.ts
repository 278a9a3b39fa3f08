/**
 * Forms as `multipart/form-data` (RFC 7578), of short texts.
 */
import type { Encode } from "@effect-oauth/core/EndpointRequest"

/** Writes parameters as `multipart/form-data`. Their names hold nothing that would have to be quoted. */
export const multipart: Encode = (parameters) => {
  let boundary = "effect-oauth-form"
  while ([...parameters.values()].some((value) => value.includes(boundary))) boundary += "-"
  const parts = [...parameters].map(([name, value]) =>
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  )
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: `${parts.join("")}--${boundary}--\r\n`
  }
}
