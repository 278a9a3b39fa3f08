import { eightProcesses } from "./support/eightProcesses.ts"

eightProcesses("postgres", [0.1])
eightProcesses("redis", [0.1])
eightProcesses("file", [0.1, 0.9])
