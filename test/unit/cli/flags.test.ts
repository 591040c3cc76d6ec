// Flags as cosign spells them, and what is said about those that are not understood.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseFlags, UsageError, withEnvironment, type Flag } from '../../../src/cli/flags.ts';
import { runCommand } from '../../support/cliMachine.ts';

const known: readonly Flag[] = [
  { name: 'key', value: 'REF', many: true, summary: '' },
  { name: 'annotations', short: 'a', value: 'K=V', many: true, summary: '' },
  { name: 'output', short: 'o', value: 'FORMAT', choices: ['json', 'text'], summary: '' },
  { name: 'check-claims', summary: '' },
  { name: 'yes', short: 'y', summary: '' },
  { name: 'recursive', short: 'r', summary: '' },
];

describe('flags', () => {
  it('are taken in every spelling of Go\'s', () => {
    const { flags, operands } = parseFlags(['--key', 'a.pub', 'image', '--key=b.pub', '-a', 'x=1', '-ay=2', '-ojson', '--', '--key'], known);
    assert.deepEqual([flags.all('key'), flags.all('annotations'), flags.text('output'), operands], [['a.pub', 'b.pub'], ['x=1', 'y=2'], 'json', ['image', '--key']]);
    const joined = parseFlags(['-o=json', '-a=x=1', '-a==1', '-a=', '--annotations==y=2', '-yo=text'], known).flags;
    assert.deepEqual([joined.all('output'), joined.all('annotations'), joined.on('yes')], [['json', 'text'], ['x=1', '=1', '', '=y=2'], true]);
  });

  it('may be switches with a value, several letters at once, and off again', () => {
    const { flags } = parseFlags(['--check-claims=false', '-yr', '--yes=F'], known);
    assert.deepEqual([flags.on('check-claims', true), flags.on('recursive'), flags.on('yes')], [false, true, false]);
    assert.equal(parseFlags([], known).flags.on('check-claims', true), true);
  });

  it('take a value that begins with a dash, as Go does', () => {
    assert.deepEqual(parseFlags(['--key', '-'], known).flags.all('key'), ['-']);
    assert.deepEqual(parseFlags(['--key', '--yes'], known).flags.all('key'), ['--yes']);
  });

  it('are refused when they are unknown, lack a value or have a wrong one', () => {
    for (const words of [['--keys', 'a'], ['-x'], ['--key'], ['-a'], ['--yes=maybe'], ['--output', 'xml'], ['--no-yes'], ['--constructor'], ['--__proto__=1']]) {
      assert.throws(() => parseFlags(words, known), UsageError, words.join(' '));
    }
  });

  it('are suggested where one was nearly written', () => {
    for (const [written, meant] of [['--keys', '--key'], ['--recurisve', '--recursive'], ['--check-claim', '--check-claims'], ['--annot', '--annotations']] as const) {
      assert.throws(() => parseFlags([written], known), new RegExp(`Did you mean ${meant}\\?`));
    }
    assert.throws(() => parseFlags(['--frobnicate'], known), /unknown flag: --frobnicate\.$/);
  });
});

describe('the command line', () => {
  it('tells what there is', async () => {
    for (const words of [[], ['--help'], ['-h'], ['help']]) {
      const { code, stdout, stderr } = await runCommand(words);
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, /dockerfile images/);
    }
  });

  it('tells about each command, in both spellings', async () => {
    const { code, stdout } = await runCommand(['dockerfile', 'images', '--help']);
    assert.equal(code, 0);
    assert.match(stdout, /Usage: countersign dockerfile images \[FLAGS\] FILE…/);
    assert.equal((await runCommand(['help', 'dockerfile', 'images'])).stdout, stdout);
  });

  it('says its version', async () => assert.equal((await runCommand(['--version'])).stdout, 'countersign 1.2.3\n'));

  it('refuses what it does not know with exit code 1 and the likely word', async () => {
    for (const [words, said] of [
      [['frob'], /unknown command "frob"/], [['dockerfile'], /needs one more word/], [['dockerfile', 'image', 'x'], /Did you mean "dockerfile images"/],
      [['dockerfile', 'images'], /needs FILE/], [['dockerfile', 'images', '--outptu', 'json', 'x'], /Did you mean --output/],
      [['dockerfile', 'images', '--build-arg', '=x', 'x'], /--build-arg must be NAME=VALUE/],
    ] as const) {
      const { code, stdout, stderr } = await runCommand(words);
      assert.deepEqual([code, stdout], [1, ''], words.join(' '));
      assert.match(stderr, said);
      assert.match(stderr, /^Error: .*\n$/);
    }
  });
});

describe('flags of the environment', () => {
  const of = (words: readonly string[], env: Readonly<Record<string, string>>): ReturnType<typeof withEnvironment> => withEnvironment(parseFlags(words, known).flags, known, env);

  it('stand for those that the command line does not give', () => {
    const flags = of(['--key', 'mine.pub'], { COSIGN_KEY: 'theirs.pub', COSIGN_CHECK_CLAIMS: 'false', COSIGN_OUTPUT: 'json', COSIGN_YES: '1', COSIGN_ANNOTATIONS: 'a=1' });
    assert.deepEqual(flags.all('key'), ['mine.pub']);
    assert.deepEqual([flags.on('check-claims', true), flags.text('output'), flags.on('yes'), flags.all('annotations')], [false, 'json', true, ['a=1']]);
  });

  it('count for nothing when they are empty, or when the command has no such flag', () => {
    const flags = of([], { COSIGN_KEY: '', COSIGN_RECURSIVE: '', COSIGN_PASSWORD: 'secret', COSIGN_REPOSITORY: 'r.io/a', COSIGN_HELP: 'true' });
    assert.deepEqual(known.map(({ name }) => flags.has(name)), known.map(() => false));
    assert.equal(flags.has('password'), false);
  });

  it('count for nothing where the command line says it in another way, or where cosign has no such flag', () => {
    const flags: readonly Flag[] = [
      { name: 'key', value: 'REF', many: true, instead: ['policy'], summary: '' }, { name: 'policy', value: 'FILE', ownOnly: true, summary: '' },
      { name: 'yes', ownOnly: true, summary: '' },
    ];
    const env = { COSIGN_KEY: 'a.pub', COSIGN_POLICY: 'theirs.json', COSIGN_YES: 'maybe' };
    const names = (words: readonly string[]): readonly string[] => flags.map(({ name }) => name).filter((name) => withEnvironment(parseFlags(words, flags).flags, flags, env).has(name));
    assert.deepEqual([names([]), names(['--policy', 'mine.json'])], [['key'], ['policy']]);
  });

  it('that are wrong are refused by name', () => {
    assert.throws(() => of([], { COSIGN_OUTPUT: 'yaml' }), /^UsageError: COSIGN_OUTPUT must be one of json, text/);
    assert.throws(() => of([], { COSIGN_YES: 'maybe' }), /^UsageError: COSIGN_YES is for a switch: set it to true or false/);
  });

  it('do not turn a wrong command line into a right one', async () => {
    const { code, stderr } = await runCommand(['dockerfile', 'images', '--frob', 'x'], { env: { COSIGN_OUTPUT: 'yaml' } });
    assert.equal(code, 1);
    assert.match(stderr, /unknown flag/);
  });
});
