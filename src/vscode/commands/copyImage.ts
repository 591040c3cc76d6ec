// Commands: copies an image with everything that proves it, after showing what that means; and that plan alone.
import * as vscode from 'vscode';
import { tagTaken, topsOf } from '../../core/copy/chosen.ts';
import type { CopyOptions, CopyPlan, CopyProof, CopyResult, CopySelection } from '../../core/copyEngine.ts';
import type { Engine } from '../../core/engine.ts';
import { CosignError, toCosignError } from '../../core/errors.ts';
import { said, sequence } from '../../core/said.ts';
import { canonicalRepository, familiarName } from '../../core/oci/reference.ts';
import type { TrustSettings } from '../../core/policy/trustPolicy.ts';
import { copiedWords, copyOutcome, nameWords, progressWords, unprovenWords } from '../../presentation/copyResultText.ts';
import { plainText } from '../../presentation/untrustedText.ts';
import { useAt } from '../fileTrust.ts';
import { askModally, inform } from '../messages.ts';
import { parseLocation } from '../places.ts';
import { t } from '../words.ts';
import type { Command, CommandContext } from './context.ts';
import { planStep, showPlan } from './copyPlanView.ts';
import { destinationStep, kindsStep, partStep, sourceStep, withCopyRemedy, type CopyState, type SourceChoices } from './copySteps.ts';
import { recentDestinations, rememberDestination } from './recentDestinations.ts';
import { runWithProgress } from './runWithProgress.ts';
import { askSteps } from './steps.ts';
import { TransferSpeed } from './transferSpeed.ts';
import { updateReference } from './updateReference.ts';

/** The progress on screen changes at most so often. */
const reportEveryMs = 100;

export const copyImage: Command = async (context, argument) => {
  const asked = await ask(context, argument, t('Copy Image with Signatures'), true);
  const { engine, uri, state: { source, plan, selection, goal } } = asked;
  if (!plan || !goal) return;
  const { trust } = context.settings.forResource(uri);
  const overwriteTag = await confirmOverwrite(plan, selection);
  const result = await copy(context, engine, { plan, selection }, { trust, ...(overwriteTag === undefined ? {} : { overwriteTag }) });
  await rememberDestination(context.globalMemory, plan.destination);
  void verifyCopies(context, result).catch((error: unknown) => context.log.error(`Dockerfiles could not be verified again: ${toCosignError(error).code}`));
  writeLog(context, result);
  if (!result.proof.holds) throw notProven(result, goal === 'copy and update');

  const { use } = source ?? {};
  const update = use && uri && result.digests.length === 1 ? (): Promise<string> => updateReference({ engine, settings: context.settings, uri, use, copy: { ...result.destination, digest: result.digest } }) : undefined;
  const outcome = copyOutcome(result, t);
  const updated = update && goal === 'copy and update' ? ` ${await update()}` : '';
  const [offer, take] = [t('Update This Dockerfile'), t('Copy Reference')];
  void inform(outcome + updated, ...(update && updated === '' ? [offer] : []), take).then(async (chosen) => {
    if (chosen === take) await vscode.env.clipboard.writeText(familiarName(result.destination));
    if (chosen === offer && update) void inform(await update());
  });
};

/** Open Dockerfiles that name an image of the destination: its tag and its signatures may be others now. */
async function verifyCopies({ tracker }: CommandContext, { destination }: CopyResult): Promise<void> {
  const signal = new AbortController().signal;
  const name = canonicalRepository(destination);
  const concerned = tracker.all().filter(({ uses }) => uses.some(({ use: { reference } }) => reference && canonicalRepository(reference) === name));
  await Promise.all(concerned.map(({ uri }) => tracker.verify(uri, { fresh: true }, signal)));
}

/** A dry run: the same questions, and the plan as a document at the end. */
export const showCopyPlan: Command = async (context, argument) => {
  const { engine, state: { plan, selection } } = await ask(context, argument, t('Show Copy Plan'), false);
  if (plan) await showPlan(engine.copying, context.copyPlans, plan, selection, { aside: false });
};

interface Asked { readonly engine: Engine; readonly uri: vscode.Uri | undefined; readonly state: CopyState }

