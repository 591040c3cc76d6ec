// Runs the real cosign programs, never uploading to a log, with everything they write in a folder of the test's own.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type SignatureFormat = 'legacy' | 'bundle';

export interface CosignResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Cosign {
  readonly #program: string;
  /** 2 or 3. */
  readonly major: 2 | 3;
  readonly directory: string;

  constructor(program: string, major: 2 | 3) {
    this.#program = program;
    this.major = major;
    this.directory = mkdtempSync(join(tmpdir(), `countersign-cosign${major}-`));
    writeFileSync(join(this.directory, 'root.json'), '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}');
  }

  /** @param options.password null: COSIGN_PASSWORD is not set */
  run(args: readonly string[], options: { readonly password?: string | null; readonly env?: Readonly<Record<string, string>>; readonly input?: string } = {}): Promise<CosignResult> {
    return new Promise((resolve) => {
      const env = { PATH: process.env['PATH'] ?? '', HOME: this.directory, ...(options.password === null ? {} : { COSIGN_PASSWORD: options.password ?? '' }), TUF_ROOT: join(this.directory, 'tuf'), ...options.env };
      const child = execFile(this.#program, [...args], { cwd: this.directory, env, timeout: 60_000, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
        resolve({ code: error ? (typeof error.code === 'number' ? error.code : -1) : 0, stdout, stderr });
      });
      // A program that reads nothing may have ended before.
      child.stdin?.on('error', () => undefined).end(options.input ?? '');
    });
  }

  async must(args: readonly string[], options: { readonly password?: string | null; readonly env?: Readonly<Record<string, string>> } = {}): Promise<CosignResult> {
    const result = await this.run(args, options);
    if (result.code !== 0) throw new Error(`cosign ${args.join(' ')} ended with ${result.code}: ${result.stderr}`);
    return result;
  }

  /** Makes `name.key` and `name.pub`; @returns their paths and the public PEM */
  async generateKeyPair(name: string): Promise<{ key: string; pub: string; pem: string }> {
    await this.must(['generate-key-pair', '--output-key-prefix', name]);
    const [key, pub] = [join(this.directory, `${name}.key`), join(this.directory, `${name}.pub`)];
    return { key, pub, pem: readFileSync(pub, 'utf8') };
  }

  /** Signs with no log. cosign 2.5 knows the legacy format only. */
  async sign(key: string, image: string, format: SignatureFormat, more: readonly string[] = []): Promise<void> {
    const formatFlags = this.major === 2 ? [] : format === 'legacy' ? ['--new-bundle-format=false', '--use-signing-config=false'] : ['--use-signing-config=false'];
    await this.must(['sign', '--key', key, '--tlog-upload=false', '--yes', '--allow-http-registry', ...formatFlags, ...more, image]);
  }

  verify(pub: string, image: string, more: readonly string[] = []): Promise<CosignResult> {
    return this.run(['verify', '--key', pub, '--insecure-ignore-tlog', '--allow-http-registry', ...more, image]);
  }
}
