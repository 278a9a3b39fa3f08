/**
 * The people of the sandbox.
 */
import * as Crypto from "node:crypto"

/** A person. */
export interface Account {
  readonly id: string
  readonly email: string
  readonly givenName: string
  readonly familyName: string
}

/** Who logs in where nobody else is named. */
export const ada: Account = {
  id: "5a9d0b0c-5a9d-4b0c-8a9d-5a9d0b0c0001",
  email: "ada@sandbox.invalid",
  givenName: "Ada",
  familyName: "Sandbox"
}

/** The people of one sandbox: {@link ada}, and whoever was named by a `login_hint`. */
export interface Accounts {
  readonly named: (loginHint: string) => Account
  readonly find: (id: string) => Account | undefined
}

/** Makes the people of a sandbox. */
export const make = (): Accounts => {
  const accounts = new Map([[ada.id, ada]])
  return {
    find: (id) => accounts.get(id),
    named: (loginHint) => {
      if (loginHint === "") return ada
      const account = { ...ada, id: idOf(loginHint), email: loginHint, givenName: loginHint.split("@")[0] ?? loginHint }
      accounts.set(account.id, account)
      return account
    }
  }
}

/** A UUID that is always the same for the same text. */
export const idOf = (text: string): string => {
  const hex = Crypto.createHash("sha256").update(text).digest("hex")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
