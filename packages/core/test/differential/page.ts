// Writes docs/oauth4webapi.md from the list of differences: node packages/core/test/differential/page.ts
import * as fs from "node:fs"
import * as path from "node:path"
import { page } from "./Differences.ts"

fs.writeFileSync(path.join(import.meta.dirname, "../../../../docs/oauth4webapi.md"), page())
