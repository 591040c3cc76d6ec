// How far a copy is, and what became of each thing.
import type { CopiedThing, CopyProgress } from '../copyEngine.ts';
import type { Digest } from '../crypto/digest.ts';

export class Tally {
  readonly #report: (progress: CopyProgress) => void;
  readonly #total: number;
  readonly #underWay = new Map<Digest, number>();
  readonly #things: CopiedThing[] = [];
  /** The sum of what is under way. */
  #moving = 0;
  #done = 0;
  #sent = 0;
  #step: CopyProgress['step'] = 'look';

  /** @param total bytes of everything that is to be at the destination in the end */
  constructor(total: number, report: (progress: CopyProgress) => void) {
    this.#total = total;
    this.#report = report;
  }

  get things(): readonly CopiedThing[] {
    return this.#things;
  }

  get sentBytes(): number {
    return this.#sent;
  }

  begin(step: CopyProgress['step']): void {
    this.#step = step;
    this.#tell();
  }

  /** So many bytes of a blob are on their way by now. */
  moved(digest: Digest, bytes: number): void {
    this.#moving += bytes - (this.#underWay.get(digest) ?? 0);
    this.#underWay.set(digest, bytes);
    this.#tell(digest);
  }

  /** @param countedBytes how much of the total this was; 0 for what is not in it */
  ended(thing: CopiedThing, countedBytes: number): void {
    this.#moving -= this.#underWay.get(thing.digest) ?? 0;
    this.#underWay.delete(thing.digest);
    this.#done += countedBytes;
    if (thing.what === 'blob' && thing.outcome === 'copied') this.#sent += thing.sizeBytes;
    this.#things.push(thing);
    this.#tell(thing.digest);
  }

  #tell(digest?: Digest): void {
    this.#report({ step: this.#step, bytesDone: Math.min(this.#done + this.#moving, this.#total), bytesTotal: this.#total, ...(digest === undefined ? {} : { digest }) });
  }
}
