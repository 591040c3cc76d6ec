// Command: shows the log.
import type { Command } from './context.ts';

export const openLog: Command = ({ log }) => {
  log.show();
  return Promise.resolve();
};
