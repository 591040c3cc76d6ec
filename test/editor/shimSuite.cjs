// Loaded as the tests module by the editor from npm: sends what the suite prints to the shim, lets it use its window, then runs the real suite.
const fs = require('node:fs');
const path = require('node:path');
const { Writable } = require('node:stream');
const util = require('node:util');

exports.run = async () => {
  const output = fs.openSync(process.env.COUNTERSIGN_SHIM_OUTPUT, 'a');
  const write = (text) => { fs.writeSync(output, text); };
  // The extension host has replaced these by accessors whose setters do nothing.
  for (const name of ['log', 'info', 'warn', 'error', 'debug']) {
    Object.defineProperty(console, name, { value: (...args) => { write(`${util.format(...args)}\n`); }, writable: true, configurable: true });
  }
  for (const name of ['stdout', 'stderr']) {
    Object.defineProperty(process, name, { configurable: true, value: new Writable({ write(chunk, _encoding, done) { fs.writeSync(output, chunk); done(); } }) });
  }
  let next = 0;
  globalThis.askEditorWindow = async (action, ...args) => {
    const id = `call-${++next}`;
    write(`\n\x1ecall ${JSON.stringify({ id, action, args })}\n`);
    const file = path.join(process.env.COUNTERSIGN_SHIM_ANSWERS, `${id}.json`);
    for (let tries = 0; !fs.existsSync(file); tries++) {
      if (tries > 4000) throw new Error(`the window did not answer: ${action}`);
      await new Promise((wait) => { setTimeout(wait, 25); });
    }
    const { value, error } = JSON.parse(fs.readFileSync(file, 'utf8'));
    if (error !== undefined) throw new Error(`${action}: ${error}`);
    return value;
  };
  try {
    await require(process.env.COUNTERSIGN_SHIM_SUITE).run();
    write('\n\x1eend 0\n');
  } catch (error) {
    write(`${error && error.message || error}\n\x1eend 1\n`);
    throw error;
  }
};
