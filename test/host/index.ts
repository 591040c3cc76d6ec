// What a real editor loads as its tests: runs one suite with Mocha and leaves the counts in the file that COUNTERSIGN_COUNTS names.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Mocha from 'mocha';

/** The contract of `extensionTestsPath`: a rejected promise is a failed run. */
export function run(): Promise<void> {
  const { COUNTERSIGN_SUITE = 'trusted', COUNTERSIGN_GREP = '', COUNTERSIGN_COUNTS, COUNTERSIGN_BAIL } = process.env;
  const mocha = new Mocha({ ui: 'tdd', color: false, timeout: 180_000, reporter: 'spec', bail: COUNTERSIGN_BAIL === '1', ...(COUNTERSIGN_GREP === '' ? {} : { grep: COUNTERSIGN_GREP }) });
  mocha.addFile(join(__dirname, 'suite', `${COUNTERSIGN_SUITE}.test.cjs`));
  return new Promise((resolve, reject) => {
    const runner = mocha.run((failures) => {
      const { passes = 0, pending = 0 } = runner.stats ?? {};
      if (COUNTERSIGN_COUNTS !== undefined) writeFileSync(COUNTERSIGN_COUNTS, JSON.stringify({ passed: passes, failed: failures, skipped: pending }));
      if (failures > 0) reject(new Error(`${failures} failed`));
      else resolve();
    });
  });
}
