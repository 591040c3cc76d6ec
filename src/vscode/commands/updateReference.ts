// Rewrites one reference of an open Dockerfile so that it names a copy: one step to undo, and only when a build would then pull the copy.
import * as vscode from 'vscode';
import type { ImageUse } from '../../core/dockerfile/images.ts';
import type { Engine } from '../../core/engine.ts';
import { canonicalRepository, familiarName } from '../../core/oci/reference.ts';
import { applyEdits, type DockerfileEdit } from '../../core/rewriting/edits.ts';
import { retarget, type CopiedImage } from '../../core/rewriting/retarget.ts';
import { refusalWords } from '../../presentation/rewritingText.ts';
import { plainText } from '../../presentation/untrustedText.ts';
import { toRange } from '../places.ts';
import type { Settings } from '../settings.ts';
import { t } from '../words.ts';

export interface ReferenceUpdate {
  readonly engine: Engine;
  readonly settings: Settings;
  readonly uri: vscode.Uri;
  /** As it stood when the copy began; the file may be another one by now. */
  readonly use: ImageUse;
  readonly copy: CopiedImage;
}

/** One sentence about what became of the reference. */
export async function updateReference(update: ReferenceUpdate): Promise<string> {
  const { use, copy, uri } = update;
  const result = editsFor(update);
  if ('edits' in result) {
    const edit = new vscode.WorkspaceEdit();
    for (const { range, text } of result.edits) edit.replace(uri, toRange(range), text);
    if (await vscode.workspace.applyEdit(edit)) return t('Line {0} names the copy now.', result.line + 1);
  }
  const why = 'refusal' in result ? result.refusal : t('The editor did not take the change.');
  return t('The Dockerfile was not changed: {0} Write {1} in place of {2} yourself.', why, familiarName(copy), plainText(use.text));
}

function editsFor({ engine, settings, uri, use, copy }: ReferenceUpdate): { readonly edits: readonly DockerfileEdit[]; readonly line: number } | { readonly refusal: string } {
  const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === uri.toString());
  if (!document) return { refusal: t('The file is not open any more.') };
  const text = document.getText();
  const options = settings.forResource(uri).dockerfile;
  const { uses } = engine.readDockerfile(text, options);
  const now = findAgain(uses, use);
  if (!now) return { refusal: t('The reference is not in the file any more, or stands there more than once.') };
  const result = retarget(text, now, copy);
  if ('refusal' in result) return { refusal: refusalWords(result.refusal, t) };
  const after = engine.readDockerfile(applyEdits(text, result.edits), options).uses;
  const isRight = after.length === uses.length && after.every((other, index) => (index === uses.indexOf(now)
    ? other.reference !== undefined && canonicalRepository(other.reference) === canonicalRepository(copy)
    : other.text === uses[index]?.text));
  return isRight ? { edits: result.edits, line: now.range.start.line } : { refusal: t('With the change a build would not pull exactly the copy.') };
}

/** The same reference at the same place, or the only one like it. */
function findAgain(uses: readonly ImageUse[], { text, range: { start } }: ImageUse): ImageUse | undefined {
  const same = uses.filter((other) => other.text === text);
  return same.find(({ range }) => range.start.line === start.line && range.start.character === start.character) ?? (same.length === 1 ? same[0] : undefined);
}
