// `WWW-Authenticate`: challenges and their parameters (RFC 9110 §11.6.1, §5.6.4 quoted strings).

export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Lower-case names. */
  readonly parameters: Readonly<Record<string, string>>;
}

const maxLength = 8192;
const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;

/** Every challenge of one or several header values; what cannot be read ends the list. The text is the registry's. */
export function parseChallenges(header: string | readonly string[] | undefined): readonly Challenge[] {
  if (header === undefined) return [];
  const text = (typeof header === 'string' ? header : header.join(', ')).slice(0, maxLength);
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  while (at < text.length) {
    take(/[\s,]+/y);
    const word = take(token);
    if (word === undefined) break;
    const equals = take(/\s*=\s*/y);
    if (equals === undefined) {
      challenges.push({ scheme: word.toLowerCase(), parameters: Object.create(null) as Record<string, string> });
      take(/\s+/y);
      // token68 (`Negotiate abc==`): no parameter, passed over.
      take(/[A-Za-z0-9\-._~+/]+=*(?=\s*(?:,|$))/y);
      continue;
    }
    const value = text[at] === '"' ? unquote(take(/"(?:[^"\\]|\\.)*"/ys)) : take(token);
    const current = challenges.at(-1);
    if (value === undefined || !current) break;
    current.parameters[word.toLowerCase()] ??= value;
  }
  return challenges;
}

function unquote(quoted: string | undefined): string | undefined {
  return quoted?.slice(1, -1).replace(/\\(.)/gs, '$1');
}
