// The window around the tests, where it can be driven: the editor from npm. test/editor/shim.mjs is the other end.

export interface EditorWindow {
  /** Saves a picture as `out/screenshots/NAME.png`. */
  capture(name: string): Promise<void>;
  /** `Enter`, `Control+A`. */
  press(keys: string): Promise<void>;
  type(text: string): Promise<void>;
  /** The whole text at once. */
  paste(text: string): Promise<void>;
  /** Selectors are Playwright's. Each waits until the element is visible. */
  click(selector: string): Promise<void>;
  clickText(text: string): Promise<void>;
  hover(selector: string): Promise<void>;
  /** Points there, again if need be, until something with this text is shown. */
  hoverUntil(selector: string, shown: string, text: string): Promise<void>;
  hoverText(text: string): Promise<void>;
  /** What stands in each element that matches now. */
  texts(selector: string): Promise<readonly string[]>;
  waitForText(selector: string, text: string): Promise<void>;
}

type Ask = (action: keyof EditorWindow, ...args: readonly string[]) => Promise<unknown>;
const ask = (globalThis as { readonly askEditorWindow?: Ask }).askEditorWindow;

/** Undefined in a desktop VS Code. */
export const editorWindow: EditorWindow | undefined = ask && {
  capture: async (name) => { await ask('capture', name); },
  press: async (keys) => { await ask('press', keys); },
  type: async (text) => { await ask('type', text); },
  paste: async (text) => { await ask('paste', text); },
  click: async (selector) => { await ask('click', selector); },
  clickText: async (text) => { await ask('clickText', text); },
  hover: async (selector) => { await ask('hover', selector); },
  hoverUntil: async (selector, shown, text) => { await ask('hoverUntil', selector, shown, text); },
  hoverText: async (text) => { await ask('hoverText', text); },
  texts: async (selector) => await ask('texts', selector) as readonly string[],
  waitForText: async (selector, text) => { await ask('waitForText', selector, text); },
};
