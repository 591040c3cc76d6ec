// Where a Dockerfile library, or cosign's line scanner, and BuildKit part: case by case, BuildKit's way.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readDockerfile } from '../../../../src/core/dockerfile/images.ts';

interface Expected {
  readonly images: readonly string[];
  /** Whether BuildKit refuses the file. */
  readonly refused?: boolean;
  readonly buildArgs?: Readonly<Record<string, string>>;
}

function check(name: string, text: string, { images, refused = false, buildArgs = {} }: Expected): void {
  it(name, () => {
    const found = readDockerfile(text, { buildArgs });
    assert.deepEqual(found.uses.map((use) => use.text + (use.unresolved ? ' !' : '')), images);
    assert.equal(found.problem !== undefined, refused, found.problem?.message.toString() ?? 'no problem found');
  });
}

describe('lines and words', () => {
  check('two escapes at the end do not continue a line', 'FROM a\nRUN x \\\\\nFROM b', { images: ['a', 'b'] });
  check('three escapes at the end do not either', 'FROM a\nRUN x \\\\\\\nFROM b', { images: ['a', 'b'] });
  check('an escape and a form feed do not either', 'FROM a\nRUN x \\\f\nFROM b', { images: ['a', 'b'] });
  check('a line that is only an escape continues into the next', '\\\nFROM a', { images: ['a'] });
  check('an escape that continues into nothing is no instruction', 'FROM a\n\\\n', { images: ['a'], refused: true });
  check('form feed and vertical tab separate words', 'FROM\fa\vAS\fb\nFROM b', { images: ['a'] });
  check('a CR alone separates words and ends no line', 'FROM\ra\rAS\rb\nFROM b', { images: ['a'] });
  check('a no-break space is a part of a word', 'FROM a\u00a0b', { images: ['a\u00a0b !'], refused: true });
  check('a no-break space is trimmed at the end of a line', 'FROM a\u00a0', { images: ['a'] });
  check('quotes go from FROM, --from=, --platform= and from=', 'FROM --platform="linux/amd64" "a"\nCOPY --from="b" x y\nRUN --mount=from="c",target=/x z', { images: ['a', 'b', 'c'] });
  check('quotes hold no blank in FROM', 'FROM "a b"', { images: ['"a !'], refused: true });
  check('an escape goes from a flag', 'FROM a\nCOPY --from=to\\ol x y', { images: ['a', 'tool'] });
  check('the directive\'s escape goes from a flag', '# escape=`\nFROM a\nCOPY --from=to`ol x y', { images: ['a', 'tool'] });
  check('a word behind the image refuses the file', 'FROM a b', { images: ['a'], refused: true });
  check('three words need AS', 'FROM a is b', { images: ['a'], refused: true });
  check('four words refuse the file', 'FROM a AS b c', { images: ['a'], refused: true });
  check('AS is written in any case', 'FROM a aS b\nFROM b', { images: ['a'] });
  check('a stage name has letters, digits, dash, underscore and dot', 'FROM a AS B-1_x.y\nFROM b-1_x.y', { images: ['a'] });
  check('a stage name takes no variables', 'ARG X=b\nFROM a AS $X', { images: ['a'], refused: true });
  for (const flag of ['--nope=1', '--Platform=linux/amd64', '--platform', '--platform=linux/amd64 --platform=linux/amd64']) {
    check(`FROM ${flag} refuses the file`, `FROM ${flag} a`, { images: ['a'], refused: true });
  }
  check('--mount, --device and --exclude may repeat', 'FROM a\nRUN --mount=type=ssh --mount=type=ssh --device=x --device=y z\nCOPY --exclude=x --exclude=y c d', { images: ['a'] });
  check('-- ends the flags', 'FROM a\nRUN -- --mount=from=b,target=/x z', { images: ['a'] });
  check('a word with -- inside ends the flags', 'FROM a\nRUN a--b --mount=from=b,target=/x', { images: ['a'] });
  check('an empty boolean flag refuses the file', 'FROM a\nCOPY --link= b c', { images: ['a'], refused: true });
  check('ARG does not look at flags', 'ARG --x A=1\nFROM a:$A', { images: ['a:1'] });
});

