// Runs the real skopeo with a trust policy of the test's own: what podman and buildah would say about an image.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SkopeoAnswer {
  readonly accepted: boolean;
  readonly stderr: string;
}

export class Skopeo {
  readonly #program: string;
  readonly #directory = mkdtempSync(join(tmpdir(), 'countersign-skopeo-'));
  #runs = 0;

  constructor(program: string) {
    this.#program = program;
  }

  /** Whether it takes the text for a policy; nothing is copied. */
  async readsPolicy(policy: string): Promise<boolean> {
    const { stderr } = await this.#run(policy, [], ['copy', 'dir:/nonexistent', 'dir:/nonexistent2']);
    if (/invalid policy in/.test(stderr)) return false;
    if (!stderr.includes('/nonexistent')) throw new Error(`skopeo said something else: ${stderr}`);
    return true;
  }

  /** Copies an image from a plain http registry into a folder, which it does when the policy lets it. */
  async copies(policy: string, registriesD: readonly string[], image: string, platform = 'linux/amd64'): Promise<SkopeoAnswer> {
    const [os = '', architecture = ''] = platform.split('/');
    const { code, stderr } = await this.#run(policy, registriesD, ['--override-os', os, '--override-arch', architecture, 'copy', '--src-tls-verify=false', `docker://${image}`, `dir:${join(this.#directory, `copy${this.#runs}`)}`]);
    return { accepted: code === 0, stderr };
  }

  /** Copies an image between plain http registries, with what the settings of the registries say about signatures. */
  async mirrors(policy: string, registriesD: readonly string[], image: string, target: string): Promise<SkopeoAnswer> {
    const { code, stderr } = await this.#run(policy, registriesD, ['copy', '--src-tls-verify=false', '--dest-tls-verify=false', `docker://${image}`, `docker://${target}`]);
    return { accepted: code === 0, stderr };
  }

  /** Any other command, asked for with a policy that accepts everything. */
  async other(args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    return { stdout: '', ...await this.#run(JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }), [], args) };
  }

  #run(policy: string, registriesD: readonly string[], args: readonly string[]): Promise<{ code: number; stderr: string }> {
    const folder = join(this.#directory, String(this.#runs++));
    mkdirSync(join(folder, 'registries.d'), { recursive: true });
    writeFileSync(join(folder, 'policy.json'), policy);
    for (const [index, text] of registriesD.entries()) writeFileSync(join(folder, 'registries.d', `${index}.yaml`), text);
    return new Promise((resolve) => {
      const env = { PATH: process.env['PATH'] ?? '', HOME: this.#directory };
      execFile(this.#program, ['--policy', join(folder, 'policy.json'), '--registries.d', join(folder, 'registries.d'), ...args], { env, timeout: 60_000 }, (error, _stdout, stderr) => {
        resolve({ code: error ? (typeof error.code === 'number' ? error.code : -1) : 0, stderr });
      });
    });
  }
}
