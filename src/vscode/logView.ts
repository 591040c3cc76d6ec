// Writes what happens into the log: verdicts as they change, failures with their cause, never a secret.
import * as vscode from 'vscode';
import { english } from '../presentation/translate.ts';
import { plainText } from '../presentation/untrustedText.ts';
import type { UseWithState } from '../presentation/useState.ts';
import { stateWords } from '../presentation/verdictText.ts';
import type { DockerfileTracker } from './dockerfileTracker.ts';
import { describeFailure, redact } from './failureLog.ts';
import type { FileTrust } from './fileTrust.ts';

/** The log is English: it is what people send to those who help them. */
export function registerLogView(tracker: DockerfileTracker, log: vscode.LogOutputChannel): vscode.Disposable {
  const written = new Map<string, ReadonlySet<string>>();
  return vscode.Disposable.from(
    tracker.onDidChange((trust) => {
      const entries = entriesOf(trust);
      const before = written.get(trust.uri.toString());
      for (const [text, level] of entries) if (!before?.has(text)) log[level](text);
      written.set(trust.uri.toString(), new Set(entries.keys()));
    }),
    tracker.onDidClose((uri) => written.delete(uri.toString())),
  );
}

type Level = 'debug' | 'info' | 'warn';

function entriesOf({ uri, uses, failure, problem, settings }: FileTrust): ReadonlyMap<string, Level> {
  const at = (text: string): string => redact(`${uri.path}: ${text}`);
  return new Map<string, Level>([
    ...(failure ? [[at(describeFailure(failure)), 'warn'] as const] : []),
    ...(problem ? [[at(`line ${problem.range.start.line + 1}: a build refuses this file: ${plainText(problem.message.toString())}`), 'info'] as const] : []),
    ...settings.problems.map((error) => [at(describeFailure(error)), 'warn'] as const),
    ...settings.ignored.map((id) => [at(`${id} of the workspace is ignored because the folder is not trusted`), 'info'] as const),
    ...uses.filter(({ state }) => state.kind !== 'pending' && state.kind !== 'waiting').map((item) => [at(lineOf(item)), levelOf(item)] as const),
  ]);
}

function lineOf(item: UseWithState): string {
  const { use, state } = item;
  const head = `line ${use.line + 1}: ${plainText(use.text)}: ${stateWords(item, english, plainText)}`;
  switch (state.kind) {
    case 'unchecked': return `${head} (${describeFailure(state.reason)})`;
    case 'verified': case 'unsigned': case 'untrusted': return `${head} (${state.decidedBy}; ${state.signatures.map(({ format, store, fault, signedBy }) => `${format} in ${store}: ${signedBy ? 'counts' : fault ?? 'does not count'}`).join(', ') || 'no signatures'})`;
    case 'pending': case 'waiting': case 'no keys': case 'unresolved': case 'uncovered': return head;
  }
}

function levelOf({ state: { kind } }: UseWithState): Level {
  return kind === 'untrusted' || kind === 'unchecked' ? 'warn' : kind === 'no keys' ? 'debug' : 'info';
}
