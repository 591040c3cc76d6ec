// What was found out about a registry as one document: what was tried, what it gave, how long it took, and what to do next.
import type { Diagnosis, DiagnosisStep, LoginSource, PlacesFact, ProxyFact, StepFact, StepName, TlsFact } from '../core/diagnosis/diagnosis.ts';
import { sizeText } from '../core/encoding/sizeText.ts';
import { familiarName } from '../core/oci/reference.ts';
import { timeText } from './digestText.ts';
import { failureText } from './failureText.ts';
import type { Translate } from './translate.ts';
import { escapeMarkdown } from './untrustedText.ts';

const maxAddresses = 8;
const maxChallenges = 4;

/** What a step is called while it runs and in the report. */
export function stepWords(name: StepName, t: Translate): string {
  switch (name) {
    case 'places': return t('Files of this machine');
    case 'proxy': return t('Proxy');
    case 'name': return t('Name');
    case 'connect': return t('Connection');
    case 'tls': return t('TLS');
    case 'ping': return t('Registry API');
    case 'login': return t('Login');
    case 'image': return t('Image');
    case 'signature tag': return t('Signature tag');
    case 'referrers': return t('Referrers');
    case 'mirror': return t('Mirror');
  }
}

/** Markdown without HTML and without a secret. Whatever others wrote is escaped; digests stand in full. */
export function diagnosisText(diagnosis: Diagnosis, t: Translate, offsetMinutes?: number): string {
  const { target, host, steps, triedBefore } = diagnosis;
  const name = target.reference ? familiarName(target.reference) : target.registry;
  const next = nextSteps(diagnosis, t);
  return `${[
    `# ${t('Registry of {0}', safe(name))}`,
    `**${conclusion(steps, t)}**`,
    ...(host === target.registry ? [] : [t('The host that is asked: {0}', code(host))]),
    ...(triedBefore ? [t('{0} was tried first: {1}', triedBefore.scheme, safe(failureText(triedBefore.error, t).message))] : []),
    `## ${t('Steps')}`,
    steps.map((step) => stepLine(step, diagnosis, t, offsetMinutes)).join('\n'),
    ...(diagnosis.noLogins === undefined ? [] : [`## ${t('Logins')}`, noLoginWords(diagnosis.noLogins, t)]),
    `## ${t('What to do next')}`,
    next.map(bullet).join('\n'),
  ].join('\n\n')}\n`;
}

/** Without what our own way ended at, where the editor's networking got to the registry after it. */
function stepsThatCount(steps: readonly DiagnosisStep[]): readonly DiagnosisStep[] {
  return steps.slice(Math.max(0, steps.findIndex((step) => step.state === 'done' && step.fact.kind === 'ping' && step.fact.throughEditor)));
}

function conclusion(steps: readonly DiagnosisStep[], t: Translate): string {
  const failed = stepsThatCount(steps).find((step) => step.state === 'failed');
  const own = steps.find((step) => step.state === 'failed');
  if (own && !failed) return t('Our own way ends at "{0}"; the editor\'s own networking knows another, on which every step that was tried went well.', stepWords(own.name, t));
  return failed ? t('It ends at "{0}".', stepWords(failed.name, t)) : t('Every step that was tried went well.');
}

function stepLine(step: DiagnosisStep, diagnosis: Diagnosis, t: Translate, offsetMinutes: number | undefined): string {
  const line = (name: string, words: string, more: readonly string[] = []): string => [bullet(`**${name}**: ${words}`), ...more.map((each) => `  ${bullet(each)}`)].join('\n');
  if (step.state === 'skipped') return line(stepWords(step.name, t), t('not tried'));
  const took = t('{0} ms', Math.max(0, Math.round(step.tookMs)));
  if (step.state === 'failed') {
    return line(stepWords(step.name, t), `${t('failed')} (${took}). ${safe(failureText(step.error, t).message, 1000)} ${code(step.error.code)}`, step.tls ? certificateLines(step.tls, t, offsetMinutes) : []);
  }
  const { fact } = step;
  const name = fact.kind === 'plain http' ? 'tls' : fact.kind;
  return line(stepWords(name, t), `${factWords(fact, diagnosis, t)} (${took})`, moreLines(fact, t, offsetMinutes));
}

function factWords(fact: StepFact, diagnosis: Diagnosis, t: Translate): string {
  switch (fact.kind) {
    case 'places': return saysNothing(fact.places) ? t('registries.conf and daemon.json say nothing of it') : t('registries.conf or daemon.json say something of it');
    case 'proxy': return proxyWords(fact.proxy, t);
    case 'name': return fact.addresses.length === 0 ? t('not known on this machine; the proxy looks it up') : list(fact.addresses.slice(0, maxAddresses));
    case 'connect': return fact.throughProxy ? t('the proxy answers at {0}', code(fact.address)) : t('open, to {0}', code(fact.address));
    case 'plain http': return fact.why === 'loopback' ? t('none: plain http, to this machine') : isInsecureByFiles(diagnosis) ? t('none: plain http, which the files of this machine allow') : t('none: plain http, which countersign.registries.insecure allows');
    case 'tls':
      if (fact.tls.verified) return t('{0}, and the certificate is trusted', safe(fact.tls.protocol));
      return isInsecureByFiles(diagnosis) ? t('{0}; the certificate is not verified, as the files of this machine have it', safe(fact.tls.protocol)) : t('{0}; the certificate is not verified, because the host is listed in countersign.registries.insecure', safe(fact.tls.protocol));
    case 'ping': {
      const answer = fact.status === 200 ? t('answers without a login (200)') : t('asks for a login (401)');
      return fact.throughEditor ? t('{0}, reached through the editor\'s own networking', answer) : answer;
    }
    case 'login': return loginWords(fact, diagnosis, t);
    case 'image': return t('there: {0}', code(fact.digest));
    case 'signature tag': return fact.found ? t('there: {0}', code(fact.tag)) : t('none: {0}', code(fact.tag));
    case 'referrers': return referrersWords(fact, t);
    case 'mirror': return mirrorWords(fact, diagnosis, t);
  }
}

function moreLines(fact: StepFact, t: Translate, offsetMinutes: number | undefined): readonly string[] {
  if (fact.kind === 'places') return placesLines(fact.places, t);
  if (fact.kind === 'tls') return certificateLines(fact.tls, t, offsetMinutes);
  if (fact.kind === 'image') return [`${safe(fact.mediaType)}, ${sizeText(fact.sizeBytes)}`];
  if (fact.kind === 'login' && fact.source) return [sourceWords(fact.source, t)];
  if (fact.kind !== 'ping') return [];
  return fact.challenges.slice(0, maxChallenges).map(({ scheme, parameters }) => {
    const { realm, service } = parameters;
    const at = realm === undefined ? '' : ` ${t('at {0}', safe(withoutQuery(realm)))}`;
    return `${safe(scheme, 40)}${at}${service === undefined ? '' : ` ${t('for {0}', safe(service))}`}`;
  });
}

const saysNothing = ({ movedTo, insecure, mirrors, problems }: PlacesFact): boolean => movedTo === undefined && !insecure && mirrors.length === 0 && problems.length === 0;

function placesLines({ movedTo, insecure, mirrors, problems }: PlacesFact, t: Translate): readonly string[] {
  return [
    ...(movedTo === undefined ? [] : [t('It is really at {0}', code(movedTo))]),
    ...(insecure ? [t('Plain http and any certificate are accepted there')] : []),
    ...mirrors.map(({ name, pulls }) => {
      switch (pulls) {
        case 'all': return t('Mirror {0}, asked first', code(name));
        case 'digest-only': return t('Mirror {0}, asked first for what is named by its digest', code(name));
        case 'tag-only': return t('Mirror {0}, asked first for tags', code(name));
      }
    }),
    ...problems.map((problem) => safe(failureText(problem, t).text, 1000)),
  ];
}

/** Rather than by a setting. */
const isInsecureByFiles = ({ steps }: Diagnosis): boolean => steps.some((step) => step.state === 'done' && step.fact.kind === 'places' && step.fact.places.insecure);

function mirrorWords({ name, outcome }: Extract<StepFact, { kind: 'mirror' }>, { steps }: Diagnosis, t: Translate): string {
  switch (outcome.kind) {
    case 'not asked': return t('{0} is not asked for this', code(name));
    case 'missing': return t('{0} does not have it', code(name));
    case 'failed': return t('{0} cannot be asked: {1}', code(name), safe(failureText(outcome.error, t).message, 1000));
    case 'found': {
      const differs = steps.some((step) => step.state === 'done' && step.fact.kind === 'image' && step.fact.digest !== outcome.digest);
      return differs ? t('{0} has another image under this name: {1}', code(name), code(outcome.digest)) : t('{0} has it: {1}', code(name), code(outcome.digest));
    }
  }
}

function proxyWords(proxy: ProxyFact, t: Translate): string {
  if (proxy.kind === 'proxy') {
    const words = t('{0}, from {1}', code(proxy.shown), proxy.setting);
    return proxy.hasLogin ? t('{0}, with a login', words) : words;
  }
  switch (proxy.why) {
    case 'loopback': return t('none: this machine is never asked through one');
    case 'turned off': return t('none: http.proxySupport is off');
    case 'none': return t('none: neither http.proxy nor the environment names one');
    case 'exception': return t('none: {0} lists "{1}"', proxy.from, safe(proxy.entry));
  }
}

function certificateLines(tls: TlsFact, t: Translate, offsetMinutes: number | undefined): readonly string[] {
  return [
    t('Certificate of {0}', safe(tls.subject === '' ? '?' : tls.subject)),
    ...(tls.names === '' ? [] : [t('For {0}', safe(tls.names, 500))]),
    t('Issued by {0}', safe(tls.issuer === '' ? '?' : tls.issuer)),
    t('Valid from {0} until {1}', timeText(tls.validFrom, offsetMinutes), timeText(tls.validTo, offsetMinutes)),
    ...(tls.verified ? [tls.authorityFile === undefined ? t('Trusted by an authority of this machine') : t('Trusted by the authority in {0}', safe(tls.authorityFile, 300))] : []),
  ];
}

function loginWords({ needed, account, accepted }: Extract<StepFact, { kind: 'login' }>, { noLogins }: Diagnosis, t: Translate): string {
  if (!needed) return t('not asked for');
  if (account !== undefined && !accepted) return account === '' ? t('a stored token is of no use here') : t('{0} is of no use here', safe(account));
  if (account !== undefined) return account === '' ? t('a stored token is accepted') : t('{0} is accepted', safe(account));
  const anonymous = accepted ? t('anonymous access is accepted') : t('there is none, and anonymous access is not accepted');
  return noLogins === undefined ? t('no login is stored; {0}', anonymous) : t('no login was looked for; {0}', anonymous);
}

function sourceWords(source: LoginSource, t: Translate): string {
  return source.kind === 'file' ? t('From {0}', safe(source.path, 300)) : t('From the credential helper {0}, named in {1}', safe(source.name, 80), safe(source.path, 300));
}

function referrersWords({ support, count, tag, tagFound }: Extract<StepFact, { kind: 'referrers' }>, t: Translate): string {
  if (support === 'unknown') return t('whether the registry lists them is not known');
  if (support === 'yes') return count === undefined ? t('the registry lists them') : t('the registry lists {0}', count);
  if (tag === undefined) return t('the registry has no such API; a tag is read instead');
  return tagFound === true ? t('the registry has no such API; the tag {0} is there', code(tag)) : t('the registry has no such API, and there is no tag {0}', code(tag));
}

function noLoginWords(why: NonNullable<Diagnosis['noLogins']>, t: Translate): string {
  return why === 'restricted' ? t('The workspace is in Restricted Mode: no login was used and no credential helper was started.')
    : t('countersign.registries.useCredentials is off: no login was used and no credential helper was started.');
}

function nextSteps({ steps, noLogins }: Diagnosis, t: Translate): readonly string[] {
  const failed = stepsThatCount(steps).flatMap((step) => (step.state === 'failed' ? [failureText(step.error, t)] : []));
  const remedies = failed.flatMap(({ remedy, actions }) => {
    const setting = actions.find((action) => action.kind === 'open setting');
    return [safe(remedy, 1000), ...(setting?.kind === 'open setting' ? [t('The setting that changes it: {0}', code(setting.setting))] : [])];
  });
  const anonymous = steps.some((step) => step.state === 'done' && step.fact.kind === 'login' && step.fact.needed && !step.fact.accepted);
  if (anonymous) remedies.push(noLogins === 'restricted' ? t('Trust the workspace, so that your logins can be used.') : t('Log in to the registry with docker login or podman login.'));
  return remedies.length === 0 ? [t('Nothing: the registry can be used.')] : [...new Set(remedies)];
}

const bullet = (text: string): string => `- ${text}`;
const code = (text: string): string => `\`${text.replace(/[^\x21-\x7e]|`/g, '?').slice(0, 300)}\``;
const list = (items: readonly string[]): string => items.map(code).join(', ');
const safe = (text: string, limit?: number): string => escapeMarkdown(text, limit);
/** A query may hold what is nobody's business. */
const withoutQuery = (url: string): string => url.replace(/[?#].*$/s, '');
