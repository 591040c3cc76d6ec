// Word expansion as BuildKit's shell lexer does it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { expand, type Expansion } from '../../../../src/core/dockerfile/expand.ts';

const values: Readonly<Record<string, string>> = { V: 'value', E: '', P: 'foo/bar/baz', D: '1.2.3', S: 'a*b', Ü: 'umlaut' };

function run(word: string, escape = '\\'): Expansion {
  return expand(word, {
    escape,
    lookup: (name) => (Object.hasOwn(values, name) ? { value: values[name] ?? '', origin: { name, kind: 'arg', value: values[name] ?? '' }, uses: [] } : undefined),
  });
}

describe('a word', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['plain', 'plain'], ['$V', 'value'], ['${V}', 'value'], ['x${V}y', 'xvaluey'], ['$V.x', 'value.x'], ['$Vx', ''], ['$', '$'], ['a$', 'a$'], ['$.', '$.'],
    ['$1x', 'x'], ['$12x', 'x'], ['$$V', 'V'], ['$@x', 'x'], ['${Ü}', 'umlaut'], ['$Ü', 'umlaut'], ['${?}', ''],
    ["'$V'", '$V'], ['"$V"', 'value'], ['"\\$V"', '$V'], ['\\$V', '$V'], ["a'b'c", 'abc'], ['a"b"c', 'abc'], ['"a\\b"', 'a\\b'], ['"a\\"b"', 'a"b'], ['"a\\\\b"', 'a\\b'],
    ['a\\b', 'ab'], ['a\\', 'a'], ['"\'"', "'"], ["'\"'", '"'], ["'a\\'", 'a\\'],
    ['${V:-w}', 'value'], ['${E:-w}', 'w'], ['${N:-w}', 'w'], ['${V-w}', 'value'], ['${E-w}', ''], ['${N-w}', 'w'],
    ['${V:+w}', 'w'], ['${E:+w}', ''], ['${N:+w}', ''], ['${V+w}', 'w'], ['${E+w}', 'w'], ['${N+w}', ''],
    ['${V:?w}', 'value'], ['${V?w}', 'value'], ['${E?w}', ''],
    ['${N:-${M:-${V}}}', 'value'], ['${N:-"a}b"}', 'a}b'], ["${N:-'$V'}", '$V'], ['${N:-a\\}b}', 'a}b'], ['${N:-$V}', 'value'], ['${N:-}', ''],
    ['${P#*/}', 'bar/baz'], ['${P##*/}', 'baz'], ['${P%/*}', 'foo/bar'], ['${P%%/*}', 'foo'], ['${P#foo}', '/bar/baz'], ['${P#bar}', 'foo/bar/baz'],
    ['${P#???}', '/bar/baz'], ['${P%?}', 'foo/bar/ba'], ['${P#}', 'foo/bar/baz'], ['${P##}', 'foo/bar/baz'], ['${P#*}', 'foo/bar/baz'], ['${P##*}', ''], ['${P%*}', 'foo/bar/baz'], ['${P%%*}', ''],
    ['${S#a\\*}', 'b'], ['${S%\\*b}', 'a'], ['${D#1.}', '2.3'], ['${D#1?2}', '.3'], ['${N#x}', ''], ['${P#${N:-foo}}', '/bar/baz'], ['${P%[a-z]}', 'foo/bar/baz'],
    ['${P/\\//-}', 'foo-bar/baz'], ['${P//\\//-}', 'foo-bar-baz'], ['${P/b*/x}', 'foo/x'], ['${P//o/}', 'f/bar/baz'], ['${P//b?/x}', 'foo/xr/xz'], ['${P/x/y}', 'foo/bar/baz'],
    ['${D//./-}', '1-2-3'], ['${V//a/$E}', 'vlue'], ['${V//a/[$D]}', 'v[1.2.3]lue'], ["${V//a/'$0$0'}", 'vaalue'], ["${V/a/'$0'}", 'v$0lue'], ["${V//''/.}", '.v.a.l.u.e.'], ['${N/a/b}', ''],
    ['<', '<'], ['a<<b', 'a<<b'], ['\uFEFFx\\y', 'xy'],
  ];
  for (const [word, expected] of cases) {
    it(`${word} gives ${expected === '' ? 'nothing' : expected}`, () => {
      const { text, error } = run(word);
      assert.equal(error, undefined);
      assert.equal(text, expected);
    });
  }

  const refused = ['${}', '${', '${:-x}', '${{V}', '${V', '${V:1:2}', '${V:=x}', '${V=x}', '${V^^}', '${V,,}', '${!V}', '${#V}', '${V:#x}', '${V:-x', '${V/a}', '${V/a/b', '${N:?}', '${N?w}', '${E:?w}', '"x', "'x", '${V#\\a}', '${V@Q}'];
  for (const word of refused) {
    it(`${word} is refused`, () => assert.equal(run(word).error?.code, 'DOCKERFILE_INVALID'));
  }

  it('is escaped by a backtick where the directive says so', () => {
    assert.equal(run('`$V\\x', '`').text, '$V\\x');
    assert.equal(run('"`$V"', '`').text, '$V');
  });

  it('is refused when variables nest deeper than 200', () => {
    assert.equal(run(`${'${N:-'.repeat(150)}x${'}'.repeat(150)}`).text, 'x');
    assert.equal(run(`${'${N:-'.repeat(300)}x${'}'.repeat(300)}`).error?.code, 'DOCKERFILE_INVALID');
  });
});
