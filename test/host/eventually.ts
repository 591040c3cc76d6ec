// How host suites wait for what is on a screen.

/** Long enough for a computer that does much else, in milliseconds; what happens at once is seen at once. */
export const patienceMs = 45_000;

export const pause = (milliseconds: number): Promise<void> => new Promise((done) => { setTimeout(done, milliseconds); });

/** Looks again and again; a person would, too. @throws when nothing was seen within the limit, in milliseconds */
export async function eventually<T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>, limitMs = patienceMs): Promise<T> {
  for (const deadline = Date.now() + limitMs; ;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`did not happen: ${what}`);
    await pause(50);
  }
}
