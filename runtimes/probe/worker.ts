/** The probe as a worker of workerd: it is asked by POST with the place, and answers with its outcomes. */
import { features } from "./features.ts"
import { report } from "./report.ts"

export default {
  fetch: async (request: Request): Promise<Response> => Response.json(await report(await request.json(), features))
}
