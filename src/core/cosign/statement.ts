// In-toto statements: what a bundle's envelope says about a digest (in-toto attestation v1; `cosign.md` §3.1, §3.4).
import { hexOf, type Digest } from '../crypto/digest.ts';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import { encodeProtoJson } from './goJson.ts';
import { JsonShape, stringMembers } from '../encoding/jsonShape.ts';

export interface StatementSubject {
  /** Algorithm → lower-case hex, as written. */
  readonly digests: Readonly<Record<string, string>>;
  /** The string members. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** What a statement claims. Worth nothing until the envelope's signature over the very same bytes was verified. */
export interface Statement {
  readonly predicateType: string;
  readonly subjects: readonly StatementSubject[];
}

/** What `cosign sign` writes; cosign accepts any other as well. */
export const signPredicateType = 'https://sigstore.dev/cosign/sign/v1';
/** As sigstore-go: GHSA-cq38-jh5f-37mq. */
export const maxSubjects = 1024;
export const maxDigestsPerSubject = 32;
const maxStatementBytes = 10 * 1024 * 1024;

const statementTypes: readonly unknown[] = ['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1'];
const shape = new JsonShape('PAYLOAD_INVALID', said`the in-toto statement`);

/** The statement `cosign sign` makes for one digest. Unlike simple signing it has no HTML escapes. */
export function encodeStatement(digest: Digest, annotations: Readonly<Record<string, string>>): Uint8Array {
  return encodeProtoJson({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ digest: { sha256: hexOf(digest) }, annotations: new Map(Object.entries(annotations)) }],
    predicateType: signPredicateType,
    predicate: {},
  });
}

/**
 * @throws {CosignError} `PAYLOAD_INVALID`, `COUNT_LIMIT`, `SIZE_LIMIT`
 */
export function parseStatement(bytes: Uint8Array): Statement {
  const root = shape.parse(bytes, maxStatementBytes);
  if (!statementTypes.includes(shape.member(root, '_type'))) throw shape.fail(said`"_type" names no in-toto statement`);
  const subjects = shape.array(shape.member(root, 'subject'), '"subject"');
  if (subjects.length > maxSubjects) throw new CosignError('COUNT_LIMIT', said`The in-toto statement has ${subjects.length} subjects; more than ${maxSubjects} are not read.`);
  return {
    predicateType: shape.optionalString(shape.member(root, 'predicateType'), '"predicateType"') ?? '',
    subjects: subjects.map(readSubject),
  };
}

/** The first subject that is this digest: whose annotations count, as in cosign. */
export function findSubject(statement: Statement, digest: Digest): StatementSubject | undefined {
  return statement.subjects.find((subject) => subject.digests['sha256'] === hexOf(digest));
}

function readSubject(value: unknown): StatementSubject {
  const subject = shape.object(value, said`a subject`);
  const { strings: digests, others } = stringMembers(shape.optionalObject(shape.member(subject, 'digest'), '"digest" of a subject'));
  if (others.length > 0) throw shape.fail(said`a digest of a subject is not a string`);
  const count = Object.keys(digests).length;
  if (count > maxDigestsPerSubject) throw new CosignError('COUNT_LIMIT', said`A subject of the in-toto statement has ${count} digests; more than ${maxDigestsPerSubject} are not read.`);
  const annotations = shape.optionalObject(shape.member(subject, 'annotations'), '"annotations" of a subject');
  return { digests, annotations: stringMembers(annotations).strings };
}
