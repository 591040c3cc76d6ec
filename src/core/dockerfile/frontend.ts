// The frontend a file asks for: its image, and what its directives say to BuildKit itself.
import { said } from '../said.ts';
import type { DockerfileOptions } from './imageUse.ts';
import { parseBool } from './goText.ts';
import type { ImageUses } from './imageUses.ts';
import { quote, type Problems } from './problems.ts';
import type { SourceText } from './sourceText.ts';
import { checkDirectiveOf, syntaxDirectiveOf } from './syntaxDirective.ts';
import type { VariableUse } from './variables.ts';

/** A build argument of this name replaces the directive; without a directive it stands at the start of the file. */
const syntaxArgument = 'BUILDKIT_SYNTAX';

/**
 * Adds the frontend's image.
 * @returns `'other'` when the file is in no form the Dockerfile frontend reads (`// syntax=`, JSON) and names another frontend:
 *   what that one refuses is not known
 */
export function readSyntax(source: SourceText, options: DockerfileOptions, uses: ImageUses): 'dockerfile' | 'other' {
  const directive = syntaxDirectiveOf(source.text);
  const given = Object.hasOwn(options.buildArgs, syntaxArgument) ? options.buildArgs[syntaxArgument] : undefined;
  if (directive === undefined && given === undefined) return 'dockerfile';
  const range = source.range(directive?.start ?? 0, directive?.end ?? 0);
  const image = given === undefined ? directive?.image ?? '' : given.trim().split(' ', 1)[0] ?? '';
  const variables: readonly VariableUse[] = given === undefined ? []
    : [{ name: syntaxArgument, binding: { value: given, origin: { name: syntaxArgument, kind: 'setting', value: given }, uses: [] }, asEmpty: false }];
  uses.add({
    kind: 'syntax', line: range.start.line, range, raw: source.text.slice(directive?.start ?? 0, directive?.end ?? 0), text: image, variables,
    phase: 'references',
  });
  const isDockerfile = /^(?:docker\.io\/|index\.docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@]|$)/.test(image);
  return directive !== undefined && directive.form !== '#' && !isDockerfile ? 'other' : 'dockerfile';
}

/** A `# check=` directive that cannot be read refuses the file before anything else. */
export function checkProblem(source: SourceText, problems: Problems): void {
  const directive = checkDirectiveOf(source.text);
  if (directive === undefined) return;
  const [first, second, ...rest] = (directive.value.split(' ', 1)[0] ?? '').split(';');
  for (const option of [first, second, rest.length > 0 ? rest.join(';') : undefined]) {
    if (option === undefined) continue;
    const [key = '', value] = option.split(/=(.*)/s);
    const known = ['skip', 'experimental', 'error'].includes(key.trim());
    if (value !== undefined && known && !(key.trim() === 'error' && parseBool(value.trim()) === undefined)) continue;
    problems.add('file', source.range(directive.start, directive.start + directive.value.length), said`The check directive has no option ${quote(option)}.`);
    return;
  }
}
