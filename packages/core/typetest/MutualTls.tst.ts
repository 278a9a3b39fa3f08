import type { MutualTls } from "@effect-oauth/core"
import { describe, expect, it } from "tstyche"

describe("MutualTls", () => {
  it("registers a certificate by one of its names [8705-2.1.2-a]", () => {
    expect<MutualTls.Subject>().type.toBeAssignableFrom({ tls_client_auth_san_dns: "app.example" })
    expect<MutualTls.Subject>().type.not.toBeAssignableFrom({})
    expect<MutualTls.Subject>().type.not.toBeAssignableFrom({
      tls_client_auth_san_dns: "app.example",
      tls_client_auth_subject_dn: "CN=app"
    })
  })
})
