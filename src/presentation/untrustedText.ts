// Text that others wrote (registries, Dockerfiles, settings) made safe for each surface it is shown on.

/** Longest piece of foreign text shown in a sentence, in UTF-16 units. */
export const sentenceLimit = 200;
/** Longest piece of foreign text shown in a lens or the status bar. */
export const labelLimit = 40;

/**
 * One line of at most `limit` characters: line breaks and tabs become a space, control, bidirectional, invisible and unpaired characters
 * become `\uFFFD`, so that nothing can reorder or hide what stands beside it. The result says with `…` that it was cut.
 */
export function plainText(text: string, limit = sentenceLimit): string {
  // Cut before working on it: the input may be megabytes long. A cut never leaves half a character.
  const cut = text.length > limit;
  const head = cut ? text.slice(0, limit).replace(/[\uD800-\uDBFF]$/, '') : text;
  const safe = head.replace(/\s+/gu, ' ').replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u034F\u115F\u1160\u3164\uFFA0]/gu, '\uFFFD').trim();
  return cut ? `${safe}…` : safe;
}

/** Longest message of the editor: it would cut there itself. */
const messageLimit = 1000;

/**
 * {@link plainText} for messages, progress, the prompts of questions and the language status: the editor makes a link of
 * `[text](https:…)`, and of `[text](command:…)` one that runs the command. A space between the brackets keeps it text.
 */
export function messageText(text: string): string {
  return plainText(text, messageLimit).replace(/\](?=\()/g, '] ');
}

/** {@link plainText} for surfaces that draw `$(name)` as an icon: lenses, the status bar, quick picks. */
export function labelText(text: string, limit = labelLimit): string {
  return plainText(text, limit).replace(/\$\(/g, '\\$(');
}

/**
 * {@link plainText} for Markdown: nothing in it starts emphasis, code, a link, an autolink, an image, a table cell, HTML or an icon.
 * `$`, `<`, `>`, `&`, `@` and what makes bare addresses into links become entities, because the editor looks for icons after Markdown
 * was rendered; the other ASCII punctuation with a meaning gets a backslash (CommonMark 0.31 §2.4, §2.5). For use inside a line only.
 */
export function escapeMarkdown(text: string, limit = sentenceLimit): string {
  return plainText(text, limit)
    .replace(/[\\`*_{}[\]()#+!|~=-]|[$<>&@]|:(?=\/)|\.(?=\S)/g, (char) => (/[$<>&@:.]/.test(char) ? `&#${char.charCodeAt(0)};` : `\\${char}`));
}
