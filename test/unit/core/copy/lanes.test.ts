import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lanes } from '../../../../src/core/copy/lanes.ts';
import type { Clock } from '../../../../src/core/oci/transport.ts';

const never = new AbortController().signal;

/** Time stands still until it is told to pass. */
class HandClock implements Clock {
  readonly #sleepers = new Set<() => void>();
  now = (): number => 0;

  sleep(_ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const wake = (): void => { resolve(); };
      this.#sleepers.add(wake);
      signal.addEventListener('abort', () => { this.#sleepers.delete(wake); reject(signal.reason as Error); }, { once: true });
    });
  }

  get sleeping(): number {
    return this.#sleepers.size;
  }

  pass(): void {
    for (const wake of this.#sleepers) wake();
  }
}

const settled = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

/** A layer of two pieces that is read on by hand. */
class Layer {
  pieces = 0;
  readonly #read: AsyncGenerator<Uint8Array>;
  readonly #started: Promise<unknown>;

  constructor(lanes: Lanes, signal: AbortSignal = never, bytes?: () => AsyncGenerator<Uint8Array>) {
    const both = async function* (): AsyncGenerator<Uint8Array> { yield new Uint8Array(1); await settled(); yield new Uint8Array(1); };
    this.#read = lanes.through((bytes ?? both)(), signal);
    this.#started = this.next();
    this.#started.catch(() => undefined);
  }

  async next(): Promise<void> {
    if ((await this.#read.next()).done !== true) this.pieces++;
  }

  async finish(): Promise<void> {
    await this.#started;
    await this.next();
    await this.next();
  }

  stop(): Promise<unknown> {
    return this.#read.return(undefined);
  }

  get started(): Promise<unknown> {
    return this.#started;
  }
}

describe('lanes', () => {
  it('let in as many as there are at first, and one more whenever one has left', async () => {
    const clock = new HandClock();
    const lanes = new Lanes(clock, { atFirst: 2, atMost: 4, patienceMs: 1000 });
    const layers = Array.from({ length: 4 }, () => new Layer(lanes));
    await settled();
    assert.deepEqual(layers.map(({ pieces }) => pieces), [1, 1, 0, 0]);
    await layers[1]?.finish();
    await settled();
    assert.deepEqual(layers.map(({ pieces }) => pieces), [1, 2, 1, 0]);
    await layers[0]?.stop();
    await settled();
    assert.deepEqual(layers.map(({ pieces }) => pieces), [1, 2, 1, 1]);
    assert.equal(clock.sleeping, 0);
  });

  it('become more when somebody waits too long, up to as many as there may be', async () => {
    const clock = new HandClock();
    const lanes = new Lanes(clock, { atFirst: 1, atMost: 2, patienceMs: 1000 });
    const layers = Array.from({ length: 3 }, () => new Layer(lanes));
    await settled();
    clock.pass();
    await settled();
    assert.deepEqual(layers.map(({ pieces }) => pieces), [1, 1, 0]);
    clock.pass();
    await settled();
    assert.deepEqual(layers.map(({ pieces }) => pieces), [1, 1, 0]);
    await layers[0]?.finish();
    await settled();
    assert.equal(layers[2]?.pieces, 1);
  });

  it('are free again after a failure', async () => {
    const lanes = new Lanes(new HandClock(), { atFirst: 1, atMost: 1, patienceMs: 1000 });
    const error = new Error('cut');
    const failing = new Layer(lanes, never, async function* () { await settled(); throw error; });
    const next = new Layer(lanes);
    await assert.rejects(failing.started, error);
    await next.started;
    assert.equal(next.pieces, 1);
  });

  it('are not waited for any longer after a cancellation, nor taken', async () => {
    const clock = new HandClock();
    const lanes = new Lanes(clock, { atFirst: 1, atMost: 1, patienceMs: 1000 });
    const abort = new AbortController();
    const [first, cancelled] = [new Layer(lanes), new Layer(lanes, abort.signal)];
    const reason = new Error('enough');
    await settled();
    abort.abort(reason);
    await assert.rejects(cancelled.started, (error) => error === reason);
    assert.equal(clock.sleeping, 0);
    await assert.rejects(new Layer(lanes, abort.signal).started, (error) => error === reason);
    await first.finish();
    const next = new Layer(lanes);
    await next.started;
    assert.equal(next.pieces, 1);
  });
});
