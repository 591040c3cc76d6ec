// Command: asks for a public key, its name, its images and where to store it; then writes the settings, and only then.
import * as vscode from 'vscode';
import { saidOf } from '../../core/errors.ts';
import { canonicalRepository, parseReference } from '../../core/oci/reference.ts';
import { parseImagePattern } from '../../core/policy/imagePattern.ts';
import { inWords } from '../../presentation/translate.ts';
import { labelText } from '../../presentation/untrustedText.ts';
import { isRecord } from '../places.ts';
import { readStored, workspaceScope, type Scope } from '../storedSettings.ts';
import { t } from '../words.ts';
import type { Command, CommandContext } from './context.ts';
import { fileWithoutKeys, listCovered } from './firstKey.ts';
import { describeKeys, describeLocal, keySteps, readKey, type ChosenKey, type KeyState } from './keySteps.ts';
import { askSteps, back, choose, enter, type Step } from './steps.ts';
import { storeKey } from './storeKey.ts';

interface Answers extends KeyState {
  readonly resource: vscode.Uri | undefined;
  /** The repository the person was looking at. */
  readonly repository: string | undefined;
  readonly name?: string;
  readonly images?: 'all' | 'some';
  readonly patterns?: readonly string[];
  readonly scope?: Scope;
}

export const addTrustedKey: Command = async (context, argument) => {
  const start: Answers = { ...targetIn(argument), ...await keyIn(context, argument) };
  const { key, name, images, patterns, scope, resource } = await askSteps(t('Add Trusted Key'), [...(start.key ? [] : keySteps<Answers>(context)), nameStep, imagesStep, patternStep, scopeStep], start);
  if (!key || name === undefined) return;
  const covers = images === 'some' ? patterns ?? [] : 'all';
  const first = fileWithoutKeys(context, resource);
  const describeNow = (known: string): Promise<string | undefined> => describeLocal(context, context.settings.forResource(resource).trust.keys.find((other) => other.name === known));
  const stored = await storeKey({ key, name, images: covers, scope: scope ?? 'user', resource, describeNow });
  if (!stored) return;
  if (first) listCovered(context, first, name, covers);
  else vscode.window.setStatusBarMessage(t('The key {0} is trusted now', labelText(name, 80)), 5000);
};

const nameStep: Step<Answers> = {
  applies: () => true,
  ask: async (state, place) => {
    const taken = new Set(keyNames(state.resource));
    const name = await enter(place, {
      prompt: t('A name for the key ({0})', describeKeys(state.key?.descriptions ?? [])),
      value: state.name ?? suggestedName(state.key, taken),
      validate: (value) => Promise.resolve(nameProblem(value.trim(), taken)),
    });
    return name === back ? back : { ...state, name: name.trim() };
  },
};

const imagesStep: Step<Answers> = {
  applies: () => true,
  ask: async (state, place) => {
    const images = await choose<'all' | 'some'>(place, t('For which images is the key trusted?'), [
      { label: t('Only Some Images…'), detail: state.repository ?? t('images that match a pattern, such as ghcr.io/my-org/**'), value: 'some' },
      { label: t('All Images'), detail: hasPolicies(state.resource) ? t('adds a policy for every image: images that other policies cover must satisfy those as well') : t('a signature by this key is enough for any image'), value: 'all' },
    ], state.images ?? (state.repository === undefined ? 'all' : 'some'));
    return images === back ? back : { ...state, images };
  },
};

const patternStep: Step<Answers> = {
  applies: ({ images }) => images === 'some',
  ask: async (state, place) => {
    const value = await enter(place, {
      prompt: t('Image patterns, with spaces between them: * stands for a part of a name, ** for anything'),
      placeholder: 'ghcr.io/my-org/**',
      value: state.patterns?.join(' ') ?? state.repository ?? '',
      validate: (text) => Promise.resolve(patternProblem(text)),
    });
    return value === back ? back : { ...state, patterns: patternsIn(value) };
  },
};

/** In Restricted Mode and without a folder the user settings are the only place. */
const scopeStep: Step<Answers> = {
  applies: ({ resource }) => vscode.workspace.isTrusted && workspaceScope(resource) !== undefined,
  ask: async (state, place) => {
    const workspace = workspaceScope(state.resource) ?? 'workspace';
    const scope = await choose<Scope>(place, t('Trust {0} ({1}): where is that stored?', state.name ?? '', describeKeys(state.key?.descriptions ?? [])), [
      { label: t('User Settings'), detail: t('for you, in every folder'), value: 'user' },
      { label: workspace === 'folder' ? t('Folder Settings') : t('Workspace Settings'), detail: t('for everybody who works in this folder'), value: workspace },
    ], state.scope);
    return scope === back ? back : { ...state, scope };
  },
};

/** Undefined parts for anything that is not an `AddTrustedKeyTarget`. */
function targetIn(argument: unknown): Answers {
  const { uri, image } = isRecord(argument) ? argument : {};
  return {
    resource: typeof uri === 'string' ? vscode.Uri.parse(uri) : vscode.window.activeTextEditor?.document.uri,
    repository: typeof image === 'string' ? repositoryOf(image) : undefined,
  };
}

/** The key another command knows already: read again here, whatever the argument claims about it. */
async function keyIn(context: CommandContext, argument: unknown): Promise<KeyState> {
  const { key: reference } = isRecord(argument) ? argument : {};
  return typeof reference === 'string' ? { key: await readKey(context, reference) } : {};
}

function repositoryOf(image: string): string | undefined {
  try {
    return canonicalRepository(parseReference(image));
  } catch {
    return undefined;
  }
}

function suggestedName(key: ChosenKey | undefined, taken: ReadonlySet<string>): string {
  const base = /([^/]+?)(?:\.(?:pub|pem|key))?$/i.exec(key?.file?.path ?? '')?.[1] ?? 'release';
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!taken.has(name)) return name;
  }
}

function nameProblem(name: string, taken: ReadonlySet<string>): string | { note: string } | undefined {
  if (name === '') return t('Enter a name.');
  if (name.length > 80 || /[\p{Cc}\p{Cf}]/u.test(name)) return t('Use at most 80 characters, all of them visible.');
  return taken.has(name) ? { note: t('There is a key with this name; you will be asked before it is replaced.') } : undefined;
}

function patternProblem(text: string): string | undefined {
  const patterns = patternsIn(text);
  if (patterns.length === 0) return t('Enter at least one pattern.');
  if (patterns.some((pattern) => pattern.startsWith('!'))) return t('Exceptions with "!" can be written in the settings only.');
  try {
    for (const pattern of patterns) parseImagePattern(pattern);
    return undefined;
  } catch (error) {
    return inWords(saidOf(error), t);
  }
}

const patternsIn = (text: string): readonly string[] => [...new Set(text.split(/[\s,]+/).filter((part) => part !== ''))];

function keyNames(resource: vscode.Uri | undefined): readonly string[] {
  return readStored('countersign.keys', resource).values.flatMap(({ value }) => (isRecord(value) ? Object.keys(value) : []));
}

function hasPolicies(resource: vscode.Uri | undefined): boolean {
  const policies = readStored('countersign.policies', resource).values.at(-1)?.value;
  return Array.isArray(policies) && policies.length > 0;
}
