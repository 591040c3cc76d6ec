// Strict base64: the standard alphabet, padded, nothing else (RFC 4648 §4).

/** @returns the bytes, or undefined when the text is not exactly the standard encoding of some bytes */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  // Left-over bits and misplaced padding encode differently from what was written.
  return bytes.toString('base64') === text ? new Uint8Array(bytes) : undefined;
}

/** Standard alphabet, padded. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
