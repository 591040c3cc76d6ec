// Command: verifies again past every cache, one image or the whole file.
import { findPlace, offerKeys, verifyWithProgress } from './activeFile.ts';
import type { Command } from './context.ts';

export const verifyAgain: Command = async (context, argument) => {
  const place = findPlace(context, argument);
  if (!place) return;
  const trust = await verifyWithProgress(context, place, { fresh: true, ...(place.range ? { range: place.range } : {}) });
  await offerKeys(trust);
};
