// Command: signs an image: questions, a summary with the exact digest, the push, and the ordinary verification of what is there then.
import * as vscode from 'vscode';
import { commandIds, type AddTrustedKeyTarget } from '../../contributions.ts';
import type { Engine } from '../../core/engine.ts';
import { CosignError, toCosignError } from '../../core/errors.ts';
import { said } from '../../core/said.ts';
import type { KeyDescription } from '../../core/crypto/keyDescription.ts';
import { canonicalRepository, familiarName, type Reference } from '../../core/oci/reference.ts';
import type { TrustSettings } from '../../core/policy/trustPolicy.ts';
import type { Verdict } from '../../core/policy/verdict.ts';
import type { SignedManifest, SigningPlan } from '../../core/signing/signImage.ts';
import { planName, signingOutcome, signingSummary } from '../../presentation/signingText.ts';
import { labelText, plainText } from '../../presentation/untrustedText.ts';
import { useAt } from '../fileTrust.ts';
import { inform, warn } from '../messages.ts';
import { parseLocation } from '../places.ts';
import { t } from '../words.ts';
import type { Command, CommandContext } from './context.ts';
import { ensureUnlocked, KeyUse, privateKeySteps } from './privateKeySteps.ts';
import { runWithProgress } from './runWithProgress.ts';
import { annotationsStep, confirmSigning, formatStep, imageChoices, imageStep, recursionStep, type SignImageState } from './signImageSteps.ts';
import { askPatience, askSteps } from './steps.ts';
import { trustedName } from './trustedName.ts';
import { requireTrustedWorkspace } from './workspaceTrust.ts';

export const signImage: Command = async (context, argument) => {
  requireTrustedWorkspace();
  const engine = await context.engine.get();
  const { uri, choices } = imagesFor(context, argument);
  const { trust, signing: options } = context.settings.forResource(uri);
  const use = new KeyUse(engine.signing, options.unlockedForMs);
  try {
    const steps = [
      imageStep(engine.signing, choices), ...privateKeySteps<SignImageState>(context, use),
      formatStep(options.format), annotationsStep, recursionStep,
    ];
    const start: SignImageState = { annotations: {}, recursive: false };
    const { reference, first, privateKey, description, format, annotations, recursive } = await askSteps(t('Sign Image'), steps, start);
    if (!reference || !first || !privateKey || !description || !format) return;

    // The tag was resolved once: what was shown is what is signed, wherever the tag points by now.
    const pinned: Reference = { ...reference, digest: first.digest };
    const signerName = await trustedName(engine, trust, description);
    const listing = everySigner(trust, description, signerName ?? privateKey.name);
    const { plan, before } = await askPatience(t('Sign Image'), t('Preparing to sign {0}', labelText(familiarName(reference), 300)), async (signal) => {
      const [planned, found] = await Promise.all([
        engine.signing.planImage({ reference: pinned, format, recursive, ...(options.repository === undefined ? {} : { signatureRepository: options.repository }) }, signal),
        engine.verify({ reference: pinned, trust: listing, fresh: true, ...(options.repository === undefined ? {} : { signatureRepository: options.repository, besideImage: true }) }, signal),
      ]);
      return { plan: planned, before: found };
    });
    const { dockerMediaTypes } = options;
    await confirmSigning(plainText(familiarName(reference), 300), signingSummary({ plan, key: description, keyName: privateKey.name, annotations, dockerMediaTypes, before }, t));
    await ensureUnlocked(context, use, privateKey, description);
    const signed = await push(context, engine, plan, (report, signal) => engine.signing.signImage({ plan, key: privateKey, annotations, dockerMediaTypes }, report, signal));
    await tellOutcome(context, engine, { plan, signed, before, listing, trust, description, signerTrusted: signerName !== undefined, uri });
  } finally {
    use.end();
  }
};

/** The image at the place in the argument, else under the cursor; and all others of the file. */
function imagesFor({ tracker }: CommandContext, argument: unknown): { readonly uri: vscode.Uri | undefined; readonly choices: ReturnType<typeof imageChoices> } {
  const editor = vscode.window.activeTextEditor;
  const place = parseLocation(argument);
  const uri = place?.uri ?? editor?.document.uri;
  const trust = uri && tracker.get(uri);
  const at = place?.range?.start ?? (editor?.document.uri.toString() === uri?.toString() ? editor?.selection.active : undefined);
  const item = trust && at ? useAt(trust, at.line, at.character) : undefined;
  return { uri, choices: imageChoices(trust?.uses ?? [], item?.use.reference ? item.use.text : undefined) };
}

