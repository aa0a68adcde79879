// The runtime of nodejs22.x and older: handlers that return, that return a promise, or that call back; whatever is left
// in the event loop holds back a callback's result.
//
// One event at a time: ask for it, call the handler, and ask for the next one once the answer is on its way.
// Source: AWS Lambda Developer Guide, "Define Lambda function handler in Node.js"; aws-lambda-ric 3.3.0, `src/Runtime.js`,
// `src/CallbackContext.js` and `src/UserFunction.js`.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { patchConsole } from './console_log.mjs';
import { errorObject, resultJson, RuntimeError, xrayCause } from './errors.mjs';
import { checkedHandler, loadingError, parseHandler, provideGlobals, streamingOf } from './handler.mjs';
import { contextOf } from './invocation_context.mjs';
import { RuntimeApi } from './runtime_api.mjs';

// Symbols that loggers and monitoring packages know.
const REQUEST_ID = Symbol.for('aws.lambda.runtime.requestId');
const TENANT_ID = Symbol.for('aws.lambda.runtime.tenantId');
const BEFORE_EXIT = Symbol.for('aws.lambda.beforeExit');

const CALLBACK_WARNING =
  'AWS Lambda plans to remove support for callback-based function handlers starting with Node.js 24. You will need to ' +
  'update this function to use an async handler to use Node.js 24 or later. For more information and to provide ' +
  'feedback on this change, see https://github.com/aws/aws-lambda-nodejs-runtime-interface-client/issues/137. To ' +
  'disable this warning, set the AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING environment variable.';

