// Command: makes a key pair in a Kubernetes secret: where, the manifest as it would be, an explicit yes, then what usually follows.
import * as vscode from 'vscode';
import { commandIds } from '../../contributions.ts';
import type { KeyPairPlan, PlannedSecret } from '../../core/kubernetes/clusterKeys.ts';
import { secretNameProblem, secretReference } from '../../core/kubernetes/secretReference.ts';
import { said } from '../../core/said.ts';
import { enumeration, inWords } from '../../presentation/translate.ts';
import { plainText } from '../../presentation/untrustedText.ts';
import { askModally, inform, warn } from '../messages.ts';
import { folderOf, workspaceScope, writeStored } from '../storedSettings.ts';
import { t } from '../words.ts';
import { chooseOffers, trustOffer } from './afterKeyPair.ts';
import { contextStep, enterName, namespaceStep, secretStep, showReadOnly, type ClusterState } from './clusterSteps.ts';
import type { Command } from './context.ts';
import { describeKeys } from './keySteps.ts';
import { runWithProgress } from './runWithProgress.ts';
import { askSteps, back, choose, type Step } from './steps.ts';
import { requireTrustedWorkspace } from './workspaceTrust.ts';

interface State extends ClusterState {
  readonly wantsPublic?: boolean;
  readonly publicName?: string;
}

type Offer = 'trust' | 'file' | 'context';

export const generateClusterKeyPair: Command = async (context) => {
  requireTrustedWorkspace();
  const { kubernetes } = await context.engine.get();
  const title = t('Generate Key Pair in Kubernetes');
  const start: State = {};
  const answers = await askSteps(title, [contextStep<State>(kubernetes), namespaceStep<State>(kubernetes), secretStep<State>(kubernetes, { existing: false }), publicStep, publicNameStep], start);
  const { namespace, name, publicName, wantsPublic } = answers;
  if (namespace === undefined || name === undefined) return;
  const plan = await runWithProgress(t('Asking the Kubernetes cluster'), (signal) => kubernetes.planKeyPair({
    place: { namespace, name }, ...(answers.context === undefined ? {} : { context: answers.context }),
    ...(wantsPublic && publicName !== undefined ? { publicOnly: { namespace, name: publicName } } : {}),
  }, signal));
  const preview = await showReadOnly(`${namespace}-${name}-${plan.publicKey.fingerprint.replaceAll(/\W/g, '').slice(-8)}.yaml`, inWords(plan.manifest, t));
  try {
    await confirm(title, plan);
    const { leftovers } = await runWithProgress(t('Writing to Kubernetes'), (signal) => plan.write(signal));
    if (leftovers.length > 0) {
      void warn(t('A copy of the old secret could not be removed and still holds the old private key: {0}. Remove it.', enumeration(leftovers.map(secretReference), t)));
    }
  } finally {
    preview.dispose();
  }
  const { current } = await kubernetes.contexts(new AbortController().signal);
  await offerAfter(plan, current);
};

const publicStep: Step<State> = {
  applies: () => true,
  ask: async (state, place) => {
    const wantsPublic = await choose<boolean>(place, t('Those who verify need the public key only. A second secret with nothing else?'), [
      { label: t('One Secret'), detail: t('whoever may read it to verify can sign as well'), value: false },
      { label: t('A Second Secret for Verifiers…'), detail: t('holds cosign.pub only'), value: true },
    ], state.wantsPublic);
    return wantsPublic === back ? back : { ...state, wantsPublic };
  },
};

const publicNameStep: Step<State> = {
  applies: ({ wantsPublic }) => wantsPublic === true,
  ask: async (state, place) => {
    const publicName = await enterName(place, {
      names: [], icon: 'lock', value: state.publicName ?? `${state.name ?? 'cosign'}-public`, placeholder: t('A name for the secret with the public key'),
      problem: (text) => secretNameProblem(text) ?? (text === state.name ? said`the secret with the private key has this name` : undefined),
    });
    return publicName === back ? back : { ...state, publicName };
  },
};

