// The states of a file's images → the status bar entry, the language status item and the picker.
import { enumeration, type Translate } from './translate.ts';
import { escapeMarkdown, labelText, plainText } from './untrustedText.ts';
import type { UseState, UseWithState } from './useState.ts';
import { stateIcon, stateWords } from './verdictText.ts';

const maxTooltipLines = 20;

/** `ok` only where every image of the file is verified. */
export type SummarySeverity = 'ok' | 'neutral' | 'busy' | 'warning' | 'error';

export interface SummaryLine {
  readonly icon: string;
  /** For quick picks: icons in foreign text are disarmed. */
  readonly reference: string;
  readonly words: string;
  /** From zero. */
  readonly line: number;
}

export interface Summary {
  /** With its codicon, for the status bar. */
  readonly text: string;
  /** The codicon's name alone. */
  readonly icon: string;
  /** {@link text} without the icon. */
  readonly words: string;
  readonly severity: SummarySeverity;
  /** Something is still being verified. */
  readonly busy: boolean;
  /** Markdown with codicons: one line per image, then what else is to be said. */
  readonly tooltip: string;
  readonly lines: readonly SummaryLine[];
  /** Every state that occurs with its number, the worst first: `1 unsigned and 3 verified`; empty without images. */
  readonly counted: string;
  /** What a screen reader says. */
  readonly accessibilityLabel: string;
}

export interface SummaryOptions {
  /** BuildKit would refuse the file. */
  readonly refused?: boolean;
  /** Restricted Mode: keys, policies and more from the workspace are ignored. */
  readonly restricted?: boolean;
  /** Entries of keys and policies that are left out because they are wrong. */
  readonly settingProblems?: number;
}

type Counts = Readonly<Record<UseState['kind'], number>>;

/** What stands for the whole file. The worst image decides: `verified` is said only as a count. */
export function summarize(items: readonly UseWithState[], t: Translate, options: SummaryOptions = {}): Summary {
  const counts = count(items);
  const head = headline(counts, items.length, options, t);
  const lines = items.map((item) => ({
    icon: stateIcon(item.state),
    reference: labelText(item.use.text === '' ? item.use.raw : item.use.text, 120),
    words: stateWords(item, t),
    line: item.use.line,
  }));
  const notes = noteLines(options, t);
  const label = enumeration(countWords(counts, t), t, 10);
  return {
    text: `$(${head.icon}) ${head.words}`,
    icon: head.icon, words: head.words, severity: head.severity,
    busy: counts.pending > 0,
    tooltip: tooltip(items, notes, t),
    lines, counted: label,
    accessibilityLabel: [items.length === 0 ? t('Countersign: no images in this file') : t('Countersign, images of this file: {0}', label), ...notes].join('. '),
  };
}

interface Headline { readonly icon: string; readonly words: string; readonly severity: SummarySeverity }

function headline(counts: Counts, total: number, options: SummaryOptions, t: Translate): Headline {
  const said = (icon: string, severity: SummarySeverity, words: string): Headline => ({ icon, severity, words });
  if (counts.untrusted > 0) return said('error', 'error', t('{0} of {1} untrusted', counts.untrusted, total));
  if (counts.unsigned > 0) return said('warning', 'warning', t('{0} of {1} unsigned', counts.unsigned, total));
  if (counts.unchecked > 0) return said('question', 'warning', t('{0} of {1} unchecked', counts.unchecked, total));
  if (counts.unresolved > 0) return said('symbol-variable', 'warning', t('{0} of {1} unresolved', counts.unresolved, total));
  if ((options.settingProblems ?? 0) > 0) return said('warning', 'warning', t('Trust settings have mistakes'));
  if (options.refused === true) return said('warning', 'warning', t('Dockerfile has mistakes'));
  if (counts.pending > 0) return said('sync', 'busy', t('Verifying {0} of {1}', counts.pending, total));
  if (counts.waiting > 0) return said('circle-outline', 'neutral', t('{0} of {1} not verified yet', counts.waiting, total));
  if (counts['no keys'] > 0) return said('key', 'neutral', t('No trusted key'));
  if (total === 0) return said('shield', 'neutral', t('No images'));
  if (counts.verified === 0) return said('dash', 'neutral', t('No policy covers these images'));
  if (counts.verified < total) return said('shield', 'neutral', t('{0} of {1} verified', counts.verified, total));
  return said('verified-filled', 'ok', t('{0} of {1} verified', counts.verified, total));
}

function count(items: readonly UseWithState[]): Counts {
  const counts: Record<UseState['kind'], number> = {
    pending: 0, waiting: 0, 'no keys': 0, unresolved: 0, verified: 0, unsigned: 0, untrusted: 0, unchecked: 0, uncovered: 0,
  };
  for (const { state } of items) counts[state.kind] += 1;
  return counts;
}

/** Every state that occurs, the worst first. */
function countWords(counts: Counts, t: Translate): readonly string[] {
  const words: readonly (readonly [number, string])[] = [
    [counts.untrusted, t('{0} untrusted', counts.untrusted)],
    [counts.unsigned, t('{0} unsigned', counts.unsigned)],
    [counts.unchecked, t('{0} could not be checked', counts.unchecked)],
    [counts.unresolved, t('{0} unresolved', counts.unresolved)],
    [counts.pending, t('{0} being verified', counts.pending)],
    [counts.waiting, t('{0} not verified yet', counts.waiting)],
    [counts['no keys'], t('{0} not verified because there is no trusted key', counts['no keys'])],
    [counts.uncovered, t('{0} not covered by any policy', counts.uncovered)],
    [counts.verified, t('{0} verified', counts.verified)],
  ];
  return words.filter(([number]) => number > 0).map(([, text]) => text);
}

function noteLines({ refused, restricted, settingProblems = 0 }: SummaryOptions, t: Translate): readonly string[] {
  return [
    ...(settingProblems > 0 ? [settingProblems === 1 ? t('1 entry of the keys and policies is left out because of a mistake') : t('{0} entries of the keys and policies are left out because of mistakes', settingProblems)] : []),
    ...(refused === true ? [t('A build refuses this Dockerfile: there may be images that cannot be read')] : []),
    ...(restricted === true ? [t('Restricted Mode: keys, build arguments and registry settings of the workspace are ignored, its policies only add demands')] : []),
  ];
}

function tooltip(items: readonly UseWithState[], notes: readonly string[], t: Translate): string {
  const rows = items.slice(0, maxTooltipLines).map((item) => {
    const { use, state } = item;
    return `- $(${stateIcon(state)}) ${escapeMarkdown(use.text === '' ? use.raw : use.text, 120)} · ${stateWords(item, t, escapeMarkdown)} · ${t('line {0}', use.line + 1)}`;
  });
  const rest = items.length - maxTooltipLines;
  const body = items.length === 0 ? t('No images in this file') : [...rows, ...(rest > 0 ? [`- ${t('and {0} more', rest)}`] : [])].join('\n');
  return [body, ...notes.map((note) => plainText(note))].join('\n\n');
}
