// What is known about one Dockerfile at this moment: what the tracker publishes and the views draw.
import type * as vscode from 'vscode';
import type { DockerfileProblem, TextRange } from '../core/dockerfile/images.ts';
import type { CosignError } from '../core/errors.ts';
import type { SummaryOptions } from '../presentation/summary.ts';
import type { UseWithState } from '../presentation/useState.ts';
import type { ResourceSettings } from './settings.ts';

export interface FileTrust {
  readonly uri: vscode.Uri;
  /** Of the document that was read: every range is a place in this version. */
  readonly version: number;
  /** In document order. */
  readonly uses: readonly UseWithState[];
  /** Why a build would refuse the file. */
  readonly problem?: DockerfileProblem;
  /** Why nothing could be read or verified at all. */
  readonly failure?: CosignError;
  readonly settings: ResourceSettings;
  /** The folder is not trusted: Restricted Mode. */
  readonly restricted: boolean;
  /** Something is being verified. */
  readonly busy: boolean;
}

/** False where neither key nor policy file is configured: then nothing is asked and nothing is warned about. A key that cannot be read is one. */
export function hasKeys({ settings }: Pick<FileTrust, 'settings'>): boolean {
  const { keys, problems, files = [] } = settings.trust;
  return keys.length > 0 || problems.length > 0 || files.some(({ demandsOnly }) => demandsOnly !== true);
}

/** What is said beside the images. */
export function summaryOptions(trust: FileTrust): SummaryOptions {
  return {
    refused: trust.problem !== undefined && hasKeys(trust),
    restricted: trust.restricted,
    settingProblems: trust.settings.problems.length,
  };
}

/** The use whose reference stands at a place. */
export function useAt(trust: FileTrust, line: number, character: number): UseWithState | undefined {
  return trust.uses.find(({ use: { range } }) => isWithin(range, line, character));
}

function isWithin({ start, end }: TextRange, line: number, character: number): boolean {
  const afterStart = line > start.line || (line === start.line && character >= start.character);
  const beforeEnd = line < end.line || (line === end.line && character <= end.character);
  return afterStart && beforeEnd;
}