async function ask(context: CommandContext, argument: unknown, title: string, decides: boolean): Promise<Asked> {
  if (!vscode.workspace.isTrusted) {
    throw new CosignError('KEY_REFUSED_UNTRUSTED_WORKSPACE', said`In Restricted Mode nothing is copied: a copy uses your registry logins.`, { remedy: said`Trust the workspace first.` });
  }
  const engine = await context.engine.get();
  const { uri, ...choices } = sourcesFor(context, argument);
  const { copying } = engine;
  const { signing: { repository }, copiesForeignLayers } = context.settings.forResource(uri);
  const rules = { ...(repository === undefined ? {} : { signatureRepository: repository }), ...(copiesForeignLayers ? { foreignLayers: true } : {}) };
  const steps = [
    sourceStep(choices), destinationStep(copying, recentDestinations(context.globalMemory), rules), partStep(copying), kindsStep(copying),
    ...(decides ? [planStep(copying, context.copyPlans)] : []),
  ];
  return { engine, uri, state: await askSteps<CopyState>(title, steps, { selection: {} }) };
}

/** The images of the Dockerfile in the argument, else of the active one; and the one at the place, else under the cursor. */
function sourcesFor({ tracker }: CommandContext, argument: unknown): SourceChoices & { readonly uri: vscode.Uri | undefined } {
  const editor = vscode.window.activeTextEditor;
  const place = parseLocation(argument);
  const uri = place?.uri ?? editor?.document.uri;
  const trust = uri && tracker.get(uri);
  const at = place?.range?.start ?? (editor?.document.uri.toString() === uri?.toString() ? editor?.selection.active : undefined);
  const item = trust && at ? useAt(trust, at.line, at.character) : undefined;
  return { uri, uses: trust?.uses.map(({ use }) => use) ?? [], at: item?.use };
}

/** @returns the digest that may be taken off the tag. @throws {vscode.CancellationError} unless the person says yes */
async function confirmOverwrite(plan: CopyPlan, selection: CopySelection): Promise<CopyOptions['overwriteTag']> {
  const { destination } = plan;
  const [{ digest }] = topsOf(plan, selection);
  const tag = tagTaken(plan, selection);
  if (!tag) return undefined;
  const yes = t('Overwrite the Tag');
  const detail = [t('The tag is now: {0}', tag.digest), t('It would become: {0}', digest), t('Whoever pulls by this tag gets another image then.')].join('\n');
  const answer = await askModally(t('{0} is another image already. Overwrite it?', plainText(familiarName(destination), 300)), detail, yes);
  if (answer !== yes) throw new vscode.CancellationError();
  return tag.digest;
}

async function copy({ now }: CommandContext, engine: Engine, { plan, selection }: Pick<CopyState, 'selection'> & { readonly plan: CopyPlan }, options: { readonly trust: TrustSettings } & CopyOptions): Promise<CopyResult> {
  const speed = new TransferSpeed(now);
  let shown = { at: -Infinity, step: '' };
  try {
    return await runWithProgress(t('Copying {0} to {1}', familiarName(plan.source), familiarName(plan.destination)), (signal, report) =>
      engine.copying.copy(plan, selection, options, (progress) => {
        const at = now();
        if (progress.step === shown.step && at - shown.at < reportEveryMs) return;
        shown = { at, step: progress.step };
        report(progress.bytesDone, progress.bytesTotal, progressWords(progress, speed.at(progress.bytesDone), t));
      }, signal));
  } catch (error) {
    if (error instanceof vscode.CancellationError) {
      void inform(t('Cancelled. No tag points at a part of an image; copying again goes on where this stopped.'));
      throw error;
    }
    throw withCopyRemedy(error, plan);
  } finally {
    engine.forget();
  }
}

/** A copy whose proof fails is a failure, whatever arrived. */
function notProven(result: CopyResult, wasToUpdate: boolean): CosignError {
  const careful = said`Do not use ${plainText(familiarName(result.destination), 200)} before that is settled; copying again adds what is missing.`;
  const remedy = wasToUpdate ? sequence([careful, said`The Dockerfile was not changed.`], ' ') : careful;
  return new CosignError(codeOf(result.proof), said`Copied, but not proven. ${unprovenWords(result.proof, t)}`, { remedy });
}

function codeOf({ signatures, incomplete }: CopyProof): CosignError['code'] {
  const isLost = signatures.some(({ state }) => state === 'missing' || state === 'invalid');
  return isLost ? 'SIGNATURE_LOST' : incomplete[0]?.code ?? 'SIGNATURE_LOST';
}

function writeLog({ log }: CommandContext, result: CopyResult): void {
  log.info(copiedWords(result, t));
  for (const words of nameWords(result, t)) log.info(words);
  for (const { subject, state, atSource } of result.proof.signatures) log.info(`${subject}: ${plainText(atSource.signedBy?.key ?? '?', 40)} (${atSource.format}): ${state}`);
}
