// A reporter of tstyche that leaves a report in the form of vitest's.
import * as fs from "node:fs"
import type { Reporter, ReporterEvent } from "tstyche/api"
import { reportFile, type VitestReport } from "./reports.ts"

type Assertion = VitestReport["testResults"][number]["assertionResults"][number]

export default class TypeReport implements Reporter {
  readonly #files = new Map<string, Array<Assertion>>()
  #file = ""

  on([event, payload]: ReporterEvent): void {
    switch (event) {
      case "file:start":
        this.#file = payload.result.file.path
        return
      case "test:pass":
        return this.#add(payload.result.test.name, "passed")
      case "test:fail":
      case "test:error":
        return this.#add(payload.result.test.name, "failed")
      case "test:skip":
      case "test:fixme":
      case "test:todo":
        return this.#add(payload.result.test.name, "skipped")
      case "run:end": {
        const report: VitestReport = {
          testResults: [...this.#files].map(([name, assertionResults]) => ({ name, assertionResults }))
        }
        fs.writeFileSync(reportFile("type tests"), JSON.stringify(report))
        return
      }
      default:
    }
  }

  #add(title: string, status: string): void {
    this.#files.set(this.#file, [...this.#files.get(this.#file) ?? [], { ancestorTitles: [], title, status }])
  }
}
