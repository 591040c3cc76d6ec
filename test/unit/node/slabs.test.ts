import assert from 'node:assert/strict';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { it, type TestContext } from 'node:test';
import { Slabs } from '../../../src/node/slabs.ts';

const megabyte = 1024 * 1024;

/** Bytes that tell where they belong. */
function numbered(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 4) bytes.writeUInt32LE(at, at);
  return bytes;
}

/** What one socket reads into these slabs, piece by piece, up to so many bytes. */
async function* pieces(test: TestContext, slabs: Slabs, content: Buffer): AsyncGenerator<Buffer> {
  const server = createServer((socket: Socket) => { socket.on('error', () => undefined).end(content); });
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  const socket = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, onread: slabs.reads(), readableHighWaterMark: 1 } as never);
  test.after(() => { socket.destroy(); server.close(); });
  for await (const piece of socket as AsyncIterable<Buffer>) yield piece;
}

it('keeps every byte for whoever was given it, as long as nobody gives it back', async (test) => {
  const [slabs, content] = [new Slabs(), numbered(8 * megabyte)];
  slabs.begin();
  const kept: Buffer[] = [];
  for await (const piece of pieces(test, slabs, content)) kept.push(piece);
  assert.ok(Buffer.concat(kept).equals(content));
});

it('reads into the same memory again once all of it was given back', async (test) => {
  const [slabs, content] = [new Slabs(), numbered(16 * megabyte)];
  const memories = new Set<ArrayBufferLike>();
  slabs.begin();
  let at = 0;
  for await (const piece of pieces(test, slabs, content)) {
    memories.add(piece.buffer);
    assert.ok(piece.equals(content.subarray(at, at + piece.byteLength)), `at ${at}`);
    at += piece.byteLength;
    slabs.giveBack(piece);
  }
  assert.equal(at, content.byteLength);
  assert.ok(memories.size <= 8, `${memories.size} slabs for 16 MB`);
});

it('leaves alone a slab of which somebody keeps one piece', async (test) => {
  const [slabs, content] = [new Slabs(), numbered(16 * megabyte)];
  const kept: { readonly at: number; readonly piece: Buffer }[] = [];
  slabs.begin();
  let [at, number] = [0, 0];
  for await (const piece of pieces(test, slabs, content)) {
    if (number++ % 5 === 0) kept.push({ at, piece });
    else slabs.giveBack(piece);
    at += piece.byteLength;
  }
  assert.ok(kept.length > 5);
  for (const { at: start, piece } of kept) assert.ok(piece.equals(content.subarray(start, start + piece.byteLength)), `at ${start}`);
});

it('uses nothing again when nobody is going to give anything back, and takes no bytes that are not its own', async (test) => {
  const [slabs, content] = [new Slabs(), numbered(8 * megabyte)];
  const kept: Buffer[] = [];
  for await (const piece of pieces(test, slabs, content)) {
    kept.push(piece);
    slabs.giveBack(piece);
    slabs.giveBack(Buffer.alloc(megabyte));
  }
  assert.ok(Buffer.concat(kept).equals(content));
});
