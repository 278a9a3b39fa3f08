export * as IdToken from "./IdToken.ts"
export * as Jwks from "./Jwks.ts"
