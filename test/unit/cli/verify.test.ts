// `verify` and `dockerfile verify`: verdicts → output, words and exit codes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import Ajv from 'ajv';
import sarifSchema from '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json';
import { CosignError } from '../../../src/core/errors.ts';
import { said } from '../../../src/core/said.ts';
import type { VerifyQuery, EngineSettings } from '../../../src/core/engine.ts';
import { canonicalName } from '../../../src/core/oci/reference.ts';
import type { Verdict } from '../../../src/core/policy/verdict.ts';
import { verdictEngine } from '../../support/cliEngine.ts';
import { runCommand, type CommandResult } from '../../support/cliMachine.ts';
import { digest, evidence, verdicts } from '../../face/fakeEngine.ts';

const payload = (optional: string): Uint8Array => new TextEncoder().encode(
  `{"critical":{"identity":{"docker-reference":"r.io/app"},"image":{"docker-manifest-digest":"${digest('a')}"},"type":"cosign container image signature"},"optional":${optional}}`);
const signature = { store: 'signature tag', manifest: digest('b'), blob: digest('c'), annotations: {}, signedBy: { key: 'k.pub', fingerprint: 'SHA256:abc' } } as const;
const notFound: Verdict = { kind: 'unchecked', reason: new CosignError('IMAGE_NOT_FOUND', said`r.io/app has no such image.`), checkedAt: 0 };

const verified: Verdict = { ...verdicts.verified, signatures: verdicts.verified.signatures.map((one) => ({ ...one, payload: payload('null') })) };
const known: Readonly<Record<string, Verdict>> = { ...verdicts, verified, missing: notFound };
const byRepository = ({ reference }: VerifyQuery): Verdict => known[reference.repository] ?? verified;
const run = async (words: readonly string[], files: Readonly<Record<string, string>> = {}, verdictOf: (query: VerifyQuery) => Verdict | Promise<Verdict> = byRepository, more: Parameters<typeof runCommand>[1] = {}): Promise<CommandResult & { readonly queries: readonly VerifyQuery[]; readonly disposed: number }> => {
  const engine = verdictEngine(verdictOf);
  const result = await runCommand(words, { files, openEngine: () => Promise.resolve(engine), ...more });
  return { ...result, queries: engine.queries, disposed: engine.disposed };
};

