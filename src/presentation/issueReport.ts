// What a person who reports an issue hands over: versions, counts and codes; no name of an image, a registry, a key or a file. English, for those who read it.
import { registryKind } from '../core/oci/registryKind.ts';
import type { UseWithState } from './useState.ts';

export interface IssueFacts {
  readonly version: string;
  /** The editor with its version, and where it runs. */
  readonly editor: string;
  /** Operating system, processor, runtime. */
  readonly machine: string;
  readonly trusted: boolean;
  readonly folders: number;
  /** Names of settings that are not what they are by default; never their values. */
  readonly settings: readonly string[];
  readonly files: number;
  readonly images: readonly UseWithState[];
  /** Names of commands with the codes they failed with, the oldest first. */
  readonly failures: readonly string[];
}

export function issueReport({ version, editor, machine, trusted, folders, settings, files, images, failures }: IssueFacts): string {
  const codes = images.flatMap(({ state }) => (state.kind === 'unchecked' ? [state.reason.code] : state.kind === 'unresolved' ? [state.error.code] : []));
  const registries = images.flatMap(({ use: { reference } }) => (reference ? [registryKind(reference.registry)] : []));
  return `${[
    '# Countersign: report',
    '',
    `- Countersign ${version}`,
    `- ${editor}`,
    `- ${machine}`,
    `- ${folders} ${folders === 1 ? 'folder' : 'folders'}, ${trusted ? 'trusted' : 'Restricted Mode'}`,
    `- Settings that are changed: ${list(settings)}`,
    `- Open Dockerfiles: ${files}, with ${images.length} images: ${counted(images.map(({ state }) => state.kind))}`,
    `- Registries of these images: ${counted(registries)}`,
    `- Why images are not checked: ${counted(codes)}`,
    `- Last failures of commands: ${list(failures)}`,
  ].join('\n')}\n`;
}

const list = (items: readonly string[]): string => (items.length === 0 ? 'none' : items.map((item) => `\`${item}\``).join(', '));

/** `2 × a, 1 × b`, the most frequent first. */
function counted(items: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts.size === 0 ? 'none' : [...counts].sort(([, a], [, b]) => b - a).map(([item, count]) => `${count} × ${item}`).join(', ');
}
