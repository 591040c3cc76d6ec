// Questions on a terminal: passwords are read without being shown, and Ctrl-C is Ctrl-C.
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';
import { describe, it } from 'node:test';
import { askTerminal } from '../../../src/node/terminalPrompt.ts';

interface Scene {
  readonly type: (text: string | Buffer) => void;
  readonly raw: boolean[];
  readonly shown: () => string;
  readonly interrupts: () => number;
  readonly ask: (hidden: boolean, signal?: AbortSignal) => Promise<string>;
}

function terminal(): Scene {
  const raw: boolean[] = [];
  const input = Object.assign(new PassThrough(), { setRawMode(on: boolean) { raw.push(on); return input; } });
  const output = new PassThrough();
  let interrupts = 0;
  let shown = '';
  output.on('data', (chunk: Buffer) => { shown += chunk.toString(); });
  return {
    raw, shown: () => shown, interrupts: () => interrupts,
    type: (text) => { input.write(text); },
    ask: (hidden, signal = new AbortController().signal) => askTerminal({
      input: input as unknown as ReadStream, output: output as unknown as WriteStream, interrupt: () => { interrupts += 1; },
    }, 'Password: ', hidden, signal),
  };
}

describe('a hidden answer', () => {
  it('is what was typed, corrections made, and never shown', async () => {
    const scene = terminal();
    const answer = scene.ask(true);
    scene.type('wrong\u0015pä');
    scene.type('x\u007f');
    scene.type('ss😀\b word\r');
    assert.equal(await answer, 'päss word');
    assert.equal(scene.shown(), 'Password: \n');
    assert.deepEqual(scene.raw, [true, false]);
  });

  it('takes a character that comes in two pieces for one', async () => {
    const scene = terminal();
    const answer = scene.ask(true);
    const bytes = Buffer.from('é\n');
    scene.type(bytes.subarray(0, 1));
    scene.type(bytes.subarray(1));
    assert.equal(await answer, 'é');
  });

  it('hands Ctrl-C over, and the terminal back when stopped', async () => {
    const scene = terminal();
    const stop = new AbortController();
    const answer = scene.ask(true, stop.signal);
    scene.type('secret\u0003');
    await new Promise((resolve) => { setImmediate(resolve); });
    assert.equal(scene.interrupts(), 1);
    stop.abort(new Error('stopped'));
    await assert.rejects(answer, /stopped/);
    assert.deepEqual(scene.raw, [true, false]);
    assert.doesNotMatch(scene.shown(), /secret/);
  });
});

describe('pasted lines', () => {
  it('answer one question each', async () => {
    const scene = terminal();
    const first = scene.ask(true);
    scene.type('secret\r\nagain\npartial');
    assert.equal(await first, 'secret');
    assert.equal(await scene.ask(true), 'again');
    const third = scene.ask(true);
    scene.type(' whole\n');
    assert.equal(await third, 'partial whole');
  });
});

describe('an open answer', () => {
  it('is one line', async () => {
    const scene = terminal();
    const answer = scene.ask(false);
    scene.type('y\nmore\n');
    assert.equal(await answer, 'y');
    assert.deepEqual(scene.raw, []);
  });
});
