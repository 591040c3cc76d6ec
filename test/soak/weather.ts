// Three requests in ten go wrong, each in a way that does not depend on which came first: the same seed spoils the same requests.
import { createHash } from 'node:crypto';
import { cutBody, cutConnection, lyingDigestHeader, shortBody, silence, status, tamperedBody, tooManyRequests, unauthorizedForever } from '../support/faults.ts';
import type { Fault } from '../support/registry.ts';

const answerLost: Fault = (_request, ordinary) => {
  ordinary();
  return { status: 0, cut: 'before answer' };
};

type Kinds = readonly (readonly [name: string, fault: Fault])[];

/** What is worth another attempt. */
const passing: Kinds = [
  ['cut', cutConnection], ['answer lost', answerLost], ['cut in the body', cutBody], ['500', status(500)], ['502', status(502)], ['503', status(503)], ['429', tooManyRequests('1')],
];
/** What is not. None of it says anything about what the registry holds. */
const lasting: Kinds = [
  ['short', shortBody], ['tampered with', tamperedBody], ['another digest', lyingDigestHeader], ['401', status(401, 'UNAUTHORIZED')], ['403', status(403, 'DENIED')],
  ['a realm elsewhere', unauthorizedForever('Bearer realm="https://169.254.169.254/"')],
];

export class Weather {
  /** Of a hundred requests. In repositories that are called mild, only what may pass. */
  percent = 0;
  readonly spoiled = new Map<string, number>();
  requests = 0;
  readonly #seed: number;
  readonly #seen = new Map<string, number>();
  #silences = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  readonly fault: Fault = (request, ordinary) => {
    this.requests++;
    if (this.percent === 0) return undefined;
    const key = `${request.method} ${request.kind} ${request.repository} ${request.kind === 'upload' ? '' : request.target}`;
    const count = (this.#seen.get(key) ?? 0) + 1;
    this.#seen.set(key, count);
    const chance = createHash('sha256').update(`${this.#seed} ${key} ${count}`).digest();
    if (chance.readUInt16BE(0) % 100 >= this.percent) return undefined;
    // Waiting costs real time: a few times only.
    const isSilent = chance.readUInt16BE(2) % 200 === 0 && this.#silences++ < 20;
    const kinds = request.repository.includes('mild') ? passing : [...passing, ...lasting];
    const [name, fault] = isSilent ? ['silence', silence] as const : kinds[chance.readUInt16BE(4) % kinds.length] ?? ['cut', cutConnection] as const;
    this.spoiled.set(name, (this.spoiled.get(name) ?? 0) + 1);
    return fault(request, ordinary);
  };
}
