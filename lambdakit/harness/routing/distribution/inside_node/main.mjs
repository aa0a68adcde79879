// Runs CloudFront functions: one line of JSON in, one out.
//
// Each run has a context of its own, in which there is nothing of this one: what goes in and comes out is text.
// In: {code, modules, event, store, milliseconds}. Out: {done: {result | failed, logs}}.

import fs from 'node:fs';
import vm from 'node:vm';

const surroundings = new vm.Script(fs.readFileSync(new URL('./surroundings.js', import.meta.url), 'utf8'), {
  filename: 'surroundings.js',
});

function run({ code, event, store, milliseconds }) {
  const context = vm.createContext(Object.create(null), {
    codeGeneration: { strings: false, wasm: false },
    microtaskMode: 'afterEvaluate',
  });
  const limits = { timeout: milliseconds };
  surroundings.runInContext(context, limits);
  try {
    vm.runInContext(`begin(${JSON.stringify(JSON.stringify(event))}, ${JSON.stringify(JSON.stringify(store))})`, context, limits);
    vm.runInContext(moduleOf(code), context, { ...limits, filename: 'function.js' });
    const text = vm.runInContext('ended()', context, limits);
    return typeof text === 'string' ? JSON.parse(text) : { failed: 'the function gave nothing that can be read', logs: [] };
  } catch (error) {
    return { failed: described(error), logs: logsOf(context, limits) };
  }
}

// Imports of the built-in modules become calls of what the surroundings have; nothing else is imported at all.
function moduleOf(code) {
  const text = code
    .replace(/^[ \t]*import\s+([A-Za-z_$][\w$]*)\s+from\s*(['"])([\w:]+)\2[ \t]*;?/gm, 'const $1 = require("$3");')
    .replace(/^[ \t]*import\s+\*\s+as\s+([A-Za-z_$][\w$]*)\s+from\s*(['"])([\w:]+)\2[ \t]*;?/gm, 'const $1 = require("$3");')
    .replace(/^[ \t]*import\s*(\{[\w\s,$]*\})\s*from\s*(['"])([\w:]+)\2[ \t]*;?/gm, 'const $1 = require("$3");');
  return `run((require, begin, run, ended) => { ${text}\n; return typeof handler === 'function' ? handler : undefined; })`;
}

function described(error) {
  try {
    if (error?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return 'the function took longer than it may';
    return `${error?.name ?? 'Error'}: ${error?.message ?? error}`;
  } catch {
    return 'the function failed';
  }
}

function logsOf(context, limits) {
  try {
    const text = vm.runInContext('said()', context, limits);
    return typeof text === 'string' ? JSON.parse(text) : [];
  } catch {
    return [];
  }
}

const decoder = new TextDecoder();
const waiting = [];
const buffer = Buffer.alloc(1 << 16);

function readLine() {
  for (;;) {
    const length = fs.readSync(0, buffer);
    if (length === 0) process.exit(0);
    const end = buffer.subarray(0, length).indexOf(10);
    waiting.push(Buffer.from(buffer.subarray(0, end < 0 ? length : end)));
    if (end >= 0) {
      const line = decoder.decode(Buffer.concat(waiting));
      waiting.length = 0;
      if (end + 1 < length) waiting.push(Buffer.from(buffer.subarray(end + 1, length)));
      return line;
    }
  }
}

function writeLine(text) {
  const bytes = Buffer.from(`${text}\n`);
  for (let at = 0; at < bytes.length; ) at += fs.writeSync(1, bytes, at);
}

for (;;) {
  let done;
  const request = JSON.parse(readLine());
  try {
    done = run(request);
  } catch (error) {
    done = { failed: described(error), logs: [] };
  }
  writeLine(JSON.stringify({ done }));
  await new Promise(setImmediate); // contexts are let go of in the event loop alone
}
