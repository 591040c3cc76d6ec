// A node:test reporter: prints what failed and why, and writes the counts to the file that COUNTERSIGN_COUNTS names.
import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import { inspect } from 'node:util';

export default async function* brief(events) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const open = [];
  for await (const { type, data } of events) {
    if (type === 'test:start') open[data.nesting] = data.name;
    // What a test wants told even when it passes.
    if (type === 'test:diagnostic' && data.message.startsWith('» ')) yield `${data.message.slice(2)}\n`;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const causedBelow = data.details?.error?.failureType === 'subtestsFailed';
    if (data.skip !== undefined || data.todo !== undefined) counts.skipped += 1;
    else if (type === 'test:pass') counts.passed += data.details?.type === 'suite' ? 0 : 1;
    else if (!causedBelow) {
      counts.failed += 1;
      const { error } = data.details;
      const name = [...open.slice(0, data.nesting), data.name].join(' › ');
      const place = data.file === undefined ? '' : ` (${relative(process.cwd(), data.file)}${data.line ? `:${data.line}` : ''})`;
      yield `\n✖ ${name}${place}\n${indent(inspect(error?.cause ?? error, { depth: 4 }))}\n`;
    }
  }
  if (process.env.COUNTERSIGN_COUNTS) appendFileSync(process.env.COUNTERSIGN_COUNTS, JSON.stringify(counts));
}

const indent = (text) => text.split('\n').map((line) => `    ${line}`).join('\n');
