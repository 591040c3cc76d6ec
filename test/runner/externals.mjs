// What npm cannot bring: looks for the real programs and the browser, installs them where that is allowed, else says what to install.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadTool, root } from '../../esbuild.mjs';
import { chromium } from '../editor/chromium.mjs';
import { findDesktop } from '../editor/desktop.mjs';
import { provideNewerSkopeo } from './newerSkopeo.mjs';

const packages = { registry: 'docker-registry', chromium: 'chromium', cosign2: 'cosign', cosign3: 'cosign', crane: 'crane', oras: 'oras', kubectl: 'kubernetes-client', skopeo: 'skopeo' };

/** Which peers the files of a tier ask for, as they write it: `requirePeers(['cosign2', …])`. */
export function neededPeers(files) {
  const names = new Set();
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8');
    for (const [, list] of text.matchAll(/requirePeers\(\[([^\]]*)\]\)/g)) for (const [, name] of list.matchAll(/'(\w+)'/g)) names.add(name);
    if (/\bstartDistribution\(/.test(text)) names.add('registry');
  }
  return [...names].sort();
}

/** @returns one line per thing that is missing and could not be installed */
export async function providePeers(names) {
  if (names.length === 0) return [];
  let { peers, peerAdvice } = await loadTool('test/support/peers.ts');
  const missing = (found) => names.filter((name) => found[name] === undefined);
  if (missing(peers()).length > 0) {
    aptInstall([...new Set(missing(peers()).map((name) => packages[name]))]);
    ({ peers } = await loadTool('test/support/peers.ts'));
  }
  if (names.includes('skopeo')) {
    provideNewerSkopeo(peers().skopeo);
    ({ peers } = await loadTool('test/support/peers.ts'));
  }
  return missing(peers()).map((name) => `missing ${peerAdvice[name]}`);
}

/** The editor for the host tier: a desktop VS Code, or a browser for the one from npm. */
export async function provideEditor() {
  if (await findDesktop({ mayDownload: true }) !== undefined) return [];
  if (chromium() === undefined) aptInstall(['chromium']);
  return chromium() === undefined ? ['missing Chromium (apt-get install chromium, or set CHROME_PATH), and no desktop VS Code was found or could be downloaded'] : [];
}

/** As root on Debian and Ubuntu only; packages that are not to be had are left out. */
function aptInstall(names) {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  const apt = (...args) => spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }).status === 0;
  const known = () => names.filter((name) => /Candidate: \d/.test(spawnSync('apt-cache', ['policy', name], { encoding: 'utf8' }).stdout ?? ''));
  if (known().length < names.length) apt('-q', 'update');
  const wanted = known();
  if (wanted.length === 0) return;
  console.log(`installing ${wanted.join(', ')} with apt-get`);
  if (!apt('install', '-y', '-q', '--no-install-recommends', ...wanted)) {
    apt('-q', 'update');
    apt('install', '-y', '-q', '--no-install-recommends', ...wanted);
  }
}
