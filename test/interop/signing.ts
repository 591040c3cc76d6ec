// What the interop tests of signing share: our engine on real registries, keys of every origin, and a table of what was accepted.
import { copyFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setMaxListeners } from 'node:events';
import { RegistryClient } from '../../src/core/oci/registryClient.ts';
import { parseReference } from '../../src/core/oci/reference.ts';
import type { Verdict } from '../../src/core/policy/verdict.ts';
import type { FormatChoice, SignedManifest } from '../../src/core/signing/signImage.ts';
import type { FileVerdict, SigningEngine } from '../../src/core/signingEngine.ts';
import { Verifier } from '../../src/core/verification/verifier.ts';
import { createKeySource } from '../../src/node/keySource.ts';
import { systemClock } from '../../src/node/systemClock.ts';
import { createSigningEngine } from '../../src/signing.ts';
import { NodeTransport } from '../support/nodeTransport.ts';

export const never = new AbortController().signal;
setMaxListeners(0, never);
export const algorithms = ['P-256', 'P-384', 'P-521', 'RSA 2048', 'RSA 3072', 'RSA 4096', 'Ed25519'] as const;
export type Algorithm = (typeof algorithms)[number];

const importable: Readonly<Record<Algorithm, string>> = {
  'P-256': 'import-p256.sec1.pem', 'P-384': 'p384.pkcs8.pem', 'P-521': 'p521.pkcs8.pem',
  'RSA 2048': 'rsa2048.pkcs1.pem', 'RSA 3072': 'rsa3072.pkcs8.pem', 'RSA 4096': 'rsa4096.pkcs8.pem', Ed25519: 'ed25519.pkcs8.pem',
};
/** Made, or imported, by a real cosign; see test/fixtures/keys/README.md. */
const theirs: Readonly<Record<Algorithm, string>> = {
  'P-256': 'p256', 'P-384': 'p384', 'P-521': 'p521', 'RSA 2048': 'rsa2048', 'RSA 3072': 'rsa3072', 'RSA 4096': 'rsa4096', Ed25519: 'ed25519',
};
export const password = 'fixture password';
const fixtures = resolve('test/fixtures/keys');

export interface KeyFiles { readonly key: string; readonly pub: string; readonly pem: string }
const keyFiles = (key: string, pub: string): KeyFiles => ({ key, pub, pem: readFileSync(pub, 'utf8') });

export class Ours {
  readonly engine: SigningEngine;
  readonly directory = mkdtempSync(join(tmpdir(), 'countersign-interop-'));
  readonly #transport = new NodeTransport();
  readonly #client: RegistryClient;
  readonly #keySource = createKeySource({ transport: this.#transport, env: {}, homeDirectory: '/nonexistent' });

  constructor() {
    this.#client = new RegistryClient({ transport: this.#transport, keychain: { find: () => Promise.resolve(undefined) }, rules: { allowsPlainHttp: () => true }, clock: systemClock, random: Math.random });
    this.engine = createSigningEngine({ registry: () => this.#client, clock: systemClock, random: Math.random, keySource: () => this.#keySource });
  }

  close(): void {
    this.engine.lock();
    this.#transport.close();
  }

  async generated(name: string): Promise<KeyFiles> {
    const paths = { privateKey: join(this.directory, `${name}.key`), publicKey: join(this.directory, `${name}.pub`) };
    await this.engine.generateKeyPair({ paths, password, overwrite: false }, never);
    return this.#unlock(keyFiles(paths.privateKey, paths.publicKey));
  }

  /** The unencrypted key that is imported. */
  static importable(algorithm: Algorithm): string {
    return join(fixtures, importable[algorithm]);
  }

  async imported(algorithm: Algorithm): Promise<KeyFiles> {
    const name = importable[algorithm].split('.')[0] ?? '';
    const paths = { privateKey: join(this.directory, `${name}.key`), publicKey: join(this.directory, `${name}.pub`) };
    await this.engine.importKeyPair(join(fixtures, importable[algorithm]), { paths, password, overwrite: false }, never);
    return this.#unlock(keyFiles(paths.privateKey, paths.publicKey));
  }

  /** A key that cosign wrote. */
  async theirs(algorithm: Algorithm | 'P-256 of 2.5'): Promise<KeyFiles> {
    const name = algorithm === 'P-256 of 2.5' ? 'p256-2.5.0' : theirs[algorithm];
    for (const ending of ['key', 'pub']) copyFileSync(join(fixtures, `${name}.${ending}`), join(this.directory, `their-${name}.${ending}`));
    return this.#unlock(keyFiles(join(this.directory, `their-${name}.key`), join(this.directory, `their-${name}.pub`)));
  }

  async #unlock(files: KeyFiles): Promise<KeyFiles> {
    await this.engine.unlock({ name: 'test', reference: files.key }, password, 600_000, never);
    return files;
  }

  async sign(image: string, { key }: KeyFiles, format: FormatChoice, more: { readonly recursive?: boolean; readonly annotations?: Readonly<Record<string, string>>; readonly signatureRepository?: string; readonly dockerMediaTypes?: boolean } = {}): Promise<readonly SignedManifest[]> {
    const { recursive = false, annotations = {}, dockerMediaTypes = false, signatureRepository } = more;
    const plan = await this.engine.planImage({ reference: parseReference(image), format, recursive, ...(signatureRepository === undefined ? {} : { signatureRepository }) }, never);
    return this.engine.signImage({ plan, key: { name: 'test', reference: key }, annotations, dockerMediaTypes }, () => undefined, never);
  }

  verify(image: string, ...keys: readonly KeyFiles[]): Promise<Verdict> {
    const verifier = new Verifier({ registry: this.#client, keySource: this.#keySource, clock: systemClock, tagLifetimeMs: 0 });
    return verifier.verify({ reference: parseReference(image), trust: this.#trust(keys), fresh: true }, never);
  }

  async signFile(file: string, { key }: KeyFiles): Promise<{ readonly signature: string; readonly bundle: string }> {
    const outputs = { signature: `${file}.sig`, bundle: `${file}.sigstore.json` };
    await this.engine.signFile({ file, key: { name: 'test', reference: key }, ...outputs, overwrite: true }, () => undefined, never);
    return outputs;
  }

  verifyFile(file: string, keys: KeyFiles, path: string, format: 'signature' | 'bundle' | 'legacy bundle'): Promise<FileVerdict> {
    return this.engine.verifyFile(file, this.#trust([keys]), () => undefined, never, [{ path, format }]);
  }

  #trust(keys: readonly KeyFiles[]): Parameters<SigningEngine['verifyFile']>[1] {
    return { keys: keys.map(({ pem }, index) => ({ name: `key ${index}`, reference: pem })), policies: [], problems: [] };
  }
}

/** Who accepted what; printed at the end of the tests. */
export class Table {
  readonly #rows = new Map<string, Map<string, string>>();

  set(row: string, column: string, accepted: boolean): void {
    const cells = this.#rows.get(row) ?? new Map<string, string>();
    this.#rows.set(row, cells.set(column, accepted ? 'yes' : 'no'));
  }

  print(title: string): void {
    const columns = [...new Set([...this.#rows.values()].flatMap((cells) => [...cells.keys()]))].sort();
    const width = Math.max(...[...this.#rows.keys()].map((row) => row.length), title.length) + 2;
    console.log(['', title.padEnd(width) + columns.join(' | '), ...[...this.#rows].map(([row, cells]) =>
      row.padEnd(width) + columns.map((column) => (cells.get(column) ?? '-').padEnd(column.length)).join('   '))].join('\n'));
  }
}
