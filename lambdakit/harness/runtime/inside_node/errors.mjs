// The runtime's own errors, and every error as Lambda reports it: for the caller, for the log, for X-Ray.
// Source: aws-lambda-ric 3.3.0, `src/Errors.js` and `src/XRayError.js`; 4.0.2, `index.mjs`.

import { types } from 'node:util';

// Errors with a type that users look up.
export class RuntimeError extends Error {
  constructor(kind, message) {
    super(message);
    this.name = `Runtime.${kind}`;
  }
}

// The object that the caller gets. Whatever was thrown, there is one.
export function errorObject(error) {
  try {
    if (types.isNativeError(error) || looksLikeAnError(error)) {
      return {
        errorType: readable(error.name),
        errorMessage: readable(error.message),
        trace: readable(error.stack ?? '').split('\n'),
      };
    }
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage:
        'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
      trace: [],
    };
  }
}

// What was thrown, as an error.
export function asError(thrown) {
  return thrown instanceof Error ? thrown : new Error(thrown);
}

// The text behind `Invoke Error` in a text log: a tab, then JSON with the properties that the user gave it.
export function logText(error) {
  try {
    return `\t${JSON.stringify(error, (_, value) => (value instanceof Error ? withProperties(value) : value))}`;
  } catch {
    return `\t${JSON.stringify(errorObject(error))}`;
  }
}

// X-Ray's account of an error, JSON; empty when none can be made.
export function xrayCause(error) {
  try {
    const stack = readable(error.stack ?? '')
      .split('\n')
      .slice(1)
      .map(stackEntry);
    return JSON.stringify({
      working_directory: process.cwd(),
      exceptions: [{ type: readable(error.name), message: readable(error.message), stack }],
      paths: [...new Set(stack.map((entry) => entry.path))],
    });
  } catch {
    return '';
  }
}

// JSON of a handler's result. `undefined` is null; `failure` makes the error for what JSON cannot express.
export function resultJson(result, failure) {
  let json;
  try {
    json = JSON.stringify(result === undefined ? null : result);
  } catch {
    throw failure();
  }
  // JSON.stringify gives no text for a function or a symbol, and AWS's client takes nothing but text.
  if (typeof json !== 'string') {
    throw new TypeError('Wrong arguments');
  }
  return json;
}

function looksLikeAnError(thing) {
  return ['name', 'message', 'stack'].every((key) => typeof thing?.[key] === 'string' && thing[key] !== '');
}

// DEL must not stand in a header.
function readable(text) {
  return typeof text === 'string' ? text.replaceAll('\x7f', '%7F') : text;
}

function withProperties(error) {
  const properties = { errorType: error.name, errorMessage: error.message, code: error.code, ...error };
  if (typeof error.stack === 'string') {
    properties.stack = error.stack.split('\n');
  }
  return properties;
}

// `    at label (path:line:column)` or `    at path:line:column`.
function stackEntry(line) {
  const words = line.trim().replace(/[()]/g, '').split(' ').slice(1);
  const [path, number] = (words.pop() ?? '').split(':');
  return { path, line: Number.parseInt(number, 10), label: words.join(' ') || 'anonymous' };
}
