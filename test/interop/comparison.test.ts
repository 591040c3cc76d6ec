// The comparison in the README, run for real: each row is a question, asked of us, of the real cosign 2.5 and 3.1, and of skopeo, which verifies as podman does.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { policy } from '../support/containersPolicies.ts';
import type { Cosign } from '../support/cosign.ts';
import { requirePeers } from '../support/peers.ts';
import { Skopeo } from '../support/skopeo.ts';
import { CommandLines, signFlags } from './commandLines.ts';

const programs = ['Countersign', 'cosign 2.5', 'cosign 3.1', 'skopeo 1.18'] as const;
type Program = (typeof programs)[number];
/** True: yes. */
type Ask = (program: Program) => Promise<boolean>;

const page = resolve('README.md');
const [begin, end] = ['<!-- the comparison -->', '<!-- end of the comparison -->'];
const rows: string[] = [];
let lines: CommandLines;
let skopeo: Skopeo;
/** Where podman looks for cosign's signatures: not in Sigstore bundles, and nowhere unless it is told so. */
const attachments = ['default-docker:\n  use-sigstore-attachments: true\n'];

before(async () => {
  const peers = await requirePeers(['cosign2', 'cosign3', 'registry', 'skopeo']);
  lines = await CommandLines.start(peers);
  skopeo = new Skopeo(peers.skopeo);
});
after(async () => { await lines.registry.close(); });

const peer = (program: Program): Cosign => (program === 'cosign 2.5' ? lines.two : lines.three);

async function run(program: Program, words: readonly string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  if (program === 'Countersign') return lines.ours(words);
  if (program === 'skopeo 1.18') return skopeo.other(words);
  const flags = words[0] === 'copy' ? ['--allow-http-registry'] : ['--insecure-ignore-tlog', '--allow-http-registry'];
  return lines.theirs(peer(program), [...words, ...flags]);
}

async function verifies(program: Program, image: string): Promise<boolean> {
  if (program !== 'skopeo 1.18') return (await run(program, ['verify', '--key', lines.path('ours.pub'), image])).code === 0;
  const demand = [{ type: 'sigstoreSigned', keyPath: lines.path('ours.pub'), signedIdentity: { type: 'matchRepository' } }];
  const { accepted, stderr } = await skopeo.copies(policy(demand), attachments, image);
  assert.ok(!/not supported|built without/i.test(stderr), `this skopeo verifies no signatures of cosign: ${stderr}`);
  return accepted;
}

async function sign(image: string, pair: string, format: 'legacy' | 'bundle'): Promise<void> {
  const { code, stderr } = await lines.theirs(lines.three, ['sign', '--key', lines.path(`${pair}.key`), ...signFlags(lines.three, format), image]);
  assert.equal(code, 0, stderr);
}

async function signedImage(format: 'legacy' | 'bundle'): ReturnType<CommandLines['image']> {
  const image = await lines.image('compared');
  await sign(image.byDigest, 'ours', format);
  return image;
}

async function dockerfile(program: Program, text: string): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  // All are asked at the same time.
  const file = program === 'Countersign' || program === 'skopeo 1.18' ? lines.path(`Dockerfile.${program.slice(0, 6)}`) : join(peer(program).directory, 'Dockerfile');
  writeFileSync(file, text);
  return run(program, ['dockerfile', 'verify', '--key', lines.path('ours.pub'), file]);
}

/** Passes with a signed image in that place, and fails with an unsigned one: so it is looked at. */
function looksAt(text: (base: string, image: string) => string): Ask {
  return async (program) => {
    const [base, signed, bare] = [await signedImage('legacy'), await signedImage('legacy'), await lines.image('compared')];
    const passes = async (image: string): Promise<boolean> => (await dockerfile(program, text(base.tagged, image))).code === 0;
    return await passes(signed.tagged) && !await passes(bare.tagged);
  };
}

