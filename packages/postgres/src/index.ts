export * as PostgresTokenStore from "./PostgresTokenStore.ts"
