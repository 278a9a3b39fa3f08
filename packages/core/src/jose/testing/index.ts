export * as TestSigner from "./TestSigner.ts"
