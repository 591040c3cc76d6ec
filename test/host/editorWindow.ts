// The window around the tests, where it can be driven, by keyboard only: the editor from npm. test/editor/shim.mjs is the other end.

export interface EditorWindow {
  /** Saves a picture as `out/screenshots/NAME.png`. */
  capture(name: string): Promise<void>;
  /** `Enter`, `Control+A`. */
  press(keys: string): Promise<void>;
  type(text: string): Promise<void>;
  /** The whole text at once. */
  paste(text: string): Promise<void>;
  /** What stands in each element that matches now. Selectors are Playwright's. */
  texts(selector: string): Promise<readonly string[]>;
  /** Waits until such an element is visible; `limitMs` where another way is tried then. */
  waitForText(selector: string, text: string, ...limitMs: readonly [] | readonly [number]): Promise<void>;
  /** Runs a command from the palette. */
  runCommand(title: string): Promise<void>;
}

type Ask = (action: keyof EditorWindow, ...args: readonly (string | number)[]) => Promise<unknown>;
const ask = (globalThis as { readonly askEditorWindow?: Ask }).askEditorWindow;

/** Undefined in a desktop VS Code. */
export const editorWindow: EditorWindow | undefined = ask && {
  capture: async (name) => { await ask('capture', name); },
  press: async (keys) => { await ask('press', keys); },
  type: async (text) => { await ask('type', text); },
  paste: async (text) => { await ask('paste', text); },
  texts: async (selector) => await ask('texts', selector) as readonly string[],
  waitForText: async (selector, text, ...limitMs) => { await ask('waitForText', selector, text, ...limitMs); },
  runCommand: async (title) => { await ask('runCommand', title); },
};
