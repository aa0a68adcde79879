// The function's console: lines with time, request id and level, as text or JSON, from the configured level up.
// Source: AWS Lambda Developer Guide, "Log and monitor Node.js Lambda functions"; aws-lambda-ric 3.3.0, `src/LogPatch.js`;
// 4.0.2, `index.mjs`.

import { writeSync } from 'node:fs';
import { format } from 'node:util';

import { asError, logText } from './errors.mjs';

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const METHODS = { TRACE: ['trace'], DEBUG: ['debug'], INFO: ['info', 'log'], WARN: ['warn'], ERROR: ['error'], FATAL: ['fatal'] };

// invocation: gives `requestId` and `tenantId` of the event that is being handled.
// firstMayBeError: whether the error that a JSON line of several values tells of may be the first of them, as it may up
// to Node.js 22; later only what follows the message is looked at.
// Returns `logError(title, error)`, which writes the runtime's own lines.
export function patchConsole(invocation, { firstMayBeError }) {
  const json = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === 'JSON';
  const lowest = Math.max(0, LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()));
  const line = json ? jsonLine(firstMayBeError) : textLine;
  for (const [priority, level] of LEVELS.entries()) {
    // FATAL has no level above it, and is never left out.
    // A call without a value logs `undefined`: the message is a parameter of its own.
    const log =
      priority >= lowest ? (message, ...parts) => write(line(invocation(), level, [message, ...parts])) : () => {};
    for (const method of METHODS[level]) {
      console[method] = log;
    }
  }
  return (title, error) => (json ? console.error(asError(error)) : console.error(title, logText(asError(error))));
}

function textLine({ requestId }, level, parts) {
  return `${new Date().toISOString()}\t${requestId}\t${level}\t${format(...parts)}`;
}

const jsonLine = (firstMayBeError) => ({ requestId, tenantId }, level, parts) => {
  const entry = { timestamp: new Date().toISOString(), level, requestId };
  if (tenantId) {
    entry.tenantId = tenantId;
  }
  if (parts.length === 1) {
    // One value stays what it is, so that a log of objects can be searched by their keys.
    try {
      return JSON.stringify({ ...entry, message: parts[0] }, (_, value) => (value instanceof Error ? fields(value) : value));
    } catch {
      return JSON.stringify({ ...entry, message: format(parts[0]) });
    }
  }
  const error = parts.slice(firstMayBeError ? 0 : 1).find((part) => part instanceof Error);
  const { errorType, errorMessage, stackTrace } = error === undefined ? {} : fields(error);
  return JSON.stringify({ ...entry, message: format(...parts), errorType, errorMessage, stackTrace });
};

function fields(error) {
  return {
    errorType: error.constructor?.name ?? 'UnknownError',
    errorMessage: error.message,
    stackTrace: typeof error.stack === 'string' ? error.stack.split('\n') : [],
    ...error,
  };
}

// Written at once, so that no line is lost with the process. A line break within an entry travels as a carriage return.
function write(line) {
  let rest = Buffer.from(`${line.replaceAll('\n', '\r')}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (error.code !== 'EAGAIN') {
        throw error;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1); // the pipe is full
    }
  }
}