/** Every key that can be named counts for listing signers; what is trusted for the image is another question. */
function everySigner(trust: TrustSettings, { pem }: KeyDescription, name: string): TrustSettings {
  return { keys: [...trust.keys.filter((key) => key.name !== name), { name, reference: pem }], policies: [], problems: [] };
}

async function push({ tracker }: CommandContext, engine: Engine, plan: SigningPlan, sign: (report: (done: number, total: number) => void, signal: AbortSignal) => Promise<readonly SignedManifest[]>): Promise<readonly SignedManifest[]> {
  let [first, last, all] = [-1, 0, 0];
  try {
    return await runWithProgress(t('Signing {0}', planName(plan)), (signal, report) => sign((done, total) => {
      if (first < 0) first = done;
      [last, all] = [done, total];
      report(done, total, t('{0} of {1} signatures', done, total));
    }, signal));
  } catch (error) {
    const pushed = last - Math.max(first, 0);
    if (pushed > 0) await tracker.imagesChanged();
    if (error instanceof vscode.CancellationError) {
      void inform(pushed > 0 ? t('Cancelled: {0} of {1} signatures are in the registry.', last, all) : t('Cancelled: no signature is known to be pushed.'));
    }
    throw withPushRemedy(error, plan);
  } finally {
    engine.forget();
  }
}

/** To push needs more than to pull. */
function withPushRemedy(error: unknown, { repository }: SigningPlan): unknown {
  if (!(error instanceof CosignError) || !['REGISTRY_UNAUTHORIZED', 'REGISTRY_DENIED'].includes(error.code)) return error;
  return error.advised(said`Log in to the registry (docker login) with an account that may push to ${canonicalRepository(repository)}.`);
}

interface Done {
  readonly plan: SigningPlan;
  readonly signed: readonly SignedManifest[];
  readonly before: Verdict;
  readonly listing: TrustSettings;
  readonly trust: TrustSettings;
  readonly description: KeyDescription;
  readonly signerTrusted: boolean;
  readonly uri: vscode.Uri | undefined;
}

async function tellOutcome({ tracker, log }: CommandContext, engine: Engine, { plan, signed, before, listing, trust, description, signerTrusted, uri }: Done): Promise<void> {
  const reference: Reference = { ...plan.reference, digest: plan.digest };
  const hasKeys = trust.keys.length > 0 || trust.problems.length > 0;
  // It is signed by now: stopping this leaves the question open, and says so.
  const unchecked = (error: unknown): Verdict => ({ kind: 'unchecked', reason: error instanceof vscode.CancellationError ? new CosignError('INTERNAL', said`Verifying was cancelled.`, { remedy: said`Verify again.` }) : toCosignError(error), checkedAt: 0 });
  const { after, verdict } = await runWithProgress(t('Verifying {0}', planName(plan)), async (signal) => {
    const ask = (asked: TrustSettings): Promise<Verdict> => engine.verify({ reference, trust: asked, fresh: true, signatureRepository: plan.repository, besideImage: true }, signal).catch(unchecked);
    const [found, judged] = await Promise.all([ask(listing), hasKeys ? ask(trust) : undefined]);
    return { after: found, verdict: judged };
  });
  void tracker.imagesChanged().catch((error: unknown) => log.error(`Dockerfiles could not be verified again: ${toCosignError(error).code}`));
  const [offer, take] = [t('Trust This Key…'), t('Copy Reference')];
  const text = signingOutcome({ plan, signed, before, after, verdict, signerTrusted }, t);
  const target: AddTrustedKeyTarget = { ...(uri ? { uri: uri.toString() } : {}), image: familiarName(plan.reference), key: description.pem };
  const show = verdict?.kind === 'unsigned' || verdict?.kind === 'untrusted' || verdict?.kind === 'unchecked' ? warn : inform;
  // With a button the editor shows a message whole instead of its first words.
  void show(text, ...(signerTrusted ? [] : [offer]), take).then((chosen) => {
    if (chosen === offer) return vscode.commands.executeCommand(commandIds.addTrustedKey, target);
    return chosen === take ? vscode.env.clipboard.writeText(familiarName(reference)) : undefined;
  });
}
