// The runtime of nodejs24.x and later: handlers that return, or return a promise. Nothing that is left in the event loop
// holds back a result, and what nobody catches ends the process as it ends any Node.js program.
// Source: AWS Compute Blog, "Node.js 24 runtime now available in AWS Lambda"; aws-lambda-ric 4.0.2, `index.mjs`.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { patchConsole } from './console_log.mjs';
import { errorObject, resultJson, RuntimeError, xrayCause } from './errors.mjs';
import { checkedHandler, loadingError, parseHandler, provideGlobals, streamingOf } from './handler.mjs';
import { contextOf } from './invocation_context.mjs';
import { RuntimeApi } from './runtime_api.mjs';

const CALLBACK_REFUSAL =
  'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to ' +
  'modify this function to use a supported handler signature to use Node.js 24 or later. For more information see ' +
  'https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.';

// Loads the function and serves its events, for ever. Rejects when the init phase fails.
export async function serve(require) {
  const invocation = new InvokeStore();
  provideGlobals({ InvokeStore: invocation });
  const logError = patchConsole(
    () => ({ requestId: invocation.getRequestId(), tenantId: invocation.getTenantId() }),
    { firstMayBeError: false },
  );
  const api = new RuntimeApi(process.env.AWS_LAMBDA_RUNTIME_API);
  let handler;
  let streaming;
  try {
    handler = await load(require, process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
    streaming = streamingOf(handler);
    if (streaming === null && handler.length >= 3) {
      throw new RuntimeError('CallbackHandlerDeprecated', CALLBACK_REFUSAL);
    }
  } catch (error) {
    logError('Init Error', error);
    const object = errorObject(error);
    await api.failInit(JSON.stringify(object), object.errorType);
    throw error;
  }
  const [handle, processor] =
    streaming === null ? [returned, new BufferedInvokeProcessor(handler)] : [streamed, new StreamingInvokeProcessor(handler)];
  for (;;) {
    const { headers, body } = await api.next();
    const context = { ...contextOf(headers), xRayTraceId: headers['lambda-runtime-trace-id'] };
    const event = JSON.parse(body);
    await invocation.run(store(context), () => handle({ api, processor, streaming, logError, context, event }));
  }
}

// What a handler is called on: its `this`, and the word before its name in the stack of an ES module. A method of a
// class does not see the object it was exported with.
// Source: aws-lambda-ric 4.0.2, `index.mjs`.
class BufferedInvokeProcessor {
  constructor(handler) {
    this.handler = handler;
  }
}

class StreamingInvokeProcessor {
  constructor(handler) {
    this.handler = handler;
  }
}

async function load(require, taskRoot, handler) {
  const { folder, module, properties } = parseHandler(handler);
  let found;
  try {
    found = await loadModule(require, taskRoot, folder, module);
  } catch (error) {
    throw loadingError(error, true);
  }
  return checkedHandler(findIn(found, properties) || findIn(found?.default, properties), handler);
}

// The first that there is: the name as it stands, .js, .mjs, .cjs; then whatever `require` finds.
async function loadModule(require, taskRoot, folder, module) {
  const path = resolve(taskRoot, folder, module);
  for (const extension of ['', '.js', '.mjs', '.cjs']) {
    if (existsSync(path + extension)) {
      return import(pathToFileURL(path + extension).href);
    }
  }
  return require(require.resolve(module, { paths: [taskRoot, join(taskRoot, folder)] }));
}

function findIn(module, properties) {
  return properties.reduce((nested, key) => (nested && typeof nested === 'object' ? nested[key] : undefined), module);
}

// Calls a handler that returns its result.
async function returned({ api, processor, logError, context, event }) {
  const { awsRequestId } = context;
  try {
    const result = await processor.handler(event, context);
    await loopTurn();
    api.respond(
      awsRequestId,
      resultJson(result, () => new RuntimeError('JSONStringifyError', 'Unable to stringify response body')),
    );
  } catch (error) {
    await loopTurn();
    logError('Invoke Error', error);
    api.fail(awsRequestId, JSON.stringify(errorObject(error)), xrayCause(error));
  }
}

// Calls a handler that streams its result.
async function streamed({ api, processor, streaming, logError, context, event }) {
  const { openResponse } = await import('./response_stream.mjs');
  const { stream, received, fail } = openResponse(api.address, context.awsRequestId, streaming);
  try {
    const result = processor.handler(event, stream, context);
    if (typeof result?.then !== 'function') {
      throw new Error('Streaming does not support non-async handlers.');
    }
    if ((await result) !== undefined) {
      console.warn('Streaming handlers ignore return values.');
    }
    await received;
  } catch (error) {
    await loopTurn();
    logError('Invoke Error', error);
    await fail(error);
  }
}

// A rejection that nobody handles surfaces before the answer does.
function loopTurn() {
  return new Promise((resolve) => setImmediate(resolve));
}

const KEYS = {
  requestId: Symbol.for('_AWS_LAMBDA_REQUEST_ID'),
  traceId: Symbol.for('_AWS_LAMBDA_X_RAY_TRACE_ID'),
  tenantId: Symbol.for('_AWS_LAMBDA_TENANT_ID'),
};

function store({ awsRequestId, xRayTraceId, tenantId }) {
  return { [KEYS.requestId]: awsRequestId, [KEYS.traceId]: xRayTraceId, [KEYS.tenantId]: tenantId };
}

// What the SDK and Powertools read the current invocation from, as `awslambda.InvokeStore`.
// Source: the package @aws/lambda-invoke-store, its README.
class InvokeStore {
  #context;

  run(context, call) {
    this.#context = context;
    return call();
  }

  getContext() {
    return this.#context;
  }

  hasContext() {
    return this.#context !== undefined;
  }

  get(key) {
    return this.#context?.[key];
  }

  set(key, value) {
    if (Object.values(KEYS).includes(key)) {
      throw new Error(`Cannot modify protected Lambda context field: ${String(key)}`);
    }
    (this.#context ??= {})[key] = value;
  }

  getRequestId() {
    return this.get(KEYS.requestId) ?? '-';
  }

  getXRayTraceId() {
    return this.get(KEYS.traceId);
  }

  getTenantId() {
    return this.get(KEYS.tenantId);
  }
}