describe('verify', () => {
  it('ends with the exit code of its verdict, and with the worst of several', async () => {
    const cases: readonly (readonly [readonly string[], number])[] = [
      [['verified'], 0], [['unsigned'], 10], [['missing'], 11], [['untrusted'], 12], [['unchecked'], 20],
      [['verified', 'unchecked'], 20], [['unchecked', 'missing'], 11], [['missing', 'unsigned', 'unchecked'], 10], [['unsigned', 'untrusted', 'missing'], 12],
    ];
    for (const [names, code] of cases) {
      const result = await run(['verify', '--key', 'k.pub', ...names.map((name) => `r.io/${name}`)]);
      assert.equal(result.code, code, names.join(' '));
      assert.equal(result.stdout === '', !names.includes('verified'), 'only what is verified is on standard output');
      assert.equal(result.disposed, 1);
    }
  });

  it('prints cosign\'s array, members in its order, whatever the payload has', async () => {
    const verdict: Verdict = { kind: 'verified', ...evidence({ signatures: [
      { ...signature, format: 'legacy', payload: payload('{"z":1.5,"a":"<x>","creator":{"b":[1,null,true]}}') },
      ...verdicts.untrusted.signatures,
      { ...signature, format: 'legacy', payload: new TextEncoder().encode(`{"optional":null,"other":1,"critical":{"type":"t","image":{"docker-manifest-digest":"${digest('a')}"},"identity":{}}}`) },
      { ...signature, format: 'bundle', store: 'referrers API', predicateType: 'https://sigstore.dev/cosign/sign/v1', annotations: { env: 'prod' } },
    ] }) };
    const { stdout, stderr } = await run(['verify', '--key', 'k.pub', 'alpine'], {}, () => verdict);
    const image = `"image":{"docker-manifest-digest":"${digest('a')}"}`;
    assert.equal(stdout, `\n[${[
      `{"critical":{"identity":{"docker-reference":"r.io/app"},${image},"type":"cosign container image signature"},"optional":{"a":"\\u003cx\\u003e","creator":{"b":[1,null,true]},"z":1.5}}`,
      `{"critical":{"identity":{"docker-reference":""},${image},"type":"t"},"optional":null}`,
      `{"critical":{"identity":{"docker-reference":"index.docker.io/library/alpine:latest"},${image},"type":"https://sigstore.dev/cosign/sign/v1"},"optional":{"env":"prod"}}`,
    ].join(',')}]\n`);
    assert.match(stderr, /^\nVerification for index\.docker\.io\/library\/alpine:latest --\n/);
    assert.match(stderr, /claims were validated\n.*verified against the specified public key\nNo transparency log was consulted\.\n$/);
  });

  it('prints the payloads themselves with --output text, and nothing on standard error when quiet', async () => {
    const verdict: Verdict = { kind: 'verified', ...evidence({ signatures: [{ ...signature, format: 'legacy', payload: payload('null') }] }) };
    const { stdout, stderr } = await run(['verify', '--key', 'k.pub', '-o', 'text', '--quiet', 'alpine'], {}, () => verdict);
    assert.deepEqual([stdout, stderr], [`${new TextDecoder().decode(payload('null'))}\n`, '']);
  });

  it('asks for annotations as cosign reads them, and not with --check-claims=false', async () => {
    const annotations = async (...words: readonly string[]): Promise<unknown> => {
      const { queries } = await run(['verify', '--key', 'k.pub', ...words, 'alpine']);
      return queries[0]?.trust.policies.map((policy) => ({ ...policy.annotations }));
    };
    assert.deepEqual(await annotations('-a', 'a=1,b=2', '-a', 'c=x=y', '--annotations', '"d=1,2"'), [{ a: '1', b: '2', c: 'x=y', d: '1,2' }]);
    assert.deepEqual(await annotations('-a', 'a=1', '-a', 'a=2', '-a', '__proto__=x'), [Object.assign(Object.create(null) as object, { a: '2', ['__proto__']: 'x' })].map((map) => ({ ...map })));
    assert.deepEqual(await annotations(), []);
    const { queries, stderr } = await run(['verify', '--key', 'k.pub', '-a', 'a=1', '--check-claims=false', 'alpine']);
    assert.deepEqual([queries[0]?.trust.policies, queries[0]?.checkClaims], [[], false]);
    assert.doesNotMatch(stderr, /claims|annotations/);
    assert.equal((await run(['verify', '--key', 'k.pub', '-a', 'bad', 'alpine'])).code, 1);
    assert.equal((await run(['verify', '--key', 'k.pub', '-a', '"a=1', 'alpine'])).code, 1);
  });

  it('refuses what cannot be asked with exit code 1 before it asks', async () => {
    for (const words of [['alpine'], ['--key', 'k.pub', 'A:B:C'], ['--key', 'k.pub'], ['--key', 'k.pub', '--timeout', 'soon', 'alpine'], ['--key', 'k.pub', '--registry-username', 'ada', 'alpine']]) {
      const { code, queries, stdout } = await run(['verify', ...words]);
      assert.deepEqual([code, queries.length, stdout], [1, 0, ''], words.join(' '));
    }
  });

  it('looks where COSIGN_REPOSITORY says', async () => {
    const { queries } = await run(['verify', '--key', 'k.pub', 'alpine'], {}, byRepository, { env: { COSIGN_REPOSITORY: 'r.io/signatures' } });
    assert.deepEqual(queries[0]?.signatureRepository, { registry: 'r.io', repository: 'signatures' });
    assert.equal((await run(['verify', '--key', 'k.pub', 'alpine'], {}, byRepository, { env: { COSIGN_REPOSITORY: 'r.io/signatures:tag' } })).code, 1);
  });

  it('says "could not check" when time runs out, and nothing at all when it is stopped', async () => {
    const waits = (query: VerifyQuery): Promise<Verdict> => (query.reference.repository === 'slow' ? new Promise(() => undefined) : Promise.resolve(verified));
    const engine = verdictEngine(waits);
    const verify = engine.verify.bind(engine);
    engine.verify = (query, signal) => Promise.race([verify(query, signal), new Promise<Verdict>((_, reject) => { signal.addEventListener('abort', () => { reject(signal.reason as Error); }); })]);
    const late = await runCommand(['verify', '--key', 'k.pub', '--timeout', '50ms', '-o', 'text', 'r.io/slow', 'r.io/verified'], { openEngine: () => Promise.resolve(engine) });
    assert.equal(late.code, 20);
    assert.match(late.stderr, /did not end within/);
    const stop = new AbortController();
    setTimeout(() => { stop.abort(new Error('stopped')); }, 20);
    const stopped = runCommand(['verify', '--key', 'k.pub', 'r.io/slow', 'r.io/verified'], { openEngine: () => Promise.resolve(engine) }, stop.signal);
    await assert.rejects(stopped, /stopped/);
  });

  it('sends a login of the command line to the named registries only', async () => {
    let login: unknown;
    const seen: EngineSettings[] = [];
    const open: NonNullable<Parameters<typeof runCommand>[1]>['openEngine'] = (settings) => {
      login = settings.flags?.login;
      seen.push(settings);
      return Promise.resolve(verdictEngine(byRepository));
    };
    await runCommand(['verify', '--key', 'k.pub', '--registry-username', 'ada', 'r.io/a', 's.io:5000/b'], { openEngine: open, env: { COSIGN_REGISTRY_PASSWORD: 'secret' } });
    assert.deepEqual(login, { registries: ['r.io', 's.io:5000'], credentials: { kind: 'basic', username: 'ada', password: 'secret' } });
    const certificate = ['--registry-client-cert', 'c.pem', '--registry-client-key', '/c.key', '--registry-server-name', 'inner'];
    await runCommand(['verify', '--key', 'k.pub', ...certificate, '--ignore-system-config', 'r.io/a'], { openEngine: open });
    const { flags, useSystemConfiguration } = seen.pop() ?? {};
    assert.deepEqual(flags?.clientCertificate, { registries: ['r.io'], certificate: '/work/c.pem', key: '/c.key' });
    assert.deepEqual([flags.serverName, useSystemConfiguration], [{ registries: ['r.io'], name: 'inner' }, false]);
    const alone = await runCommand(['verify', '--key', 'k.pub', '--registry-client-cert', 'c.pem', 'r.io/a'], { openEngine: open });
    assert.match(alone.stderr, /belong together/);
    await runCommand(['verify', '--key', 'k.pub', '--registry-token', 'abc', 'r.io/a'], { openEngine: open });
    assert.deepEqual(login, { registries: ['r.io'], credentials: { kind: 'bearer', token: 'abc' } });
  });
});

