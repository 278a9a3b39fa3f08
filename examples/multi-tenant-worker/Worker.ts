/**
 * Keeps the grants of many tenants alive. One tenant with thousands of accounts
 * takes no turns from another with three: each has a budget of its own.
 */
import { GrantKeeper, type GrantKey } from "@effect-oauth/core"

/** The name of an account: whoever logs one in names it so. */
export const account = (tenant: string, person: string): string => `${tenant}/${person}`

export const tenantOf = ({ account }: GrantKey.GrantKey): string => account.slice(0, account.indexOf("/"))

/** At work for as long as it lives, on as many nodes as there are. */
export const layer = GrantKeeper.layer({
  interval: "1 second",
  // what the authorization server allows, divided by the nodes
  limit: { permits: 20, interval: "1 second" },
  budget: { of: tenantOf, permits: 2, interval: "1 second" }
})
