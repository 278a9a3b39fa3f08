export * as DescribedDialect from "./DescribedDialect.ts"
export * as Description from "./Description.ts"
export * as GenericRfc6749 from "./GenericRfc6749.ts"
