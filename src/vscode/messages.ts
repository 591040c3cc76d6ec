// The one door to messages, modal questions and progress. The editor makes links of `[text](address)` in them, commands too: what others wrote stays text here.
import * as vscode from 'vscode';
import { messageText } from '../presentation/untrustedText.ts';

export function inform<T extends string>(message: string, ...offers: readonly T[]): Thenable<T | undefined> {
  return vscode.window.showInformationMessage(messageText(message), ...offers);
}

export function warn<T extends string>(message: string, ...offers: readonly T[]): Thenable<T | undefined> {
  return vscode.window.showWarningMessage(messageText(message), ...offers);
}

export function complain<T extends string>(message: string, ...offers: readonly T[]): Thenable<T | undefined> {
  return vscode.window.showErrorMessage(messageText(message), ...offers);
}

/** A modal question about something that cannot be taken back. @param detail shown line by line, and never as links */
export function askModally<T extends string>(question: string, detail: string, ...answers: readonly T[]): Thenable<T | undefined> {
  return vscode.window.showWarningMessage(messageText(question), { modal: true, detail }, ...answers);
}

/** A modal question about what a person has just asked for. @param detail as in {@link askModally} */
export function propose<T extends string>(question: string, detail: string, ...answers: readonly T[]): Thenable<T | undefined> {
  return vscode.window.showInformationMessage(messageText(question), { modal: true, detail }, ...answers);
}

type Work<T> = (progress: { readonly report: (step: { readonly message?: string; readonly increment?: number }) => void }, token: vscode.CancellationToken) => Thenable<T>;

/** Progress that a person can cancel. */
export function withProgress<T>(title: string, work: Work<T>): Thenable<T> {
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: messageText(title), cancellable: true }, (progress, token) => work({
    report: ({ message, ...rest }) => progress.report({ ...rest, ...(message === undefined ? {} : { message: messageText(message) }) }),
  }, token));
}
