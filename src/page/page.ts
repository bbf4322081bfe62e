import type { CheckReport } from '../report/schemas.ts'
import type { PageOptions } from './options.ts'

/**
 * A check as one page that needs nothing else: no request goes out (with `live`: none but to the service), and
 * its content security policy sees to that. Everything from outside is escaped.
 */
export async function renderPage(report: CheckReport, options: PageOptions = {}): Promise<string> {
  const { render } = await import('./render.ts')
  return render(report, options)
}
