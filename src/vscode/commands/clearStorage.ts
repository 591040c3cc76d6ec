// Command: deletes the signatures stored on this machine, and asks the registries anew.
import { sizeText } from '../../core/encoding/sizeText.ts';
import { inform } from '../messages.ts';
import { t } from '../words.ts';
import type { Command } from './context.ts';

export const clearStorage: Command = async ({ engine, tracker }) => {
  const { images, bytes } = await (await engine.get()).clearStorage();
  tracker.keysChanged();
  void inform(images === 0 && bytes === 0
    ? t('No signatures were stored on this machine.')
    : t('Cleared the signatures stored on this machine: images {0}, {1} on the disk. Registries are asked anew.', images, sizeText(bytes)));
};
