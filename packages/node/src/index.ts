export * as FileEscrow from "./FileEscrow.ts"
export * as FilePendingAuthorizations from "./FilePendingAuthorizations.ts"
export * as FileTokenStore from "./FileTokenStore.ts"
export * as OpenBrowser from "./OpenBrowser.ts"