describe('directives', () => {
  check('escape may be indented', '  # escape=`\nFROM `\n a', { images: ['a'] });
  check('an unknown name ends them', '# foo=bar\n# escape=`\nFROM \\\n a', { images: ['a'] });
  check('an empty value ends them', '# escape=\n# syntax=a/b\nFROM \\\n a', { images: ['a'] });
  check('white space as a value refuses the file', '# escape= \nFROM a', { images: ['a'], refused: true });
  check('words behind the syntax do not hide a later escape', '# syntax=a/b c\n# escape=`\nFROM `\n a', { images: ['a/b', 'a'] });
  check('a repeated one refuses the file', '# escape=`\n# escape=`\nFROM a', { images: ['a'], refused: true });
  check('the syntax directive is not indented', ' # syntax=a/b\nFROM a', { images: ['a'] });
  check('a byte order mark may stand before it', '\uFEFF# syntax=a/b\nFROM a', { images: ['a/b', 'a'] });
  check('a #! line may stand before it, and switches escape off', '#!/x\n# syntax=a/b\n# escape=`\nFROM \\\n a', { images: ['a/b', 'a'] });
  check('slashes name a frontend', '// syntax=a/b', { images: ['a/b'] });
  check('JSON names a frontend, its last syntax key', '{"syntax": "x/y", "syntax": "a\\/b"}', { images: ['a/b'] });
  check('broken JSON names none', '{"syntax": "a/b"', { images: [], refused: true });
});

describe('heredocs', () => {
  const body = '\nFROM body\n';
  for (const [start, end] of [['3<<EOF', 'EOF'], ['<< EOF', 'EOF'], ['<<"E O F"', 'E O F'], ["<<'EOF'", 'EOF'], ['<<-EOF', '\t\tEOF'], ['$(( 1 << 2 ))', '2'], ['<<EOF>/f', 'EOF>/f'], ['<<EOF ${V:-x}', 'EOF']] as const) {
    check(`${start} begins one`, `FROM a\nRUN x ${start}${body}${end}\nFROM b`, { images: ['a', 'b'] });
  }
  for (const start of ['\\<<EOF', "<<''", "it's <<EOF", 'x<<EOF', '<<<EOF', '"<<EOF"', '<<', '<<EOF${V:-x}']) {
    check(`${start} begins none`, `FROM a\nRUN x ${start}\nFROM b`, { images: ['a', 'b'] });
  }
  check('tabs are stripped only for its own', 'FROM a\nCOPY <<-A <<B /x/\n\tA\n\tB\nB\nFROM b', { images: ['a', 'b'] });
  check('one without an end refuses the file', 'FROM a\nRUN <<EOF\nFROM b', { images: ['a'], refused: true });
  check('the end word stands alone in its line', 'FROM a\nRUN <<EOF\n EOF\nEOF \nEOF\nFROM b', { images: ['a', 'b'] });
  check('there is none in JSON form', 'FROM a\nRUN ["<<EOF"]\nFROM b', { images: ['a', 'b'] });
  check('the body ends at the first of several', 'FROM a\nRUN <<A cat <<B\nFROM x\nA\nFROM y\nB\nFROM b', { images: ['a', 'b'] });
  check('a backtick escape does not escape them', '# escape=`\nFROM a\nRUN x `<<EOF\nFROM b', { images: ['a', 'b'] });
  check('continuations and comments stand in their bodies as text', 'FROM a\nRUN <<EOF\n# x\\\nEOF\nFROM b', { images: ['a', 'b'] });
});

describe('variables', () => {
  check('ARG with two words declares both', 'ARG A=1 B=2\nFROM x:$A$B', { images: ['x:12'] });
  check('ARG without value does not hide an earlier default', 'ARG A=1\nARG A\nFROM x:$A', { images: ['x:1'] });
  check('single quotes keep a default as it is', "ARG A=1\nARG B='${A}'\nFROM x:${B#?}", { images: ['x:{A} !'], refused: true });
  check('defaults see only the ARGs above', 'ARG B=1$A\nARG A=2\nFROM x:$B', { images: ['x:1'] });
  check('platform arguments need no ARG', 'FROM x:$BUILDOS-$TARGETPLATFORM', { images: ['x:linux-linux/amd64 !'], refused: true });
  check('an unset proxy is nothing', 'FROM x:1$https_proxy', { images: ['x:1'], buildArgs: { https_proxy: 'y' } });
  check('a build argument is not expanded', 'ARG A=1\nARG B\nFROM x:$B', { images: ['x:$A !'], refused: true, buildArgs: { B: '$A' } });
  check('an ARG without a name refuses the file', 'ARG =1\nFROM x', { images: ['x'], refused: true });
});

