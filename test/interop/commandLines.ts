// The command line as a process beside the real cosign 2.5 and 3.1: key pairs of all three, a registry, and all that was ever said.
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CliProcess, type ProcessOptions, type ProcessResult } from '../support/cliProcess.ts';
import { Cosign, type CosignResult } from '../support/cosign.ts';
import { pushImage, type PushedImage } from '../support/images.ts';
import { startDistribution, type Distribution } from '../support/peers.ts';

export const password = 'canary password 7f3a';

export interface Pair { readonly by: string; readonly key: string; readonly pub: string }

export class CommandLines {
  readonly registry: Distribution;
  readonly two: Cosign;
  readonly three: Cosign;
  /** Made by us, by 2.5 and by 3.1; all in our folder. */
  readonly pairs: readonly Pair[];
  readonly cli: CliProcess;
  readonly #said: string[] = [];
  #next = 0;

  private constructor(cli: CliProcess, registry: Distribution, two: Cosign, three: Cosign) {
    [this.cli, this.registry, this.two, this.three] = [cli, registry, two, three];
    this.pairs = ['ours', 'cosign2', 'cosign3'].map((by) => ({ by, key: this.path(`${by}.key`), pub: this.path(`${by}.pub`) }));
  }

  static async start(peers: { readonly cosign2: string; readonly cosign3: string }): Promise<CommandLines> {
    const [cli, registry] = await Promise.all([CliProcess.build(), startDistribution()]);
    const lines = new CommandLines(cli, registry, new Cosign(peers.cosign2, 2), new Cosign(peers.cosign3, 3));
    await lines.must(['generate-key-pair', '--output-key-prefix', 'ours']);
    for (const cosign of [lines.two, lines.three]) {
      await cosign.must(['generate-key-pair', '--output-key-prefix', 'theirs'], { password });
      for (const ending of ['key', 'pub']) copyFileSync(join(cosign.directory, `theirs.${ending}`), lines.path(`cosign${cosign.major}.${ending}`));
    }
    return lines;
  }

  async ours(words: readonly string[], options: ProcessOptions = {}): Promise<ProcessResult> {
    const result = await this.cli.run(words, { ...options, env: { COSIGN_PASSWORD: password, ...options.env } });
    this.#said.push(words.join(' '), result.stdout, result.stderr);
    return result;
  }

  async must(words: readonly string[], options: ProcessOptions = {}): Promise<ProcessResult> {
    const result = await this.ours(words, options);
    assert.equal(result.code, 0, `${words.join(' ')}: ${result.stderr}`);
    return result;
  }

  theirs(cosign: Cosign, words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CosignResult> {
    return cosign.run(words, { password, env });
  }

  /** In our folder. */
  path(name: string): string {
    return join(this.cli.directory, name);
  }

  repository(name: string): string {
    return `demo/${name}-${++this.#next}`;
  }

  async image(name: string): Promise<PushedImage & { readonly tagged: string }> {
    const pushed = await pushImage(this.registry.host, this.repository(name), '1.0');
    return { ...pushed, tagged: `${this.registry.host}/${pushed.repository}:1.0` };
  }

  /** No password and no private key stands among the arguments, the output or the errors. */
  assertNoSecretSaid(): void {
    assert.ok(this.#said.length > 50);
    const keys = this.pairs.flatMap(({ key }) => readFileSync(key, 'utf8').split('\n').filter((line) => line.length > 40 && !line.startsWith('-----')));
    for (const secret of [password, ...keys]) assert.ok(!this.#said.some((text) => text.includes(secret)), 'a secret was said');
  }
}

/** Flags that make cosign sign without a log. */
export function signFlags({ major }: Cosign, format: string): readonly string[] {
  return ['--tlog-upload=false', '--yes', '--allow-http-registry', ...(major === 2 ? [] : ['--use-signing-config=false', ...(format === 'legacy' ? ['--new-bundle-format=false'] : [])])];
}
