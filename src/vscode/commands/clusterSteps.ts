// The questions that lead to a secret of a cluster: completed from what the cluster lists, free text where it may not be listed.
import * as vscode from 'vscode';
import type { ClusterKeys } from '../../core/kubernetes/clusterKeys.ts';
import { namespaceProblem, secretNameProblem } from '../../core/kubernetes/secretReference.ts';
import { CosignError } from '../../core/errors.ts';
import { said, type Said } from '../../core/said.ts';
import { inWords } from '../../presentation/translate.ts';
import { labelText, plainText } from '../../presentation/untrustedText.ts';
import { t } from '../words.ts';
import { runWithProgress } from './runWithProgress.ts';
import { back, choose, enterOrChoose, type Choice, type Step, type StepPlace } from './steps.ts';

export interface ClusterState {
  readonly context?: string;
  /** Where the context starts. */
  readonly startNamespace?: string | undefined;
  readonly namespace?: string;
  readonly name?: string;
}

/** Which context. @throws {CosignError} `KUBERNETES_CONFIG_INVALID` when there is none */
export function contextStep<State extends ClusterState>(kubernetes: ClusterKeys): Step<State> {
  return {
    applies: () => true,
    ask: async (state, place) => {
      const { contexts, current } = await kubernetes.contexts(new AbortController().signal);
      if (contexts.length === 0) throw new CosignError('KUBERNETES_CONFIG_INVALID', said`The kubeconfig has no contexts.`);
      const choices: Choice<string>[] = contexts.map(({ name, cluster, user }) => ({
        label: `$(server-environment) ${shown(name)}`, description: name === current ? t('current') : '', detail: t('cluster {0}, user {1}', shown(cluster), shown(user)), value: name,
      }));
      const context = await choose(place, t('In which Kubernetes context?'), choices, state.context ?? current);
      if (context === back) return back;
      return { ...state, context, startNamespace: contexts.find(({ name }) => name === context)?.namespace };
    },
  };
}

/** Which namespace, in the context chosen before or in the current one. */
export function namespaceStep<State extends ClusterState>(kubernetes: ClusterKeys): Step<State> {
  return {
    applies: () => true,
    ask: async (state, place) => {
      const names = await listed((signal) => kubernetes.namespaces(state.context, signal));
      const namespace = await enterName(place, {
        names: names ?? [], icon: 'symbol-namespace', value: state.namespace ?? state.startNamespace ?? '', problem: namespaceProblem,
        placeholder: names ? t('In which namespace? Choose one, or enter its name') : t('In which namespace? This user may not list them: enter its name'),
      });
      return namespace === back ? back : { ...state, namespace };
    },
  };
}

/** Which secret. @param existing whether only one that exists makes sense */
export function secretStep<State extends ClusterState>(kubernetes: ClusterKeys, { existing }: { readonly existing: boolean }): Step<State> {
  return {
    applies: () => true,
    ask: async (state, place) => {
      const names = await listed((signal) => kubernetes.secrets(state.context, state.namespace ?? '', signal));
      const placeholder = names ? existing ? t('Which secret? Choose one, or enter its name') : t('A name for the secret, or one that exists and is to hold the new keys')
        : t('The name of the secret; this user may not list them');
      const name = await enterName(place, { names: names ?? [], icon: 'lock', value: state.name ?? (existing ? '' : 'cosign'), problem: secretNameProblem, placeholder });
      return name === back ? back : { ...state, name };
    },
  };
}

interface NameQuestion {
  readonly names: readonly string[];
  readonly icon: string;
  readonly value: string;
  readonly placeholder: string;
  /** The rest of a sentence. */
  readonly problem: (text: string) => Said | undefined;
}

export function enterName(place: StepPlace, { names, icon, value, placeholder, problem }: NameQuestion): Promise<string | typeof back> {
  return enterOrChoose(place, {
    placeholder, value,
    choices: names.map((name) => ({ label: `$(${icon}) ${labelText(name, 200)}`, value: name })),
    parse: (text) => {
      const wrong = problem(text);
      return wrong === undefined ? { value: text } : t('This cannot be used: {0}.', inWords(wrong, t));
    },
  });
}

/** Names that a cluster cannot have are left out. */
async function listed(list: (signal: AbortSignal) => Promise<readonly string[] | undefined>): Promise<readonly string[] | undefined> {
  const names = await runWithProgress(t('Asking the Kubernetes cluster'), list);
  return names?.filter((name) => secretNameProblem(name) === undefined);
}

const shown = (text: string): string => plainText(text, 80).replace(/\$\(/g, '\\$(');

/** A text that can be read and searched, not written. */
export async function showReadOnly(title: string, text: string): Promise<vscode.Disposable> {
  const scheme = 'countersign-secret';
  const provider = vscode.workspace.registerTextDocumentContentProvider(scheme, { provideTextDocumentContent: () => text });
  try {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(`${scheme}:${encodeURI(`/${title}`)}`));
    await vscode.window.showTextDocument(document, { preview: true, preserveFocus: true });
    return provider;
  } catch (error) {
    provider.dispose();
    throw error;
  }
}