describe('stages and references', () => {
  check('FROM compares with names in lower case', 'FROM a AS Build\nFROM Build', { images: ['a', 'Build !'], refused: true });
  check('COPY and mounts ignore case', 'FROM a AS Build\nFROM b\nCOPY --from=BUILD x y\nRUN --mount=from=bUILD,target=/x z', { images: ['a', 'b'] });
  check('a later stage is an error, never an image', 'FROM a\nCOPY --from=later x y\nRUN --mount=from=later,target=/x z\nFROM b AS later', { images: ['a', 'b'], refused: true });
  check('of two stages with one name the last one counts', 'FROM a AS s\nFROM b\nCOPY --from=s x y\nFROM c AS s', { images: ['a', 'b', 'c'], refused: true });
  check('FROM a number and a mount from a number are images', 'FROM a\nFROM 0\nRUN --mount=from=0,target=/x z', { images: ['a', '0', '0'] });
  check('a number beyond 63 bits is an image', 'FROM a\nCOPY --from=9223372036854775808 x y', { images: ['a', '9223372036854775808'] });
  check('a tag or host makes a stage\'s name an image', 'FROM a AS s\nFROM s:1\nCOPY --from=docker.io/s x y', { images: ['a', 's:1', 'docker.io/s'] });
  check('a variable in a mount\'s from refuses the file', 'FROM a\nRUN --mount=from=${X},target=/x z', { images: ['a', '${X} !'], refused: true });
  check('mount keys ignore case and the last from wins', 'FROM a\nRUN --mount=FROM=b,From=c,target=/x z', { images: ['a', 'c'] });
  check('a tmpfs mount resolves its from all the same', 'FROM a\nRUN --mount=type=tmpfs,from=b,target=/x z', { images: ['a', 'b'] });
  check('a mount that is no CSV refuses the file', 'FROM a\nRUN --mount=from=b\\",target=/x z', { images: ['a'], refused: true });
  check('an upper-case first part is a host', 'FROM Team/app', { images: ['Team/app'] });
  check('an upper-case repository is no reference', 'FROM a/App', { images: ['a/App !'], refused: true });
  check('a.b without a slash is no host', 'FROM a.b', { images: ['a.b'] });
  check('ONBUILD is read again with a backslash as escape', '# escape=`\nFROM a\nONBUILD COPY --from=to\\ol x y', { images: ['a', 'tool'] });
  for (const keyword of ['FROM', 'MAINTAINER', 'ONBUILD']) check(`ONBUILD ${keyword} refuses the file`, `FROM a\nONBUILD ${keyword} x`, { images: ['a'], refused: true });
});

describe('what cosign dockerfile verify gets wrong', () => {
  check('D1: a stage named like its image does not hide the image', 'FROM alpine AS alpine', { images: ['alpine'] });
  check('D3 (a): continuations are joined, with either escape', '# escape=`\nFROM `\n a\nCOPY `\n--from=b x y', { images: ['a', 'b'] });
  check('D4 (c): an index is a stage', 'FROM a\nFROM b\nCOPY --from=0 x y', { images: ['a', 'b'] });
  check('D4 (f): COPY ignores the case of stage names', 'FROM a AS Build\nFROM b\nCOPY --from=build x y', { images: ['a', 'b'] });
  it('D5 (j): the base of a last FROM that is a stage can be told', () => {
    const { uses } = readDockerfile('FROM a AS base\nFROM b AS other\nFROM base\nCOPY --from=c x y', { buildArgs: {} });
    assert.deepEqual(uses.map(({ kind, text, stage }) => [kind, text, stage]), [['from', 'a', 'base'], ['from', 'b', 'other'], ['copy-from', 'c', 2]]);
  });
  check('D6 (i): mounts, ONBUILD and the frontend are seen', '# syntax=f/g\nFROM a\nRUN --mount=from=b,target=/x z\nONBUILD COPY --from=c x y', { images: ['f/g', 'a', 'b', 'c'] });
  check('D6 (b): heredoc bodies are not', 'FROM a\nRUN <<E\nFROM x\nCOPY --from=y a b\nE', { images: ['a'] });
  check('D7 (g): ENV and the ARG of a stage do not reach FROM', 'FROM a\nENV X=x\nARG Y=y\nFROM b:1$X$Y', { images: ['a', 'b:1'] });
  check('D8: a build argument overrides a default', 'ARG V=1\nFROM a:$V', { images: ['a:2'], buildArgs: { V: '2' } });
  check('D9 (d): quotes and equals signs in values', 'ARG V="1.25" W=a=b\nFROM golang:${V}-${W#a=}', { images: ['golang:1.25-b'] });
  check('D9 (e): ${V:-default}', 'FROM a:${V:-1}', { images: ['a:1'] });
  check('D9 (h): predefined arguments', 'FROM a:$TARGETARCH', { images: ['a:amd64'] });
  check('D9: a comment behind FROM refuses the file and is no image', 'FROM a # c', { images: ['a'], refused: true });
  it('D10: the platform is told', () => {
    assert.equal(readDockerfile('FROM --platform=linux/arm64 a', { buildArgs: {} }).uses[0]?.platform, 'linux/arm64');
  });
  check('D12: a line over 64 KiB does not hide the others', `FROM a\nRUN ${'x'.repeat(70_000)}\nCOPY --from=b x y`, { images: ['a', 'b'], refused: true });
  check('(k): one bad line does not hide the others', 'FROM\nFROM $X\nFROM a\nNOPE\nCOPY --from=b x y', { images: [' !', 'a', 'b'], refused: true });
  check('COPYRIGHT is no COPY', 'FROM a\nCOPYRIGHT --from=b', { images: ['a'], refused: true });
});
