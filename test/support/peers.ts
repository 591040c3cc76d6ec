// Finds the real programs that tests compare with: cosign 2 and 3, crane, oras, skopeo, kubectl and the distribution registry. CONTRIBUTING.md says how to get them.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, delimiter, join, resolve } from 'node:path';

export const peerNames = ['cosign2', 'cosign3', 'crane', 'oras', 'registry', 'kubectl', 'skopeo'] as const;
export type PeerName = (typeof peerNames)[number];
/** Name → absolute path of the program; what is not on this machine is missing. */
export type Peers = Readonly<Partial<Record<PeerName, string>>>;

/** What a person installs when a peer is missing. */
export const peerAdvice: Readonly<Record<PeerName, string>> = {
  cosign2: 'cosign 2.x (put the program or its .deb in a folder named by PEERS_DIR)',
  cosign3: 'cosign 3.x (put the program or its .deb in a folder named by PEERS_DIR)',
  crane: 'crane (in PEERS_DIR or PATH)',
  oras: 'oras (in PEERS_DIR or PATH)',
  registry: 'docker-registry (apt-get install docker-registry, or the program in PEERS_DIR or PATH)',
  kubectl: 'kubectl (apt-get install kubernetes-client, or the program in PEERS_DIR or PATH)',
  skopeo: 'skopeo (apt-get install skopeo, or the program in PEERS_DIR or PATH)',
};

let found: Peers | undefined;

/** Looks in `PEERS_DIR` (programs, or Debian packages that are unpacked once into `.vscode-test/peers`), then in `PATH`. */
export function peers(): Peers {
  return (found ??= findPeers());
}

/** The paths of these peers. @throws {Error} naming every one that is missing and how to get it */
export function requirePeers<Name extends PeerName>(names: readonly Name[]): Promise<Record<Name, string>> {
  const all = peers();
  const missing = names.filter((name) => all[name] === undefined);
  if (missing.length > 0) return Promise.reject(new Error(`missing: ${missing.map((name) => peerAdvice[name]).join('; ')}`));
  return Promise.resolve(Object.fromEntries(names.map((name) => [name, all[name]])) as Record<Name, string>);
}

function findPeers(): Peers {
  const result: Partial<Record<PeerName, string>> = {};
  const offer = (name: PeerName | undefined, path: string): void => { if (name !== undefined) result[name] ??= path; };
  const directory = process.env['PEERS_DIR'];
  if (directory !== undefined && directory !== '' && existsSync(directory)) {
    for (const file of readdirSync(directory).sort().map((name) => resolve(directory, name))) {
      if (file.endsWith('.deb')) {
        for (const program of unpackedPrograms(file)) offer(identify(program), program);
      } else if (isProgram(file)) {
        offer(identify(file), file);
      }
    }
  }
  // The one that the tests unpacked because the system's own cannot judge cosign's signatures.
  const newerSkopeo = resolve('.vscode-test/peers/newer-skopeo/skopeo');
  if (isProgram(newerSkopeo)) offer('skopeo', newerSkopeo);
  for (const folder of (process.env['PATH'] ?? '').split(delimiter).filter((part) => part !== '')) {
    for (const name of ['cosign', 'cosign2', 'cosign3', 'crane', 'oras', 'docker-registry', 'registry', 'kubectl', 'skopeo']) {
      const file = join(folder, process.platform === 'win32' ? `${name}.exe` : name);
      if (isProgram(file)) offer(identify(file), file);
    }
  }
  return result;
}

function isProgram(file: string): boolean {
  try {
    const { mode } = statSync(file);
    return statSync(file).isFile() && (process.platform === 'win32' ? file.endsWith('.exe') : (mode & 0o111) !== 0);
  } catch {
    return false;
  }
}

/** Which peer a program is; the program itself is asked for what its name does not say. */
function identify(file: string): PeerName | undefined {
  const name = basename(file).replace(/\.exe$/, '');
  if (/^crane\b/.test(name)) return 'crane';
  if (/^oras\b/.test(name)) return 'oras';
  if (name === 'kubectl') return 'kubectl';
  if (name === 'skopeo') return 'skopeo';
  if (/^(docker-)?registry\b/.test(name)) return 'registry';
  if (!/^cosign/.test(name)) return undefined;
  const major = /^GitVersion:\s+v?([23])\./m.exec(ask(file, ['version']))?.[1]
    // Distributions build without the version: cosign 3 signs with a signing config, cosign 2.5 does not know one.
    ?? (ask(file, ['sign', '--help']).includes('--use-signing-config') ? '3' : '2');
  return major === '3' ? 'cosign3' : 'cosign2';
}

