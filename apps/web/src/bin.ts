#!/usr/bin/env node
/** Runs the sample until it is ended. */
import { NodeRuntime } from "@effect/platform-node"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Application from "./Application.ts"
import * as Settings from "./Settings.ts"

NodeRuntime.runMain(Effect.flatMap(Settings.load, (settings) => Layer.launch(Application.layer(settings))))
