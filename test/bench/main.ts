// Every benchmark in one run, so that ratios come from the same machine in the same minutes.
import { benchCopy } from './copy.ts';
import { benchDockerfileVerify } from './dockerfileVerify.ts';
import { benchEditor } from './editor.ts';
import { benchSigning } from './signing.ts';
import { printTable } from './report.ts';

const quick = process.argv.includes('--quick');
void (async () => {
  printTable([...benchEditor(quick), ...await benchDockerfileVerify(quick), ...await benchSigning(quick), ...await benchCopy(quick)]);
})().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