const dockerfile = 'FROM r.io/unsigned\nFROM r.io/untrusted\nARG X\nFROM r.io/unchecked:$X\nFROM r.io/verified AS last\nCOPY --from=r.io/missing / /\nFROM last\n';

describe('dockerfile verify', () => {
  it('says in JSON what `dockerfile images` says, and the verdict with its signatures', async () => {
    const { code, stdout, stderr } = await run(['dockerfile', 'verify', '--key', 'k.pub', 'f', 'g'], { f: dockerfile, g: 'FROM scratch\n' });
    const images = await runCommand(['dockerfile', 'images', '-o', 'json', 'f', 'g'], { files: { f: dockerfile, g: 'FROM scratch\n' } });
    assert.equal(code, 12);
    const lines = stdout.trim().split('\n').map((line) => JSON.parse(line) as { refs: Record<string, unknown>[] });
    const more = ['digest', 'decidedBy', 'verdict', 'reason', 'signatures', 'policies'];
    const without = lines.map((line) => ({ ...line, refs: line.refs.map((ref) => Object.fromEntries(Object.entries(ref).filter(([name]) => !more.includes(name)))) }));
    assert.deepEqual(without, images.stdout.trim().split('\n').map((line) => JSON.parse(line) as unknown));
    assert.deepEqual(lines.flatMap(({ refs }) => refs).map(({ verdict }) => verdict), ['unsigned', 'untrusted', 'unresolved', 'verified', 'unchecked']);
    const [unsigned, untrusted, , signed, missing] = lines.flatMap(({ refs }) => refs);
    assert.deepEqual([unsigned?.['digest'], unsigned?.['signatures'], unsigned?.['reason']], [digest('a'), [], null]);
    assert.deepEqual(untrusted?.['signatures'], [{ format: 'legacy', store: 'signature tag', key: null, fingerprint: null, reason: { fault: 'other-key', message: 'by a key that does not count here' }, annotations: {}, predicateType: null }]);
    assert.deepEqual(signed?.['signatures'], [{ format: 'legacy', store: 'signature tag', key: 'release', fingerprint: 'SHA256:abc', reason: null, annotations: {}, predicateType: null }]);
    assert.deepEqual([missing?.['reason'], missing?.['digest']], [{ code: 'IMAGE_NOT_FOUND', message: 'r.io/app has no such image.' }, null]);
    assert.match(stderr, /No transparency log was consulted\.\n$/);
  });

  it('prints these very bytes, a line for each file', async () => {
    const { stdout } = await run(['dockerfile', 'verify', '--key', 'k.pub', 'f'], { f: 'FROM --platform=linux/arm64 r.io/verified:1 AS s\n' });
    assert.equal(stdout, `{"file":"f","error":null,"refs":[{"kind":"from","line":1,"range":{"start":{"line":0,"character":28},"end":{"line":0,"character":43}},"raw":"r.io/verified:1","reference":"r.io/verified:1","missing":[],"stage":"s","platform":"linux/arm64",`
      + `"digest":"${digest('a')}","decidedBy":null,"verdict":"verified","reason":null,"signatures":[{"format":"legacy","store":"signature tag","key":"release","fingerprint":"SHA256:abc","reason":null,"annotations":{},"predicateType":null}],"policies":[{"policy":"all keys","satisfied":true,"keys":["release"]}]}]}\n`);
  });

  it('fails for what no policy covers only when told to', async () => {
    const asked = async (...words: readonly string[]): Promise<number> => (await run(['dockerfile', 'verify', '--key', 'k.pub', ...words, 'f'], { f: 'FROM r.io/uncovered\n' })).code;
    assert.deepEqual([await asked(), await asked('--require-policy'), await asked('--require-policy=false')], [0, 20, 0]);
    assert.equal((await run(['dockerfile', 'verify', '--key', 'k.pub', '--require-policy', 'f'], { f: 'FROM r.io/verified\nFROM r.io/uncovered\nFROM r.io/unsigned\n' })).code, 10);
  });

  it('says what led to "could not check" with --verbose, however it is spelled', async () => {
    const unchecked: Verdict = { kind: 'unchecked', checkedAt: 0, reason: new CosignError('REGISTRY_UNREACHABLE', said`r.io cannot be reached.`, { cause: new Error('connect ECONNREFUSED 192.0.2.1:443') }) };
    const told = async (words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<readonly boolean[]> => Promise.all([['dockerfile', 'verify', 'f'], ['verify', 'r.io/a']].map(async (command) =>
      (await run([...command, '--key', 'k.pub', ...words], { f: 'FROM r.io/a\n' }, () => unchecked, { env, files: { f: 'FROM r.io/a\n' } })).stderr.includes('because Error: connect ECONNREFUSED')));
    for (const words of [['--verbose'], ['-d'], ['--verbose=true'], ['-dq'], ['-qd']]) assert.deepEqual(await told(words), [true, true], words.join(' '));
    assert.deepEqual(await told([], { COSIGN_VERBOSE: 'true' }), [true, true]);
    for (const words of [[], ['--verbose=false'], ['-q']]) assert.deepEqual(await told(words), [false, false], words.join(' '));
  });

  it('draws progress on a terminal only, and wipes it away', async () => {
    const drawn = async (words: readonly string[], isTerminal: boolean): Promise<CommandResult> => run(['dockerfile', 'verify', '--key', 'k.pub', ...words, 'f'], { f: dockerfile }, byRepository, { isTerminal, files: { f: dockerfile } });
    const { stderr, stdout } = await drawn([], true);
    assert.match(stderr, /^\r\u001b\[KVerifying: 0 of 4.*Verifying: 4 of 4\r\u001b\[K/s);
    assert.doesNotMatch(stdout, /\u001b|Verifying/);
    assert.doesNotMatch((await drawn([], false)).stderr, /\u001b|\r/);
    assert.doesNotMatch((await drawn(['--quiet'], true)).stderr, /\u001b|\r/);
  });

  it('ends with the worst exit code, a file that a build refuses being a failure', async () => {
    const cases: readonly (readonly [string, number])[] = [
      ['FROM r.io/verified\n', 0], ['FROM scratch\n', 0], ['FROM r.io/uncovered\n', 0], ['FROM r.io/verified\nBOGUS\n', 1], ['FROM r.io/unchecked\nBOGUS\n', 1],
      ['FROM r.io/unsigned\nFROM r.io/unchecked\n', 10], [`FROM scratch\nCOPY --from=a@sha512:${'1'.repeat(128)} / /\n`, 20], ['FROM r.io/missing\n', 11], ['', 1],
    ];
    for (const [text, code] of cases) assert.equal((await run(['dockerfile', 'verify', '--key', 'k.pub', '-'], { '-': text })).code, code, text);
    assert.equal((await run(['dockerfile', 'verify', '--key', 'k.pub', 'f', 'missing'], { f: 'FROM r.io/verified\n' })).code, 1);
  });

  it('looks at the base of the last stage only when asked so, through the stages between', async () => {
    const asked = async (text: string): Promise<readonly string[]> =>
      (await run(['dockerfile', 'verify', '--key', 'k.pub', '--base-image-only', 'f'], { f: text })).queries.map(({ reference }) => canonicalName(reference));
    assert.deepEqual(await asked(dockerfile), ['r.io/verified:latest']);
    assert.deepEqual(await asked('FROM a AS b\nFROM c\nCOPY --from=d / /\n'), ['index.docker.io/library/c:latest']);
    assert.deepEqual(await asked('FROM a AS x\nFROM b AS y\nFROM x AS z\nFROM z\n'), ['index.docker.io/library/a:latest']);
    assert.deepEqual(await asked('FROM a\nFROM scratch\n'), []);
  });

  it('passes the platform of the FROM on', async () => {
    const { queries } = await run(['dockerfile', 'verify', '--key', 'k.pub', 'f'], { f: 'FROM --platform=linux/arm64 r.io/a\nFROM r.io/b\n' });
    assert.deepEqual(queries.map(({ platform }) => platform), ['linux/arm64', undefined]);
  });

  it('lets a login follow a Dockerfile to one registry only', async () => {
    const words = ['dockerfile', 'verify', '--key', 'k.pub', '--registry-token', 't', 'f'];
    assert.equal((await run(words, { f: 'FROM r.io/verified\n' })).code, 0);
    const { code, queries } = await run(words, { f: 'FROM r.io/verified\nFROM evil.io/a\n' });
    assert.deepEqual([code, queries.length], [1, 0]);
  });

  it('takes keys and policies from a file, with key paths from its folder', async () => {
    const policy = JSON.stringify({ keys: { default: 'keys/release.pub' }, policies: [{ name: 'ours', images: ['r.io/**'], keys: ['default'], annotations: { env: 'prod' } }] });
    const { code, queries } = await run(['dockerfile', 'verify', '--policy', 'ci/policy.json', 'f'], { 'ci/policy.json': policy, f: 'FROM r.io/verified\n' });
    assert.equal(code, 0);
    assert.deepEqual(queries[0]?.trust.keys, [{ name: 'default', reference: 'keys/release.pub', baseDirectory: '/work/ci' }]);
    assert.deepEqual(queries.flatMap(({ trust }) => trust.policies.map(({ name, images, keys }) => ({ name, images, keys }))), [{ name: 'ours', images: ['r.io/**'], keys: ['default'] }]);
  });

  it('takes ClusterImagePolicies, and refuses those with a mistake', async () => {
    const pem = '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFjGsY4Io/i986K29AEZ88TxmNqtx\njQrHWwIfUH/1+kGsY0iAh8QMtgIMS/8AchgG4vY6NgsEN9LsW57JG+AhjQ==\n-----END PUBLIC KEY-----';
    const cip = `apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata:\n  name: ours\nspec:\n  images:\n    - glob: r.io/**\n  authorities:\n    - key:\n        data: |\n${pem.split('\n').map((line) => `          ${line}`).join('\n')}\n`;
    const { code, queries, stderr } = await run(['dockerfile', 'verify', '--policy', 'p.yaml', 'f'], { 'p.yaml': cip, f: 'FROM r.io/verified\n' });
    assert.equal(code, 0, stderr);
    const { files = [], keys, policies } = queries[0]?.trust ?? { keys: undefined, policies: undefined };
    assert.deepEqual([keys, policies, files.length], [[], [], 1]);
    assert.deepEqual(queries.flatMap(({ reference }) => files.flatMap((file) => file.demandsFor(reference).map(({ policy }) => policy))), ['ours']);
    const wrong = await run(['dockerfile', 'verify', '--policy', 'p.yaml', 'f'], { 'p.yaml': cip.replace('images:', 'imges:'), f: 'FROM r.io/verified\n' });
    assert.deepEqual([wrong.code, wrong.queries.length], [1, 0]);
    assert.match(wrong.stderr, /p\.yaml/);
  });

  it('takes a containers policy', async () => {
    const policy = '{"default":[{"type":"reject"}],"transports":{"docker":{"r.io":[{"type":"insecureAcceptAnything"}]}}}';
    const { queries } = await run(['dockerfile', 'verify', '--policy', 'policy.json', 'f'], { 'policy.json': policy, f: 'FROM r.io/verified\n' });
    assert.deepEqual(queries.flatMap(({ trust: { files = [] }, reference }) => files.flatMap((file) => file.demandsFor(reference).map(({ rule }) => rule.kind))), ['accept']);
  });

  it('refuses a policy with a mistake, whole', async () => {
    for (const policy of ['', '[]', '{', '{"keys":{}}', '{"keys":{"a":"a.pub"},"policies":[{"images":["**"],"keys":["b"]}]}', '{"keys":{"a":1}}', '{"keys":{"a":"x"},"keys":{"a":"y"}}', '{"keys":{"a":"x"},"polices":[]}']) {
      const { code, queries, stdout } = await run(['dockerfile', 'verify', '--policy', 'p.json', 'f'], { 'p.json': policy, f: 'FROM a\n' });
      assert.deepEqual([code, queries.length, stdout], [1, 0, ''], policy);
    }
    assert.equal((await run(['dockerfile', 'verify', '--policy', 'p.json', '--key', 'k', 'f'], { 'p.json': '{"keys":{"a":"x"}}', f: 'FROM a\n' })).code, 1);
  });
});

describe('the text form', () => {
  it('is read by the problem matcher line by line, whatever stands in the file', async () => {
    const { contributes: { problemMatchers: [matcher] } } = JSON.parse(readFileSync('package.json', 'utf8')) as { contributes: { problemMatchers: { pattern: Record<string, number> & { regexp: string } }[] } };
    assert.ok(matcher);
    const { pattern } = matcher;
    const text = `${dockerfile}COPY --from=r.io/unsigned\u202e:x / /\nBOGUS ]: error: [x]\n`;
    const { stdout } = await run(['dockerfile', 'verify', '--key', 'k.pub', '-o', 'text', 'sub/Docker: 1:file'], { 'sub/Docker: 1:file': text });
    const read = stdout.split('\n').slice(0, -1).map((line) => {
      const match = new RegExp(pattern.regexp).exec(line);
      return match ? [match[pattern['file'] ?? 0], Number(match[pattern['line'] ?? 0]), Number(match[pattern['column'] ?? 0]), match[pattern['severity'] ?? 0], match[pattern['code'] ?? 0]] : line;
    });
    const file = 'sub/Docker: 1:file';
    assert.deepEqual(read, [
      [file, 1, 6, 'error', 'unsigned'], [file, 2, 6, 'error', 'untrusted'], [file, 4, 6, 'warning', 'unresolved'], [file, 6, 13, 'warning', 'unchecked'],
      [file, 8, 13, 'warning', 'unresolved'], [file, 9, 1, 'error', 'dockerfile-invalid'],
      `${file}:5:6: verified: r.io/verified is signed by release.`,
    ]);
  });
});

describe('SARIF', () => {
  const validate = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false, allErrors: true }).compile(Object.fromEntries(Object.entries(sarifSchema).filter(([name]) => name !== '$schema' && name !== 'id')));

  it('is valid by the schema of SARIF 2.1.0 and points at the references', async () => {
    const { code, stdout } = await run(['dockerfile', 'verify', '--key', 'k.pub', '-o', 'sarif', './a b/Dockerfile', '/abs/f', '-'], { './a b/Dockerfile': `${dockerfile}BOGUS\n`, '/abs/f': 'FROM r.io/verified\n', '-': 'FROM r.io/unsigned\n' });
    assert.equal(code, 12);
    const log = JSON.parse(stdout) as { runs: { tool: { driver: { rules: { id: string }[] } }; invocations: { executionSuccessful: boolean }[]; artifacts: { location: { uri: string } }[]; results: { ruleId: string; ruleIndex: number; level: string; locations: { physicalLocation: { artifactLocation: { uri: string; index: number }; region: unknown } }[] }[] }[] };
    assert.ok(validate(log), JSON.stringify(validate.errors));
    const [first] = log.runs;
    assert.ok(first);
    assert.deepEqual(first.artifacts.map(({ location: { uri } }) => uri), ['a%20b/Dockerfile', 'file:///abs/f', 'stdin']);
    assert.deepEqual(first.results.map(({ ruleId, level }) => [ruleId, level]), [['unsigned', 'error'], ['untrusted', 'error'], ['unresolved', 'warning'], ['unchecked', 'warning'], ['dockerfile-invalid', 'error'], ['unsigned', 'error']]);
    for (const { ruleId, ruleIndex, locations } of first.results) {
      assert.equal(first.tool.driver.rules[ruleIndex]?.id, ruleId);
      const location = locations[0]?.physicalLocation;
      assert.equal(first.artifacts[location?.artifactLocation.index ?? -1]?.location.uri, location?.artifactLocation.uri);
    }
    assert.deepEqual(first.results[0]?.locations[0]?.physicalLocation.region, { startLine: 1, startColumn: 6, endLine: 1, endColumn: 19 });
    assert.equal(first.invocations[0]?.executionSuccessful, false, 'something could not be checked');
  });

  it('does not claim to be complete when a file was not read or a reference not resolved', async () => {
    const complete = async (files: Readonly<Record<string, string>>, ...names: readonly string[]): Promise<boolean | undefined> => {
      const { stdout } = await run(['dockerfile', 'verify', '--key', 'k.pub', '-o', 'sarif', ...names], files);
      return (JSON.parse(stdout) as { runs: { invocations: { executionSuccessful: boolean }[] }[] }).runs[0]?.invocations[0]?.executionSuccessful;
    };
    const fine = { f: 'FROM r.io/verified\nFROM r.io/unsigned\n' };
    assert.equal(await complete(fine, 'f'), true);
    assert.equal(await complete(fine, 'f', 'missing'), false);
    assert.equal(await complete({ f: 'ARG X\nFROM r.io/verified:$X\n' }, 'f'), false);
  });

  it('names absolute files of every system by a file URI', async () => {
    const { stdout } = await run(['dockerfile', 'verify', '--key', 'k.pub', '-o', 'sarif', 'C:\\a b\\Dockerfile'], { 'C:\\a b\\Dockerfile': 'FROM r.io/verified\n' });
    assert.match(stdout, /"uri": "file:\/\/\/C:\/a%20b\/Dockerfile"/);
  });

  it('is valid without any result, and would be caught being invalid', async () => {
    const { stdout } = await run(['dockerfile', 'verify', '--key', 'k.pub', '-o', 'sarif', 'f'], { f: 'FROM r.io/verified\n' });
    const log = JSON.parse(stdout) as { runs: { results: unknown[] }[] };
    assert.ok(validate(log));
    assert.deepEqual(log.runs[0]?.results, []);
    assert.equal(validate({ ...log, version: '2.0.0' }), false);
    assert.equal(validate({ ...log, runs: [{ results: [] }] }), false);
  });
});
