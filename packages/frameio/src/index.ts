export * as FrameIo from "./FrameIo.ts"
export * as FrameIoApi from "./FrameIoApi.ts"
export * as FrameIoC2c from "./FrameIoC2c.ts"
export * as FrameIoLegacy from "./FrameIoLegacy.ts"