const questions: readonly (readonly [string, Ask])[] = [
  ['`verify`: legacy signatures', async (program) => verifies(program, (await signedImage('legacy')).tagged)],
  ['`verify`: Sigstore bundles of images', async (program) => verifies(program, (await signedImage('bundle')).tagged)],
  ['`verify`: a good legacy signature counts beside a stranger\'s bundle', async (program) => {
    const { tagged, byDigest } = await signedImage('legacy');
    await sign(byDigest, 'cosign3', 'bundle');
    return verifies(program, tagged);
  }],
  ['`copy`: legacy signatures come along', async (program) => copied(program, 'legacy')],
  ['`copy`: bundles come along', async (program) => copied(program, 'bundle')],
  ['`dockerfile verify`: the images of `FROM`', looksAt((base, image) => `FROM ${base} AS base\nFROM ${image}\n`)],
  ['`dockerfile verify`: `FROM` with the default of an `ARG`', looksAt((_base, image) => `ARG BASE=${image}\nFROM \${BASE}\n`)],
  ['`dockerfile verify`: `FROM` with `${NAME:-default}`', looksAt((_base, image) => `ARG BASE\nFROM \${BASE:-${image}}\n`)],
  ['`dockerfile verify`: `COPY --from`', looksAt((base, image) => `FROM ${base}\nCOPY --from=${image} / /\n`)],
  ['`dockerfile verify`: `RUN --mount=from`', looksAt((base, image) => `FROM ${base}\nRUN --mount=type=bind,from=${image},target=/x true\n`)],
  ['`dockerfile verify`: `ONBUILD COPY --from`', looksAt((base, image) => `FROM ${base} AS base\nONBUILD COPY --from=${image} / /\nFROM base\n`)],
  ['`dockerfile verify`: the `# syntax=` frontend', looksAt((base, image) => `# syntax=${image}\nFROM ${base}\n`)],
  ['`dockerfile verify`: goes on after an image that fails', async (program) => {
    const [bare, signed] = [await lines.image('compared'), await signedImage('legacy')];
    const { stdout, stderr } = await dockerfile(program, `FROM ${bare.tagged} AS bare\nFROM ${signed.tagged}\n`);
    return (stdout + stderr).includes(signed.digest);
  }],
  ['`dockerfile verify`: an exit code of its own for "could not check"', async (program) => {
    const bare = await lines.image('compared');
    const [unsigned, unchecked] = [await dockerfile(program, `FROM ${bare.tagged}\n`), await dockerfile(program, 'FROM 127.0.0.1:1/demo/nothing:1\n')];
    const wrong = await run(program, ['dockerfile', 'verify', '--key', lines.path('ours.pub'), lines.path('no-such-file')]);
    return new Set([0, unsigned.code, unchecked.code, wrong.code]).size === 4;
  }],
];

async function copied(program: Program, format: 'legacy' | 'bundle'): Promise<boolean> {
  const source = await signedImage(format);
  const target = `${lines.registry.host}/${lines.repository('copy')}:1.0`;
  if (program === 'skopeo 1.18') {
    const { accepted, stderr } = await skopeo.mirrors(policy([{ type: 'insecureAcceptAnything' }]), attachments, source.tagged, target);
    assert.ok(accepted, stderr);
  } else {
    const { code, stderr } = await run(program, ['copy', source.tagged, target]);
    assert.equal(code, 0, stderr);
  }
  // The one that reads both.
  return verifies('Countersign', target);
}

describe('the comparison', () => {
  for (const [row, ask] of questions) {
    it(row, async () => {
      const answers = await Promise.all(programs.map(ask));
      assert.equal(answers[0], true);
      rows.push(`| ${row} | ${answers.map((yes) => (yes ? 'yes' : 'no')).join(' | ')} |`);
    });
  }

  it('is the table of the README', () => {
    const text = readFileSync(page, 'utf8');
    const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
    const measured = [`| | ${programs.join(' | ')} |`, '| --- | --- | --- | --- | --- |', ...rows].join('\n');
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(page, `${text.slice(0, from)}\n\n${measured}\n\n${text.slice(to)}`);
    else assert.equal(text.slice(from, to).trim(), measured);
  });
});
