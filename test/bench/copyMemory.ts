// The most memory that copying takes, above what an engine at rest takes: measured in a process of its own, which holds nothing else.
import { spawn } from 'node:child_process';
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
export async function copyMemory(engine: string, small: string, others: readonly string[]): Promise<readonly number[]> {
  const child = spawn(process.execPath, ['-e', script, resolve(engine), small, ...others]);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text; });
  child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text; });
  const status = await new Promise((done) => { child.once('close', done); });
  if (status !== 0) throw new Error(`the copies failed: ${stderr}`);
  const [base = Number.NaN, ...peaks] = JSON.parse(stdout) as readonly number[];
  return peaks.map((peak) => peak - base);
}
