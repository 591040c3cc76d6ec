// What the core has to say to a person: English as it stands, and still in parts, so that it can be said in another language.

/** What fills a place in a sentence: a name or a number, which is the same in every language, or words that are translated too. */
export type SaidArgument = string | number | Said;

/** A sentence or a part of one. As a text it is English; `inWords` of the presentation gives it in the person's language. */
export interface Said {
  /** English, with `{0}`, `{1}` … where the arguments go; the key of its translation. */
  readonly template: string;
  readonly args: readonly SaidArgument[];
  /** The English text. */
  toString(): string;
}

class English implements Said {
  readonly template: string;
  readonly args: readonly SaidArgument[];

  constructor(template: string, args: readonly SaidArgument[]) {
    this.template = template;
    this.args = args;
  }

  toString(): string {
    return fill(this.template, this.args);
  }
}

/** Every text that the core, the machine or the editor's half says to a person is written with this tag, and so gets into the bundle of translations. */
export function said(parts: TemplateStringsArray, ...args: readonly SaidArgument[]): Said {
  return new English(parts.map((part, index) => (index === 0 ? part : `{${index - 1}}${part}`)).join(''), args);
}

/** Puts the arguments into their places. They are never looked at for places themselves. */
export function fill(template: string, args: readonly (SaidArgument | boolean)[]): string {
  return template.replace(/\{(\d+)\}/g, (place, index: string) => {
    const value = args[Number(index)];
    return value === undefined ? place : String(value);
  });
}

/** `a`, `a and b`, `a, b and c`. */
export function saidList(items: readonly SaidArgument[]): SaidArgument {
  const last = items[items.length - 1] ?? '';
  return items.length < 2 ? last : said`${sequence(items.slice(0, -1))} and ${last}`;
}

/** The one after the other, in every language. */
export function sequence(items: readonly SaidArgument[], separator = ', '): Said {
  return new English(items.map((_, index) => `{${index}}`).join(separator), items);
}
