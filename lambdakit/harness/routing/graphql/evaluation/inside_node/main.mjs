// Runs resolvers' code: one process for a harness, one context for an evaluation.
//
// In: a line of JSON on standard input, `{"kind": "evaluate" | "check", ...}`. Out: a line on standard output, which ends
// the request, `{"done": ...}`; before it any number of `{"call": name, "given": ...}`, each answered by a line. When
// standard input ends, so does the process.
// Code of a resolver's never sees an object of this realm: what leads out of its context takes and gives texts, and no
// realm makes code of texts (--disallow-code-generation-from-strings).

import { readFileSync, readSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import vm from 'node:vm';

import { problemsOf } from './checks.mjs';
import { scriptOf } from './scripts.mjs';

const require = createRequire(import.meta.url);
// The parser that comes with Node.js, for its own use.
const acorn = require('internal/deps/acorn/acorn/dist/acorn');
const [realmScript, modulesScript] = ['realm.js', 'modules.js'].map(
  (name) => new vm.Script(readFileSync(new URL(name, import.meta.url), 'utf8'), { filename: `lambdakit:${name}` }),
);
const start = new vm.Script('start()', { filename: 'lambdakit:start' });
const { exit } = process;
for (const name of ['process', 'fetch', 'WebSocket', 'EventSource', 'Buffer', 'eval']) delete globalThis[name];

const chunk = new Uint8Array(65536);
const decoder = new TextDecoder();
const encoder = new TextEncoder();
let waiting = '';

function readLine() {
  let end = waiting.indexOf('\n');
  const parts = [];
  while (end < 0) {
    parts.push(waiting);
    const length = readSync(0, chunk);
    if (length === 0) exit(0);
    waiting = decoder.decode(chunk.subarray(0, length), { stream: true });
    end = waiting.indexOf('\n');
  }
  parts.push(waiting.slice(0, end));
  waiting = waiting.slice(end + 1);
  return parts.join('');
}

function writeLine(line) {
  const bytes = encoder.encode(`${line}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}

function call(name, given) {
  writeLine(`{"call":${JSON.stringify(name)},"given":${given}}`);
  return readLine();
}

// A context that no code has run in yet. One is made ahead, since that takes longer than most code does.
function newRealm() {
  const context = vm.createContext(vm.constants.DONT_CONTEXTIFY, { codeGeneration: { strings: false, wasm: false } });
  const realm = realmScript.runInContext(context)(call);
  return { context, realm, modules: modulesScript.runInContext(context)(realm) };
}

let spare = newRealm();
const exported = Object.fromEntries(Object.entries(spare.modules).map(([name, module]) => [name, Object.keys(module)]));
const prepared = new Map();

// What was found in code, and its script; code that was read before is not read again.
function prepare(code) {
  if (!prepared.has(code)) {
    const { problems, places, tree } = problemsOf(code, acorn, exported);
    const found = { problems, places, ...(problems.length > 0 ? {} : compiled(code, tree)) };
    if (prepared.size >= 256) prepared.delete(prepared.keys().next().value);
    prepared.set(code, found);
  }
  return prepared.get(code);
}

// What only a module may have, `import.meta` for one, is no script.
function compiled(code, tree) {
  try {
    return scriptOf(code, tree);
  } catch (error) {
    const value = `code.js(0,0): error: ${error.message}`;
    return { problems: [{ type: 'PARSE_ERROR', value, line: 0, column: 0, span: -1 }] };
  }
}

function evaluate({ code, handler, context: given, milliseconds, bytes }) {
  const { problems, places, script, imported } = prepare(code);
  if (problems.length > 0) return { problems };
  const { context, realm, modules } = spare ?? newRealm();
  spare = undefined;
  try {
    const members = imported.flatMap((name) => [modules[name], modules[name]]);
    realm.prepare(script.runInContext(context), members, handler, given);
    start.runInContext(context, { timeout: milliseconds });
    return { ...sized(realm.finished(), bytes), places };
  } catch (error) {
    return { outcome: failureOf(error), stash: null, said: [] };
  }
}

// Errors of the code's own realm are asked for texts alone.
function failureOf(error) {
  if (error?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return { kind: 'late' };
  return { kind: 'thrown', name: `${error?.name ?? 'Error'}`, message: `${error?.message ?? error}`, line: 0, column: 0 };
}

function sized(text, bytes) {
  if (encoder.encode(text).length > bytes) return { outcome: { kind: 'large' }, stash: null, said: [] };
  return JSON.parse(text);
}

for (;;) {
  const request = JSON.parse(readLine());
  let done;
  try {
    done = request.kind === 'check' ? { problems: prepare(request.code).problems } : evaluate(request);
  } catch (error) {
    done = { outcome: { kind: 'thrown', name: 'Error', message: `${error?.message}`, line: 0, column: 0 }, stash: null, said: [] };
  }
  writeLine(JSON.stringify({ done }));
  spare ??= newRealm();
  await new Promise(setImmediate); // contexts are let go of in the event loop alone
}
