import type { Reporter, SerializedError, TestModule } from 'vitest/node';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
}

/** Ends the output of a run with one plain line, `N passed, N failed`, which scripts can read; names what was skipped. */
export class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const counts = countTests(modules, errors.length);
    process.once('exit', () => process.stdout.write(`${closingLines(counts).join('\n')}\n`));
  }
}

/** A file or suite that broke counts as one failure, and so does an error outside of every test. */
function countTests(modules: readonly TestModule[], strayErrors: number): Counts {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
  const broken = suites.filter((suite) => suite.errors().length > 0);
  const stateOf = (wanted: string): typeof tests => tests.filter((test) => test.result().state === wanted);
  return {
    passed: stateOf('passed').length,
    failed: stateOf('failed').length + stateOf('pending').length + broken.length + strayErrors,
    skipped: stateOf('skipped').map((test) => `${test.module.relativeModuleId}: ${test.fullName}`),
  };
}

function closingLines({ passed, failed, skipped }: Counts): string[] {
  const names = skipped.map((name) => `skipped: ${name}`);
  return [...names, `${passed} passed, ${failed} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`];
}
