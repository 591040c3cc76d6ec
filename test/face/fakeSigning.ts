// A signing engine whose keys, images and files a test chooses; remembers what it was asked to write.
import type { KeyDescription } from '../../src/core/crypto/keyDescription.ts';
import { CosignError } from '../../src/core/errors.ts';
import { said } from '../../src/core/said.ts';
import { canonicalRepository } from '../../src/core/oci/reference.ts';
import type { KeySetting, TrustSettings } from '../../src/core/policy/trustPolicy.ts';
import type { FileSignature, FileSigning, FileVerdict, ImageSigning, KeyPairPaths, NewKeyPair, Progress, SigningEngine } from '../../src/core/signingEngine.ts';
import type { SignedManifest, SigningPlan } from '../../src/core/signing/signImage.ts';
import { fake } from '../support/vscode.ts';
import { digest } from './fakeEngine.ts';

export const description: KeyDescription = { algorithm: 'ECDSA P-256', fingerprint: 'SHA256:signer', pem: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n' };

export class FakeSigning implements SigningEngine {
  /** The one password of every key. */
  password = 'right';
  readonly keepMs: number[] = [];
  readonly generated: NewKeyPair[] = [];
  readonly imported: string[] = [];
  readonly changed: (readonly [string, string, string])[] = [];
  readonly tried: string[] = [];
  readonly plans: Parameters<SigningEngine['planImage']>[0][] = [];
  readonly signedImages: ImageSigning[] = [];
  readonly signedFiles: FileSigning[] = [];
  readonly verified: string[] = [];
  locks = 0;
  /** Which key an unlocked one is. */
  unlockedAs = description;
  isIndex = false;
  outcome: SignedManifest['outcome'] = 'pushed';
  failure: Error | undefined;
  /** What {@link signImage}, {@link signFile}, {@link verifyFile} wait for. */
  gate: Promise<void> = Promise.resolve();
  verdict: FileVerdict = { kind: 'unsigned', checkedAt: 0 };
  #unlocked = new Map<string, number>();

  existing({ privateKey, publicKey }: KeyPairPaths): Promise<readonly string[]> {
    return Promise.resolve([privateKey, publicKey].filter((path) => fake.files.has(path)));
  }
  generateKeyPair(request: NewKeyPair, signal: AbortSignal): Promise<KeyDescription> {
    return this.#waited(signal, () => { this.generated.push(request); return description; });
  }
  importKeyPair(source: string, request: NewKeyPair, signal: AbortSignal): Promise<KeyDescription> {
    return this.#waited(signal, () => { this.imported.push(source); this.generated.push(request); return description; });
  }
  describeImport(_source: string, signal: AbortSignal): Promise<KeyDescription> {
    return this.#waited(signal, () => description);
  }
  changePassword(privateKey: string, oldPassword: string, newPassword: string, signal: AbortSignal): Promise<KeyDescription> {
    return this.#waited(signal, () => { this.changed.push([privateKey, oldPassword, newPassword]); return description; });
  }
  unlocked({ reference }: KeySetting): Promise<KeyDescription | undefined> {
    return Promise.resolve(this.#unlocked.has(reference) ? this.unlockedAs : undefined);
  }
  unlock({ reference }: KeySetting, password: string, keepMs: number): Promise<KeyDescription> {
    this.tried.push(reference);
    if (password !== this.password) return Promise.reject(new CosignError('KEY_PASSWORD_WRONG', said`The password is wrong.`));
    this.keepMs.push(keepMs);
    this.#unlocked.set(reference, keepMs);
    return Promise.resolve(this.unlockedAs);
  }
  lock(key?: KeySetting): void {
    this.locks += 1;
    if (key) this.#unlocked.delete(key.reference);
    else this.#unlocked.clear();
  }
  get unlockedKeys(): readonly string[] { return [...this.#unlocked.keys()]; }

  planImage(request: Parameters<SigningEngine['planImage']>[0], signal: AbortSignal): Promise<SigningPlan> {
    this.plans.push(request);
    const { reference, format, recursive } = request;
    const mediaType = this.isIndex ? 'application/vnd.oci.image.index.v1+json' : 'application/vnd.oci.image.manifest.v1+json';
    const top = { descriptor: { mediaType, digest: reference.digest ?? digest('a'), size: 100 } };
    const child = { descriptor: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: digest('d'), size: 50 }, platform: 'linux/arm64' };
    const manifests = recursive && this.isIndex ? [top, child] : [top];
    const formats = format === 'both' ? ['legacy', 'bundle'] as const : [format];
    const name = request.signatureRepository ?? canonicalRepository(reference);
    const repository = { registry: reference.registry, repository: request.signatureRepository === undefined ? reference.repository : 'signatures' };
    return this.#waited(signal, () => ({
      reference, digest: top.descriptor.digest, manifests, formats, repository,
      places: manifests.flatMap(({ descriptor }) => formats.map((kind) => (kind === 'legacy' ? `${name}:${descriptor.digest.replace(':', '-')}.sig` : said`a referrer of ${name}@${descriptor.digest}`))),
    }));
  }
  async signImage(request: ImageSigning, onProgress: Progress, signal: AbortSignal): Promise<readonly SignedManifest[]> {
    const jobs = request.plan.manifests.flatMap(({ descriptor }) => request.plan.formats.map((format) => ({ digest: descriptor.digest, format, outcome: this.outcome })));
    onProgress(0, jobs.length);
    onProgress(1, jobs.length);
    return this.#waited(signal, () => { this.signedImages.push(request); return jobs; });
  }
  async signFile(request: FileSigning, onProgress: Progress, signal: AbortSignal): Promise<void> {
    onProgress(1_000_000, 4_000_000);
    await this.#waited(signal, () => { this.signedFiles.push(request); });
    for (const path of [request.signature, request.bundle]) if (path !== undefined) fake.write(path, 'signature');
  }
  signaturesOf(file: string): Promise<readonly FileSignature[]> {
    const all = [{ path: `${file}.sig`, format: 'signature' }, { path: `${file}.sigstore.json`, format: 'bundle' }] as const;
    return Promise.resolve(all.filter(({ path }) => fake.files.has(path)));
  }
  verifyDigest(): Promise<FileVerdict> {
    return Promise.reject(new Error('verifyDigest is not expected here'));
  }

  verifyFile(file: string, _trust: TrustSettings, onProgress: Progress, signal: AbortSignal): Promise<FileVerdict> {
    this.verified.push(file);
    onProgress(1, 2);
    return this.#waited(signal, () => this.verdict);
  }

  /** As the contract says: cancelled calls reject with the signal's reason. */
  async #waited<T>(signal: AbortSignal, work: () => T): Promise<T> {
    const aborted = new Promise<never>((_resolve, reject) => { signal.addEventListener('abort', () => reject(signal.reason as Error)); });
    await Promise.race([this.gate, aborted]);
    signal.throwIfAborted();
    if (this.failure) throw this.failure;
    return work();
  }
}
