// Command: looks at a registry step by step, and shows what was found as a document.
import * as vscode from 'vscode';
import { parseDiagnosisTarget } from '../../core/diagnosis/diagnosisTarget.ts';
import type { DiagnosisTarget, StepName } from '../../core/diagnosis/diagnosis.ts';
import { canonicalName, familiarName } from '../../core/oci/reference.ts';
import { diagnosisText, stepWords } from '../../presentation/diagnosisText.ts';
import { failureText } from '../../presentation/failureText.ts';
import { toCosignError } from '../../core/errors.ts';
import type { UseWithState } from '../../presentation/useState.ts';
import { useAt, type FileTrust } from '../fileTrust.ts';
import { parseLocation, toRange } from '../places.ts';
import { t } from '../words.ts';
import type { Command, CommandContext } from './context.ts';
import { runWithProgress } from './runWithProgress.ts';
import { back, enterOrChoose, type Choice } from './steps.ts';

const order: readonly StepName[] = ['places', 'proxy', 'name', 'connect', 'tls', 'ping', 'login', 'image', 'signature tag', 'referrers', 'mirror'];

export const diagnoseRegistry: Command = async (context, argument) => {
  const target = await chooseTarget(context, argument);
  if (!target) return;
  const name = target.reference ? familiarName(target.reference) : target.registry;
  const engine = await context.engine.get();
  const diagnosis = await runWithProgress(t('Diagnosing {0}', name), (signal, report) =>
    engine.diagnose(target, (step) => { report(order.indexOf(step), order.length, stepWords(step, t)); }, signal));
  const document = await context.explanations.open(`${t('Registry of {0}', name.replace(/[^\w.@-]+/g, '_').slice(0, 80))}.md`, diagnosisText(diagnosis, t), { language: 'markdown' });
  try {
    await vscode.commands.executeCommand('markdown.showPreview', document.uri);
  } catch {
    // The editor's own Markdown preview can be switched off.
    await vscode.window.showTextDocument(document);
  }
};

/** The image that the argument points at; else what a person chooses or types. */
async function chooseTarget({ tracker }: CommandContext, argument: unknown): Promise<DiagnosisTarget | undefined> {
  const place = parseLocation(argument);
  const named = place?.range && tracker.get(place.uri)?.uses.find(({ use }) => place.range !== undefined && toRange(use.range).isEqual(place.range));
  if (named?.use.reference) return { registry: named.use.reference.registry, reference: named.use.reference };
  const editor = vscode.window.activeTextEditor;
  const trust = editor && tracker.get(editor.document.uri);
  const answer = await enterOrChoose({ title: t('Diagnose Registry'), step: 1, totalSteps: 1 }, {
    placeholder: t('A registry (ghcr.io), or an image in it'),
    value: trust ? writtenAt(trust, editor.selection.active) : '',
    choices: trust ? choicesOf(trust.uses) : [],
    parse: (text) => {
      try {
        return { value: parseDiagnosisTarget(text) };
      } catch (error) {
        return failureText(toCosignError(error), t).text;
      }
    },
  });
  return answer === back ? undefined : answer;
}

function writtenAt(trust: FileTrust, { line, character }: vscode.Position): string {
  const item = useAt(trust, line, character) ?? trust.uses.find(({ use }) => use.line === line);
  return item?.use.reference ? familiarName(item.use.reference) : '';
}

/** Each image of the file once, then each registry of them. */
function choicesOf(uses: readonly UseWithState[]): readonly Choice<DiagnosisTarget>[] {
  const references = new Map(uses.flatMap(({ use: { reference } }) => (reference ? [[canonicalName(reference), reference] as const] : [])));
  const registries = [...new Set([...references.values()].map(({ registry }) => registry))];
  return [
    ...[...references.values()].map((reference) => ({ label: familiarName(reference), description: t('image'), value: { registry: reference.registry, reference } })),
    ...registries.map((registry) => ({ label: registry, description: t('registry'), value: { registry } })),
  ];
}
