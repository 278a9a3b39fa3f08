export * as FileTokenStore from "./FileTokenStore.ts"
