// Every benchmark in one run, so that ratios come from the same machine in the same minutes.
import { benchCommandLine } from './commandLine.ts';
import { benchCopy } from './copy.ts';
import { benchDockerfileVerify } from './dockerfileVerify.ts';
import { benchEditor } from './editor.ts';
import { benchGrowth } from './growth.ts';
import { benchSigning } from './signing.ts';
import { markdownTable, printTable, type Row } from './report.ts';
import { writeSection } from './page.ts';

const quick = process.argv.includes('--quick');
const all = { editor: benchEditor, verify: benchDockerfileVerify, commandLine: benchCommandLine, signing: benchSigning, copy: benchCopy };
/** `--only=copy`: while working on one of them. */
const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length);
void (async () => {
  if (process.argv.includes('--growth')) {
    await benchGrowth();
    return;
  }
  const rows: Row[] = [];
  for (const [name, bench] of Object.entries(all)) if (only === undefined || only === name) rows.push(...await bench(quick));
  printTable(rows);
  if (process.argv.includes('--write')) writeSection('figures', markdownTable(rows));
})().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
