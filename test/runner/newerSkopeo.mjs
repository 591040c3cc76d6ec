// A skopeo that verifies cosign's signatures, where the system's own does not: Debian's next release has one, which runs here with the libraries it was built for.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../esbuild.mjs';

const release = 'trixie';
const packages = ['skopeo', 'libc6', 'libgpgme11t64', 'libassuan9', 'libgpg-error0', 'libsqlite3-0'];
/** As `test/support/peers.ts` looks for it. */
const target = join(root, '.vscode-test/peers/newer-skopeo');

/** Does nothing where the program is new enough, and outside of Debian on amd64; says in one line why it did not work. */
export function provideNewerSkopeo(program) {
  if (existsSync(target) || (program !== undefined && isNewEnough(program))) return;
  if (process.platform !== 'linux' || process.arch !== 'x64' || !existsSync('/usr/bin/apt-get') || !existsSync('/usr/share/keyrings/debian-archive-keyring.gpg')) return;
  mkdirSync(join(root, '.vscode-test/peers'), { recursive: true });
  const folder = mkdtempSync(join(root, '.vscode-test/peers/download-'));
  try {
    console.log(`unpacking skopeo of Debian ${release} beside the system's own`);
    download(folder);
    const libraries = join('usr', 'lib', 'x86_64-linux-gnu');
    writeFileSync(join(folder, 'skopeo'), `#!/bin/sh\nhere="$(dirname "$0")"\nexec "$here/${libraries}/ld-linux-x86-64.so.2" --library-path "$here/${libraries}" "$here/usr/bin/skopeo" "$@"\n`);
    chmodSync(join(folder, 'skopeo'), 0o755);
    execFileSync(join(folder, 'skopeo'), ['--version'], { stdio: 'ignore' });
    renameSync(folder, target);
  } catch (error) {
    console.log(`the newer skopeo could not be unpacked: ${error instanceof Error ? error.message.split('\n')[0] : error}`);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** 1.14 was the first one with all of the policy's fields that does not need what Debian 12 leaves out. */
function isNewEnough(program) {
  const [, major = '0', minor = '0'] = /version (\d+)\.(\d+)/.exec(spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout ?? '') ?? [];
  return Number(major) > 1 || Number(minor) >= 14;
}

/** From the mirror that the machine uses for its own packages, with lists of its own: nothing of the system is touched. */
function download(folder) {
  const sites = execFileSync('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'], { encoding: 'utf8' }).split('\n');
  const mirror = sites.find((site) => /\/debian\/?$/.test(site));
  if (mirror === undefined) throw new Error('no mirror of Debian is set up for apt-get');
  for (const part of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'sources.list'), `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror} ${release} main\n`);
  const options = ['-q', '-o', `Dir::Etc::SourceList=${join(folder, 'sources.list')}`, '-o', 'Dir::Etc::SourceParts=/dev/null', '-o', `Dir::State::Lists=${join(folder, 'lists')}`,
    '-o', `Dir::Cache=${join(folder, 'cache')}`, '-o', 'APT::Sandbox::User=root'];
  execFileSync('apt-get', [...options, 'update'], { stdio: 'ignore', timeout: 120_000 });
  execFileSync('apt-get', [...options, 'download', ...packages.map((name) => `${name}/${release}`)], { cwd: folder, stdio: 'ignore', timeout: 120_000 });
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.deb'))) {
    execFileSync('dpkg-deb', ['-x', join(folder, name), folder], { stdio: 'ignore' });
    rmSync(join(folder, name));
  }
  for (const name of ['lists', 'cache']) rmSync(join(folder, name), { recursive: true, force: true });
}
