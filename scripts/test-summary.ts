import { readFileSync } from 'node:fs';

/** The part of vitest's JSON report that is counted. */
export interface TestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** One line for all reports. What is missing or broke before its tests counts as failed. */
export function summaryLine(reports: readonly (TestReport | null)[]): string {
  let passed = 0;
  let failed = 0;
  for (const report of reports) {
    passed += report?.numPassedTests ?? 0;
    failed += report?.numFailedTests ?? 1;
    for (const file of report?.testResults ?? []) {
      const told = file.assertionResults.some((each) => each.status === 'failed');
      if (file.status === 'failed' && !told) failed += 1;
    }
  }
  return `${passed} passed, ${failed} failed`;
}

function readReport(path: string): TestReport | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as TestReport;
  } catch {
    return null;
  }
}

if (import.meta.main) console.log(summaryLine(process.argv.slice(2).map(readReport)));
