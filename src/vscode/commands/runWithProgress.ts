// Work that takes a while, with progress on screen and a cancel that aborts it.
import * as vscode from 'vscode';
import { withProgress } from '../messages.ts';

/** How far the work is; `message` stands beside the bar. */
export type Report = (done: number, total: number, message?: string) => void;

/** @throws {vscode.CancellationError} when the person stopped it; whatever `work` throws */
export async function runWithProgress<T>(title: string, work: (signal: AbortSignal, report: Report) => Promise<T>): Promise<T> {
  return withProgress(title, async (progress, token) => {
    const run = new AbortController();
    const subscription = token.onCancellationRequested(() => run.abort(new vscode.CancellationError()));
    let shown = 0;
    try {
      return await work(run.signal, (done, total, message) => {
        const percent = total === 0 ? 100 : Math.min(100, (done / total) * 100);
        progress.report({ increment: Math.max(0, percent - shown), ...(message === undefined ? {} : { message }) });
        shown = Math.max(shown, percent);
      });
    } finally {
      subscription.dispose();
    }
  });
}
