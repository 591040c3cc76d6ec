// The last question of a copy: the plan as a tree to look at, and what to do with it.
import * as vscode from 'vscode';
import { topsOf } from '../../core/copy/chosen.ts';
import type { CopyEngine, CopyPlan, CopySelection } from '../../core/copyEngine.ts';
import { sizeText } from '../../core/encoding/sizeText.ts';
import { copyPlanDocument, planRows } from '../../presentation/copyPlanText.ts';
import { countsWords, proofsWords, tagWords, totalsWords } from '../../presentation/copyText.ts';
import { shortDigest } from '../../presentation/digestText.ts';
import { labelText } from '../../presentation/untrustedText.ts';
import type { CopyPlanDocuments } from '../copyPlanDocuments.ts';
import { t } from '../words.ts';
import { indented, type CopyGoal, type CopyState } from './copySteps.ts';
import { back, choose, type Choice, type Step } from './steps.ts';

/** Asked until something is done with the plan: reading it as a document comes back here. */
export function planStep(copying: CopyEngine, documents: CopyPlanDocuments): Step<CopyState> {
  return {
    applies: ({ plan }) => plan !== undefined,
    ask: async (state, place) => {
      const { plan, selection, source } = state;
      if (!plan) return state;
      for (;;) {
        const goal = await choose<CopyGoal | 'document'>(place, t('This is what a copy would do. Choose what to do with it'), choicesFor(copying, plan, selection, source?.use?.line));
        if (goal === back) return back;
        if (goal !== 'document') return { ...state, goal };
        await showPlan(copying, documents, plan, selection, { aside: true });
      }
    },
  };
}

export async function showPlan(copying: CopyEngine, documents: CopyPlanDocuments, plan: CopyPlan, selection: CopySelection, options: { readonly aside: boolean }): Promise<void> {
  await documents.show(copyPlanDocument(plan, selection, copying.totals(plan, selection), t), options);
}

function choicesFor(copying: CopyEngine, plan: CopyPlan, selection: CopySelection, line: number | undefined): readonly Choice<CopyGoal | 'document'>[] {
  const [totals, tops] = [copying.totals(plan, selection), topsOf(plan, selection)];
  // The editor cuts a line that is too long, and what becomes of the tag stands last.
  const proofs = Object.values(totals.proofs).some((count) => count > 0) ? proofsWords(totals.proofs, t) : t('Nothing hangs on it');
  const update: Choice<CopyGoal> = { label: `$(edit) ${t('Copy, Then Update This Dockerfile')}`, description: t('line {0}', (line ?? 0) + 1), value: 'copy and update' };
  return [
    { label: `$(cloud-upload) ${t('Copy')}`, description: totalsWords(totals, t), detail: `${countsWords(totals, t)}. ${proofs}. ${tagWords(plan, tops, t)}`, value: 'copy' },
    // What has no tag is no image that a Dockerfile could name in place of this one.
    ...(line === undefined || tops.length > 1 ? [] : [update]),
    { label: `$(list-tree) ${t('Show Plan as a Document')}`, description: t('with every layer; nothing is written'), value: 'document' },
    { label: t('The Plan'), kind: vscode.QuickPickItemKind.Separator, value: 'document' },
    ...planRows(plan, selection, t).map(({ depth, name, digest, sizeBytes, words }): Choice<'document'> => ({
      label: indented(depth, name), description: `${sizeText(sizeBytes)}, ${labelText(words, 300)}, ${shortDigest(digest)}`, value: 'document',
    })),
  ];
}
