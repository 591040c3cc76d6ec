// What is wrong, or worth knowing, at a place of a policy file: found by the parsers, put in words by the presentation.
import type { SaidArgument } from '../said.ts';
import type { PolicyFile } from './demand.ts';
import type { TextRange } from '../textRange.ts';
import type { KeySetting } from './trustPolicy.ts';

export interface TextEdit {
  readonly range: TextRange;
  readonly text: string;
}

export interface PolicyFix {
  /** What it does: stable, the words are in the presentation. */
  readonly kind: string;
  readonly args: readonly string[];
  readonly edits: readonly TextEdit[];
}

export interface PolicyProblem {
  /** Stable identifier within a format. */
  readonly kind: string;
  /** `error`: the file is not valid, so nothing that it may demand can be called satisfied. The others do not change what the file means. */
  readonly severity: 'error' | 'warning' | 'information';
  readonly range: TextRange;
  /** For the words: texts of the file, hostile until escaped, and sentences of ours. */
  readonly args: readonly SaidArgument[];
  readonly fixes?: readonly PolicyFix[];
  /** The place of a public key that another one can take, which only whoever knows the trusted keys can offer. */
  readonly keySlot?: KeySlot;
}

/** A place of a policy file where a public key is written. */
export interface KeySlot {
  /** PEM in a YAML text (JSON is one), base64 of PEM or the path of a file in a JSON text. */
  readonly form: 'yaml' | 'base64' | 'path';
  readonly range: TextRange;
  /** What one place holds too many of. */
  readonly several?: SeveralKeys;
}

/** Several keys where one counts, and the authority that could be written once for each. */
export interface SeveralKeys {
  readonly pems: readonly string[];
  readonly authority: TextRange;
  readonly name?: { readonly range: TextRange; readonly text: string };
}

/** A file that a policy names for a key. */
export interface KeyPlace {
  readonly key: KeySetting;
  readonly range: TextRange;
}

/** What a parser of policy files gives. With an `error` among the problems the file's demands are not the whole of what was meant. */
export interface ReadPolicyFile {
  readonly format: 'cluster-image-policy' | 'containers-policy';
  readonly file: PolicyFile;
  /** How many policies it holds; 0: none of this format was found. */
  readonly policies: number;
  readonly problems: readonly PolicyProblem[];
  /** Files of keys, which the parser cannot look at; none where the file has an error. */
  readonly keyPlaces?: readonly KeyPlace[];
}

/** False while any verdict that needs the file must be "unchecked". */
export function isValid({ problems }: Pick<ReadPolicyFile, 'problems'>): boolean {
  return problems.every(({ severity }) => severity !== 'error');
}
