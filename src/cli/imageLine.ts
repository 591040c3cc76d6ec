// What `dockerfile images` and `dockerfile verify` say about a file and its references in JSON, and where in text.
import type { DockerfileImages, DockerfileProblem, ImageUse, ImageUseKind } from '../core/dockerfile/images.ts';
import { canonicalName } from '../core/oci/reference.ts';
import type { TextRange } from '../core/textRange.ts';

/** One reference of a file. The names of the fields are documented and never change. */
export interface ImageRecord {
  readonly kind: ImageUseKind;
  /** First line of the instruction, from 1. */
  readonly line: number;
  /** As the editor counts: lines and UTF-16 columns from 0, end exclusive. */
  readonly range: TextRange;
  readonly raw: string;
  /** Canonical (`index.docker.io/library/alpine:latest`); null when none results. */
  readonly reference: string | null;
  readonly missing: readonly string[];
  /** Name (lower case) or index; null for `syntax`. */
  readonly stage: string | number | null;
  readonly platform: string | null;
}

/** One line of output. */
export interface FileRecord<Item extends ImageRecord = ImageRecord> {
  readonly file: string;
  /** Why BuildKit would refuse it. */
  readonly error: { readonly line: number; readonly message: string } | null;
  readonly refs: readonly Item[];
}

export function imageRecord({ kind, line, range, raw, reference, missing, stage, platform }: ImageUse): ImageRecord {
  return { kind, line: line + 1, range, raw, reference: reference ? canonicalName(reference) : null, missing, stage: stage ?? null, platform: platform ?? null };
}

export function fileRecord(file: string, { uses, problem }: DockerfileImages): FileRecord {
  return { file, error: errorRecord(problem), refs: uses.map(imageRecord) };
}

export function errorRecord(problem: DockerfileProblem | undefined): FileRecord['error'] {
  return problem ? { line: problem.range.start.line + 1, message: problem.message.toString() } : null;
}

/** `Dockerfile:3:6`: as compilers write it, from 1. */
export function place(file: string, { start }: TextRange): string {
  return `${file}:${start.line + 1}:${start.character + 1}`;
}