// Loads the function and serves its events; returns once the first event has been asked for.
export async function serve(require) {
  const api = new RuntimeApi(process.env.AWS_LAMBDA_RUNTIME_API);
  const logError = patchConsole(() => ({ requestId: globalThis[REQUEST_ID], tenantId: globalThis[TENANT_ID] }), {
    firstMayBeError: true,
  });
  const report = reportFatalErrors(api, logError);
  onEmptyEventLoop(() => {});
  process.on('beforeExit', () => globalThis[BEFORE_EXIT]());

  let handler;
  let streaming;
  try {
    handler = await load(require, process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
    streaming = streamingOf(handler);
  } catch (error) {
    report.uncaught(error);
    return;
  }
  if (
    streaming === null &&
    handler.length === 3 &&
    !isAsync(handler) &&
    process.env.AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING === undefined
  ) {
    console.warn(CALLBACK_WARNING);
  }
  const runtime = new Runtime(handler);
  const handle = streaming === null ? returned : streamed;
  const proceed = () =>
    setImmediate(() => {
      serveOne().catch((error) => {
        console.log(`Unexpected Top Level Error: ${error}`);
        report.uncaught(error);
      });
    });
  const serveOne = async () => {
    const { headers, body } = await api.next();
    const requestId = headers['lambda-runtime-aws-request-id'];
    globalThis[REQUEST_ID] = requestId;
    globalThis[TENANT_ID] = headers['lambda-runtime-aws-tenant-id'];
    report.requestId = requestId;
    await handle({ api, runtime, streaming, logError, proceed, requestId, headers, body });
  };
  proceed();
}

// What a handler is called on: its `this`, and the word before its name in the stack of an ES module. A method of a
// class does not see the object it was exported with.
// Source: aws-lambda-ric 3.3.0, `src/Runtime.js`.
class Runtime {
  constructor(handler) {
    this.handler = handler;
  }
}

function onEmptyEventLoop(listener) {
  globalThis[BEFORE_EXIT] = listener;
}

// Reports what nobody caught, and ends the process: 129 for an exception, 128 for a rejected promise.
function reportFatalErrors(api, logError) {
  const report = {
    requestId: undefined, // until the first event, an error is one of the init phase
    async end(error, status) {
      const json = JSON.stringify(errorObject(error));
      try {
        await (report.requestId === undefined
          ? api.failInit(json, errorObject(error).errorType)
          : api.fail(report.requestId, json, xrayCause(error)));
      } finally {
        process.exit(status);
      }
    },
    uncaught(error) {
      logError('Uncaught Exception', error);
      report.end(error, 129);
    },
  };
  process.on('uncaughtException', report.uncaught);
  process.on('unhandledRejection', (reason, promise) => {
    const error = new RuntimeError('UnhandledPromiseRejection', reason);
    Object.assign(error, { reason, promise });
    logError('Unhandled Promise Rejection', error);
    report.end(error, 128);
  });
  return report;
}

async function load(require, taskRoot, handler) {
  const { folder, module, properties } = parseHandler(handler);
  provideGlobals();
  let found;
  try {
    found = await loadModule(require, taskRoot, folder, module);
  } catch (error) {
    throw loadingError(error, false);
  }
  return checkedHandler(
    properties.reduce((nested, key) => nested && nested[key], found),
    handler,
  );
}

// The first that there is: the name as it stands, .js (as package.json says, ES module or not), .mjs, .cjs; then
// whatever `require` finds.
async function loadModule(require, taskRoot, folder, module) {
  const path = resolve(taskRoot, folder, module);
  const required = (extension) => (existsSync(path + extension) ? require(path + extension) : undefined);
  const imported = (extension) =>
    existsSync(path + extension) ? import(pathToFileURL(path + extension).href) : undefined;
  const isModule = existsSync(`${path}.js`) && holdsModules(dirname(path));
  return (
    required('') ||
    (!isModule && required('.js')) ||
    (isModule && (await imported('.js'))) ||
    (await imported('.mjs')) ||
    required('.cjs') ||
    require(require.resolve(module, { paths: [taskRoot, folder] }))
  );
}

// Whether the nearest package.json, up to a node_modules folder, has the type `module`.
function holdsModules(folder) {
  if (folder.endsWith('/node_modules')) {
    return false;
  }
  const description = join(folder, 'package.json');
  if (existsSync(description)) {
    try {
      return JSON.parse(readFileSync(description)).type === 'module';
    } catch (error) {
      console.warn(`${description} cannot be read, it will be ignored for ES module detection purposes.`, error);
      return false;
    }
  }
  return folder !== '/' && holdsModules(dirname(folder));
}

function isAsync(handler) {
  return handler.constructor?.name === 'AsyncFunction';
}

// Calls a handler that returns its result, or calls back with it.
async function returned({ api, runtime, logError, proceed, requestId, headers, body }) {
  const post = (result) => {
    api.respond(requestId, resultJson(result, () => new Error('Unable to stringify response body')));
    proceed();
  };
  const fail = (error) => {
    logError('Invoke Error', error);
    api.fail(requestId, JSON.stringify(errorObject(error)), xrayCause(error));
    proceed();
  };
  const answers = answersTo({ post, fail });
  onEmptyEventLoop(() => {
    // The handler is done and never answered.
    answers.close();
    if (isAsync(runtime.handler)) {
      fail(new RuntimeError('NodeJsExit', NEVER_SETTLED));
    } else {
      post(null);
    }
  });
  try {
    const context = Object.assign(answers.context, contextOf(headers));
    const result = runtime.handler(JSON.parse(body), context, answers.callback);
    if (typeof result?.then === 'function') {
      result.then(context.succeed, context.fail).catch(context.fail);
    }
  } catch (error) {
    answers.callback(error);
  }
}

const NEVER_SETTLED =
  'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that ' +
  'was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes';

// The ways in which a handler can answer; the first one counts.
function answersTo({ post, fail }) {
  let closed = false;
  let waits = true;
  const complete = (result) => {
    if (closed) {
      console.error(
        'Invocation has already been reported as done. Cannot call complete more than once per invocation.',
      );
      return;
    }
    closed = true;
    post(result);
  };
  const answer = (error, result, deliver) => {
    onEmptyEventLoop(() => {});
    if (error !== undefined && error !== null) {
      fail(error);
    } else {
      deliver(result);
    }
  };
  const later = (result) => onEmptyEventLoop(() => setImmediate(() => complete(result)));
  const done = (error, result) => answer(error, result, complete);

  let answered = false;
  const once =
    (way) =>
    (...values) => {
      if (!answered) {
        way(...values); // one that throws, as its result is no JSON, leaves room for the error
        answered = true;
      }
    };
  return {
    close: () => (closed = true),
    callback: once((error, result) => answer(error, result, waits ? later : complete)),
    context: {
      get callbackWaitsForEmptyEventLoop() {
        return waits;
      },
      set callbackWaitsForEmptyEventLoop(value) {
        waits = value;
      },
      succeed: once((result) => done(null, result)),
      fail: once((error) => done(error ?? 'handled')),
      done: once(done),
    },
  };
}

// Calls a handler that streams its result.
async function streamed({ api, runtime, streaming, logError, proceed, requestId, headers, body }) {
  const { openResponse } = await import('./response_stream.mjs');
  const { stream, received, fail } = openResponse(api.address, requestId, streaming);
  let waits = true;
  onEmptyEventLoop(proceed);
  try {
    const context = Object.assign(
      {
        get callbackWaitsForEmptyEventLoop() {
          return waits;
        },
        set callbackWaitsForEmptyEventLoop(value) {
          waits = value;
        },
      },
      contextOf(headers),
    );
    const result = runtime.handler(JSON.parse(body), stream, context);
    if (typeof result?.then !== 'function') {
      throw 'Streaming does not support non-async handlers.';
    }
    if ((await result) !== undefined) {
      console.warn('Streaming handlers ignore return values.');
    }
    await received;
  } catch (error) {
    logError('Invoke Error', error);
    await fail(error);
  }
  if (waits) {
    onEmptyEventLoop(() => setImmediate(proceed));
  } else {
    onEmptyEventLoop(() => {});
    proceed();
  }
}
