// `npm run bench [-- --quick]`: bundles the benchmarks and runs them; figures only, nothing here passes or fails.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildExtension, buildTests, root } from '../../esbuild.mjs';

await buildExtension({ production: true });
await buildTests(['test/bench/main.ts', 'test/support/vscode.ts'], 'out/bench-run');
const { status } = spawnSync(process.execPath, ['--enable-source-maps', join(root, 'out/bench-run/bench/main.cjs'), ...process.argv.slice(2)], { stdio: 'inherit', cwd: root });
process.exit(status ?? 1);
