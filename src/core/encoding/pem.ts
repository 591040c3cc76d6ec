// PEM blocks out of whatever a person saved: CRLF, BOM, indentation and text around them are accepted (RFC 7468).
import { CosignError } from '../errors.ts';
import { said, type Said } from '../said.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { sizeText } from './sizeText.ts';

/** One `-----BEGIN X-----` block. */
export interface PemBlock {
  /** The words after BEGIN, e.g. `PUBLIC KEY`. */
  readonly label: string;
  /** True when the block has RFC 1421 headers (`Proc-Type: 4,ENCRYPTED`): its bytes are encrypted then. */
  readonly hasHeaders: boolean;
  readonly bytes: Uint8Array;
}

/** No file of keys is larger; what is larger is not one. */
const maxPemBytes = 1024 * 1024;
const maxBlocks = 1000;

/**
 * Every PEM block of a text, in order; none when there is none. Takes time linear in the size.
 * @throws {CosignError} `KEY_INVALID` for a block without its END line or with a body that is not base64, for more than 1 MiB or
 * 1000 blocks, and for UTF-16 text
 */
export function parsePem(bytes: Uint8Array): readonly PemBlock[] {
  if (bytes.length > maxPemBytes) throw invalid(said`it is larger than ${sizeText(maxPemBytes)}`, said`Leave only the key in it.`);
  if (isUtf16(bytes)) throw invalid(said`it is saved as UTF-16`, said`Save the file as UTF-8.`);
  const lines = new TextDecoder('utf-8').decode(bytes).split(/\r\n|\n|\r/).map((line) => line.trim());
  const blocks: PemBlock[] = [];
  for (let at = 0; at < lines.length; at++) {
    const label = boundary(lines[at] ?? '', 'BEGIN');
    if (label === undefined) continue;
    const end = nextBoundary(lines, at + 1);
    if (boundary(lines[end] ?? '', 'END') !== label) throw invalid(said`the block "${label}" has no END line`);
    blocks.push(readBlock(label, lines.slice(at + 1, end)));
    if (blocks.length > maxBlocks) throw invalid(said`it holds more than ${maxBlocks} blocks`, said`Leave only the key in it.`);
    at = end;
  }
  return blocks;
}

/** A PEM block as Go and OpenSSL write it: 64 columns, LF, a line feed at the end. */
export function encodePem(label: string, bytes: Uint8Array): string {
  const body = encodeBase64(bytes).replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${body}-----END ${label}-----\n`;
}

function nextBoundary(lines: readonly string[], from: number): number {
  let at = from;
  while (at < lines.length && lines[at]?.startsWith('-----') !== true) at++;
  return at;
}

function boundary(line: string, word: 'BEGIN' | 'END'): string | undefined {
  const prefix = `-----${word} `;
  if (!line.startsWith(prefix) || !line.endsWith('-----') || line.length > 100) return undefined;
  const label = line.slice(prefix.length, -'-----'.length);
  return /^[A-Z0-9][A-Z0-9 ]*$/.test(label) ? label : undefined;
}

function readBlock(label: string, lines: readonly string[]): PemBlock {
  const hasHeaders = lines[0]?.includes(':') === true;
  const blank = lines.indexOf('');
  const body = hasHeaders ? lines.slice(blank < 0 ? lines.length : blank) : lines;
  const decoded = decodeBase64(body.join(''));
  if (decoded === undefined || decoded.length === 0) throw invalid(said`the text inside the block "${label}" is not base64`);
  return { label, hasHeaders, bytes: decoded };
}

function isUtf16(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  const marked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return marked || (bytes.length >= 4 && (first === 0) !== (second === 0) && (bytes[2] === 0) === (first === 0) && (bytes[3] === 0) === (second === 0));
}

function invalid(why: Said, remedy = said`Copy the whole key, with its BEGIN and END lines.`): CosignError {
  return new CosignError('KEY_INVALID', said`This is no PEM file: ${why}.`, { remedy });
}