/** @throws {vscode.CancellationError} unless the person says yes, twice where a private key is lost */
async function confirm(title: string, { context, secrets, publicKey }: KeyPairPlan): Promise<void> {
  const detail = enumeration(secrets.map(describe), t);
  const answer = await choose<boolean>({ title, step: 1, totalSteps: 1 }, t('Write what the editor shows to the context {0}?', plainText(context, 80)), [
    { label: `$(check) ${t('Write')}`, description: describeKeys([publicKey]), detail, value: true },
    { label: `$(close) ${t('Write Nothing')}`, value: false },
  ]);
  if (answer !== true) throw new vscode.CancellationError();
  const losing = secrets.filter(({ action, losesPrivateKey }) => losesPrivateKey || action === 'replace');
  if (losing.length === 0) return;
  const yes = t('Replace');
  const lost = losing.some(({ losesPrivateKey }) => losesPrivateKey);
  const question = t('Replace {0} in the context {1}?', enumeration(losing.map(({ place }) => secretReference(place)), t), plainText(context, 80));
  const warning = lost ? t('The old private key will be gone: nothing more can be signed with it, and what it signed is verified only by those who kept its public key.') : t('It is immutable, so it is deleted and made anew.');
  if (await askModally(question, `${detail}\n\n${warning}`, yes) !== yes) throw new vscode.CancellationError();
}

function describe({ place, action, holds }: PlannedSecret): string {
  const reference = secretReference(place);
  const keys = enumeration(holds.map((key) => plainText(key, 60)), t, 8);
  switch (action) {
    case 'create': return t('{0} is new', reference);
    case 'update': return holds.length === 0 ? t('{0} exists, is empty, and is updated', reference) : t('{0} exists, holds {1}, and is updated', reference, keys);
    case 'replace': return t('{0} exists, holds {1}, is immutable, and is replaced', reference, keys);
  }
}

async function offerAfter({ context, secrets, publicKey }: KeyPairPlan, current: string | undefined): Promise<void> {
  const reference = secretReference((secrets.at(-1) ?? { place: { namespace: '', name: '' } }).place);
  const folder = folderOf(vscode.window.activeTextEditor?.document.uri);
  const title = t('Wrote {0}', enumeration(secrets.map(({ place }) => secretReference(place)), t));
  const chosen = await chooseOffers<Offer>(title, [
    ...(context === current ? [] : [{ label: t('Use This Context for Keys in Kubernetes'), detail: t('countersign.kubernetes.context becomes {0}; until then keys are looked up in another context', plainText(context, 80)), value: 'context' as const, picked: false }]),
    trustOffer(publicKey),
    ...(folder ? [{ label: t('Write cosign.pub to the Workspace'), detail: vscode.Uri.joinPath(folder.uri, 'cosign.pub').fsPath, value: 'file' as const, picked: false }] : []),
  ]);
  if (chosen.includes('context')) await writeStored('countersign.kubernetes.context', context, workspaceScope(undefined) ?? 'user', undefined);
  if (chosen.includes('file') && folder) await writePublicKey(vscode.Uri.joinPath(folder.uri, 'cosign.pub'), publicKey.pem);
  void inform(t('{0}: {1}.', title, describeKeys([publicKey])));
  // The reference leads to the secret only in the context where it was written.
  if (chosen.includes('trust')) await vscode.commands.executeCommand(commandIds.addTrustedKey, { key: context === current || chosen.includes('context') ? reference : publicKey.pem });
}

async function writePublicKey(file: vscode.Uri, pem: string): Promise<void> {
  const exists = await vscode.workspace.fs.stat(file).then(() => true, () => false);
  const yes = t('Replace');
  if (exists && await askModally(t('There is a cosign.pub already. Replace it?'), file.fsPath, yes) !== yes) return;
  await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(pem));
}
