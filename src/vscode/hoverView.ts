// Shows the evidence behind a verdict when the pointer rests on a reference.
import * as vscode from 'vscode';
import { commandIds, type AddTrustedKeyTarget } from '../contributions.ts';
import { isAboutReaching } from '../presentation/failureText.ts';
import type { HoverLink } from '../presentation/hover.ts';
import { hoverMarkdown } from '../presentation/hover.ts';
import type { UseWithState } from '../presentation/useState.ts';
import { digestIn } from './commands/copyDigest.ts';
import { dockerfileSelector } from './dockerfileDocuments.ts';
import type { DockerfileTracker } from './dockerfileTracker.ts';
import type { EngineHandle } from './engineHandle.ts';
import { useAt, type FileTrust } from './fileTrust.ts';
import { pinRefusal } from './pinPlans.ts';
import { commandUri, toLocation, toRange } from './places.ts';
import { t } from './words.ts';

/** The only commands a hover may run: its text comes from registries and from the Dockerfile. */
export const hoverCommands: readonly string[] = [commandIds.verifyAgain, commandIds.copyDigest, commandIds.addTrustedKey, commandIds.signImage, commandIds.copyImage, commandIds.explainTrust, commandIds.diagnoseRegistry];

export function registerHoverView(tracker: DockerfileTracker, engine: EngineHandle): vscode.Disposable {
  return vscode.languages.registerHoverProvider(dockerfileSelector, {
    provideHover: ({ uri, version }, { line, character }) => {
      const trust = tracker.get(uri);
      const item = trust?.version === version ? useAt(trust, line, character) : undefined;
      return trust && item ? hoverOf(item, trust, pinRefusal(item, trust, engine)) : undefined;
    },
  });
}

/** @param notPinnable why the image cannot be pinned although it is verified */
export function hoverOf(item: UseWithState, trust: FileTrust, notPinnable?: string): vscode.Hover {
  const markdown = new vscode.MarkdownString(hoverMarkdown(item, t, { links: linksFor(item, trust), ...(notPinnable === undefined ? {} : { notPinnable }) }), true);
  markdown.isTrusted = { enabledCommands: hoverCommands };
  return new vscode.Hover(markdown, toRange(item.use.range));
}

function linksFor({ use, state }: UseWithState, { uri, restricted }: FileTrust): readonly HoverLink[] {
  const digest = digestIn(state);
  const target: AddTrustedKeyTarget = { uri: uri.toString(), image: use.text };
  const addsKey = ['no keys', 'unsigned', 'untrusted'].includes(state.kind);
  const asks = use.reference !== undefined && state.kind !== 'no keys' && state.kind !== 'uncovered';
  return [
    ...(asks ? [{ title: t('Verify Again'), uri: commandUri(commandIds.verifyAgain, toLocation(uri, use.range)) }] : []),
    ...(state.kind === 'pending' ? [] : [{ title: t('Explain Trust'), uri: commandUri(commandIds.explainTrust, toLocation(uri, use.range)) }]),
    ...(state.kind === 'unchecked' && isAboutReaching(state.reason.code) && use.reference ? [{ title: t('Diagnose Registry…'), uri: commandUri(commandIds.diagnoseRegistry, toLocation(uri, use.range)) }] : []),
    ...(addsKey ? [{ title: t('Add Trusted Key…'), uri: commandUri(commandIds.addTrustedKey, target) }] : []),
    ...(use.reference === undefined || restricted ? [] : [{ title: t('Sign Image…'), uri: commandUri(commandIds.signImage, toLocation(uri, use.range)) }]),
    ...(use.reference === undefined || restricted ? [] : [{ title: t('Copy Image with Signatures…'), uri: commandUri(commandIds.copyImage, toLocation(uri, use.range)) }]),
    ...(digest === undefined ? [] : [{ title: t('Copy Digest'), uri: commandUri(commandIds.copyDigest, digest) }]),
  ];
}
