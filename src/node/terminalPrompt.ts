// Asks a person on the terminal, for passwords without showing what is typed.
import { createInterface } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';

export interface Terminal {
  readonly input: ReadStream;
  /** The question goes here, never to standard output. */
  readonly output: WriteStream;
  /** Ctrl-C, which a terminal that shows nothing hands over as a character. */
  readonly interrupt: () => void;
}

/** One line, without its end; what was typed until Ctrl-D. @throws the signal's reason */
export function askTerminal({ input, output, interrupt }: Terminal, question: string, hidden: boolean, signal: AbortSignal): Promise<string> {
  // Whoever types as soon as the question stands there must not be seen either.
  const answer = hidden ? askHidden(input, output, interrupt, signal) : askLine(input, signal);
  output.write(question);
  return answer;
}

function askLine(input: ReadStream, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input, signal });
    let answer = '';
    lines.once('line', (line) => {
      answer = line;
      lines.close();
    });
    lines.once('close', () => {
      if (signal.aborted) reject(signal.reason as Error);
      else resolve(answer);
    });
  });
}

function askHidden(input: ReadStream, output: WriteStream, interrupt: () => void, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const decoder = new TextDecoder();
    let typed = '';
    const end = (): void => {
      input.off('data', take).off('end', finish);
      signal.removeEventListener('abort', stop);
      input.setRawMode(false).pause();
      output.write('\n');
    };
    const finish = (): void => {
      end();
      resolve(typed);
    };
    const stop = (): void => {
      end();
      reject(signal.reason as Error);
    };
    const take = (bytes: Buffer): void => {
      const text = decoder.decode(bytes, { stream: true });
      let at = 0;
      for (const char of text) {
        at += char.length;
        if (char === '\r' || char === '\n' || char === '\u0004') {
          finish();
          // What was pasted behind it answers the next question.
          const rest = text.slice(at).replace(char === '\r' ? /^\n/ : /^/, '');
          if (rest !== '') input.unshift(Buffer.from(rest));
          return;
        }
        if (char === '\u0003') {
          interrupt();
          return;
        }
        if (char === '\u007f' || char === '\b') typed = typed.replace(/.$/su, '');
        else if (char === '\u0015') typed = '';
        else typed += char;
      }
    };
    if (signal.aborted) {
      stop();
      return;
    }
    signal.addEventListener('abort', stop, { once: true });
    input.setRawMode(true).on('data', take).once('end', finish).resume();
  });
}
