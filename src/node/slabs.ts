// Memory that sockets are read into, in large pieces that are used again: Node.js takes 64 KiB of new memory for every read, and what
// collects them costs more than copying a layer does.
import type { OnReadOpts, Socket } from 'node:net';

/** Less free than this, and another slab is begun: what Node.js reads at a time by itself. */
const leastBytes = 64 * 1024;
const largestSlabBytes = 512 * 1024;
/** Kept for the next reads, while layers travel. */
const mostSpare = 8;

interface Slab {
  readonly memory: Buffer<ArrayBuffer>;
  usedBytes: number;
  givenBackBytes: number;
  /** Nothing more is read into it. */
  isFull: boolean;
}

/**
 * The slabs of one transport. No byte of a slab is written twice while somebody may look at it: whoever is given bytes may keep them for
 * ever. Only whoever knows that nobody looks at them any more gives them back, and a slab is used again once all of it was.
 */
export class Slabs {
  readonly #slabs = new WeakMap<ArrayBufferLike, Slab>();
  #spare: Buffer<ArrayBuffer>[] = [];
  #users = 0;

  /** For the `onread` of one socket, which stays a stream like any other. Its slabs grow as more is read, so that a short answer holds little. */
  reads(): OnReadOpts {
    let slab = this.#take(leastBytes);
    return {
      buffer: () => {
        if (slab.memory.byteLength - slab.usedBytes < leastBytes) {
          slab.isFull = true;
          this.#reuse(slab);
          slab = this.#take(Math.min(largestSlabBytes, slab.memory.byteLength * 2));
        }
        return slab.memory.subarray(slab.usedBytes);
      },
      callback(this: Socket, bytesRead: number, buffer: Uint8Array) {
        slab.usedBytes += bytesRead;
        return this.push(buffer.subarray(0, bytesRead));
      },
    };
  }

  /** These bytes, as they came from a socket, are looked at by nobody any more; others than ours are left alone. Call once for each. */
  giveBack(bytes: Uint8Array): void {
    const slab = this.#slabs.get(bytes.buffer);
    if (!slab) return;
    slab.givenBackBytes += bytes.byteLength;
    this.#reuse(slab);
  }

  /** Slabs are kept from now on, until as many {@link end}s: somebody is going to give some back. */
  begin(): void {
    this.#users++;
  }

  /** With the last of them what is spare is let go of. */
  end(): void {
    this.#users--;
    if (this.#users === 0) this.#spare = [];
  }

  #take(bytes: number): Slab {
    const memory = (bytes === largestSlabBytes ? this.#spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(bytes);
    const slab = { memory, usedBytes: 0, givenBackBytes: 0, isFull: false };
    this.#slabs.set(memory.buffer, slab);
    return slab;
  }

  #reuse({ memory, isFull, usedBytes, givenBackBytes }: Slab): void {
    if (!isFull || givenBackBytes !== usedBytes || memory.byteLength !== largestSlabBytes || this.#users === 0 || this.#spare.length === mostSpare) return;
    this.#slabs.delete(memory.buffer);
    this.#spare.push(memory);
  }
}