function ask(file: string, args: readonly string[]): string {
  try {
    return execFileSync(file, args, { encoding: 'utf8', timeout: 20_000, stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}

/** The programs of a Debian package, unpacked under its own name; several processes may do this at once. */
function unpackedPrograms(deb: string): readonly string[] {
  const { size, mtimeMs } = statSync(deb);
  const cache = resolve('.vscode-test/peers');
  const target = join(cache, `${basename(deb, '.deb').replaceAll(/[^\w.-]/g, '_')}-${size}-${Math.trunc(mtimeMs)}`);
  if (!existsSync(target)) {
    mkdirSync(cache, { recursive: true });
    const fresh = mkdtempSync(join(cache, 'unpack-'));
    try {
      execFileSync('dpkg-deb', ['-x', deb, fresh], { stdio: 'ignore' });
    } catch {
      unpackByHand(deb, fresh);
    }
    try {
      renameSync(fresh, target);
    } catch (error) {
      rmSync(fresh, { recursive: true, force: true });
      if (!existsSync(target)) throw error;
    }
  }
  const programs = join(target, 'usr/bin');
  return existsSync(programs) ? readdirSync(programs).map((name) => join(programs, name)).filter(isProgram) : [];
}

/** A .deb is an `ar` archive: 8 bytes of magic, then members of a 60 byte header and content padded to even length. */
function unpackByHand(deb: string, target: string): void {
  const bytes = readFileSync(deb);
  for (let at = 8; at + 60 <= bytes.length;) {
    const name = bytes.toString('latin1', at, at + 16).trim().replace(/\/$/, '');
    const size = Number(bytes.toString('latin1', at + 48, at + 58));
    if (name.startsWith('data.tar')) {
      const archive = join(target, name);
      writeFileSync(archive, bytes.subarray(at + 60, at + 60 + size));
      execFileSync('tar', ['-xf', archive, '-C', target], { stdio: 'ignore' });
      rmSync(archive);
      chmodSync(target, 0o755);
      return;
    }
    at += 60 + size + (size % 2);
  }
  throw new Error(`${basename(deb)} is not a Debian package`);
}

export interface DistributionOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Default `inmemory`. */
  readonly storage?: 'inmemory' | 'filesystem';
  /** Speaks https with this certificate. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface Distribution {
  /** `127.0.0.1:port`. */
  readonly host: string;
  close(): Promise<void>;
}

/** Debian's distribution registry on loopback, deleting allowed, empty. @throws {Error} when it is not installed or does not come up */
export async function startDistribution(options: DistributionOptions = {}): Promise<Distribution> {
  const { registry } = await requirePeers(['registry']);
  const directory = mkdtempSync(join(tmpdir(), 'countersign-registry-'));
  const port = options.port ?? await freePort();
  const host = `127.0.0.1:${port}`;
  const driver = options.storage === 'filesystem' ? { filesystem: { rootdirectory: join(directory, 'data') } } : { inmemory: {} };
  // JSON is YAML.
  const config = { version: '0.1', log: { level: 'warn', accesslog: { disabled: true } }, storage: { ...driver, delete: { enabled: true } }, http: { addr: host, ...(options.tls ? { tls: tlsFiles(directory, options.tls) } : {}) } };
  writeFileSync(join(directory, 'config.yml'), JSON.stringify(config));
  let output = '';
  const child = spawn(registry, ['serve', join(directory, 'config.yml')], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] ?? '', OTEL_TRACES_EXPORTER: 'none' } });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { output = (output + chunk.toString()).slice(-4000); });
  const ended = new Promise<void>((done) => { child.once('close', () => { done(); }); });
  const kill = (): void => { child.kill('SIGKILL'); };
  process.once('exit', kill);
  const close = async (): Promise<void> => {
    process.removeListener('exit', kill);
    kill();
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + 20_000; ;) {
    if (await answers(host, options.tls !== undefined)) return { host, close };
    if (child.exitCode !== null || Date.now() > deadline) {
      await close();
      throw new Error(`the distribution registry did not start: ${output}`);
    }
    await new Promise((wait) => { setTimeout(wait, 30); });
  }
}

function tlsFiles(directory: string, { key, cert }: NonNullable<DistributionOptions['tls']>): { readonly certificate: string; readonly key: string } {
  const files = { certificate: join(directory, 'cert.pem'), key: join(directory, 'key.pem') };
  writeFileSync(files.certificate, cert);
  writeFileSync(files.key, key);
  return files;
}

function answers(host: string, secure: boolean): Promise<boolean> {
  return new Promise((done) => {
    const answered = (response: IncomingMessage): void => {
      response.resume();
      done(response.statusCode === 200);
    };
    const request = secure ? httpsGet(`https://${host}/v2/`, { rejectUnauthorized: false }, answered) : httpGet(`http://${host}/v2/`, answered);
    request.once('error', () => { done(false); });
  });
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => { done(port); });
    });
  });
}
