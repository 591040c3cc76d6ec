// The most memory that copying takes, above what an engine at rest takes: measured in a process of its own, which holds nothing else.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

/** Copies in turn, and tells after the first, which is small and makes the base, and after each of the others how high memory has been (Linux: VmHWM). */
const script = `
  const { createEngine } = require(process.argv[1]);
  const { readFileSync } = require('node:fs');
  const settings = { trusted: true, insecureRegistries: [], certificateAuthorities: {}, useCredentials: false, noProxy: [], proxyStrictSSL: true, timeoutMs: 60000, tagLifetimeMs: 60000 };
  const engine = createEngine({ version: '0', env: {}, homeDirectory: '/nonexistent' }, settings);
  const reference = (text) => { const [, registry, repository, tag] = /^([^/]+)\\/(.*):([^:]*)$/.exec(text); return { registry, repository, tag }; };
  const never = new AbortController().signal;
  const peak = () => Number(/^VmHWM:\\s+(\\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
  (async () => {
    const peaks = [];
    for (const pair of process.argv.slice(2)) {
      const [source, destination] = pair.split('>').map(reference);
      const plan = await engine.copying.plan({ source, destination }, never);
      await engine.copying.copy(plan, {}, { trust: { keys: [], policies: [], problems: [] } }, () => undefined, never);
      peaks.push(peak());
    }
    await engine.dispose();
    console.log(JSON.stringify(peaks));
  })().catch((error) => { console.error(error); process.exit(1); });`;

/**
 * @param engine the bundle, `dist/engine.js`
 * @param small,others what to copy, `source>destination`, `host/repository:tag` both
 * @returns for each of the others the peak so far above the base, in MB
 */
export function copyMemory(engine: string, small: string, others: readonly string[]): readonly number[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script, resolve(engine), small, ...others], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the copies failed: ${stderr}`);
  const [base = Number.NaN, ...peaks] = JSON.parse(stdout) as readonly number[];
  return peaks.map((peak) => peak - base);
}
