// Reads a socket into large pieces of memory, one behind the other: Node.js takes 64 KiB of new memory for every read, and what collects
// them costs more than copying a layer does.
import type { OnReadOpts, Socket } from 'node:net';

/** Less free than this, and a new slab is begun: what Node.js reads at a time by itself. */
const leastBytes = 64 * 1024;
const largestSlabBytes = 1024 * 1024;

/**
 * For the `onread` of one socket, which stays a stream like any other. No byte of a slab is written twice, so that whoever was given some
 * may keep them; slabs grow as more is read, so that a short answer holds little.
 */
export function readIntoSlabs(): OnReadOpts {
  let slab = Buffer.allocUnsafeSlow(leastBytes);
  let used = 0;
  return {
    buffer: () => {
      if (slab.byteLength - used < leastBytes) {
        slab = Buffer.allocUnsafeSlow(Math.min(largestSlabBytes, slab.byteLength * 4));
        used = 0;
      }
      return slab.subarray(used);
    },
    callback(this: Socket, bytesRead: number, buffer: Uint8Array) {
      used += bytesRead;
      return this.push(buffer.subarray(0, bytesRead));
    },
  };
}
