// From a handler string to the function it names: which part is the module, and what a module must not be.
// Source: aws-lambda-ric 3.3.0, `src/UserFunction.js`; 4.0.2, `index.mjs`.

import { basename } from 'node:path';

import { RuntimeError } from './errors.mjs';

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');

// `src/app.a.b` as folder, module and path of properties. RuntimeError when the string cannot be a handler's.
export function parseHandler(handler) {
  if (handler.includes('..')) {
    throw new RuntimeError(
      'MalformedHandlerName',
      `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const last = basename(handler);
  const dot = last.indexOf('.');
  if (dot < 0) {
    throw new RuntimeError('MalformedHandlerName', 'Bad handler');
  }
  return {
    folder: handler.slice(0, handler.indexOf(last)),
    module: last.slice(0, dot),
    properties: last.slice(dot + 1).split('.'),
  };
}

// `found` if it is a function. RuntimeError otherwise.
export function checkedHandler(found, handler) {
  if (!found) {
    throw new RuntimeError('HandlerNotFound', `${handler} is undefined or not exported`);
  }
  if (typeof found !== 'function') {
    throw new RuntimeError('HandlerNotFound', `${handler} is not a function`);
  }
  return found;
}

// An error that loading the user's module ended with, as Lambda reports it.
export function loadingError(error, keepsStack) {
  if (error instanceof SyntaxError) {
    const syntaxError = new RuntimeError('UserCodeSyntaxError', String(error));
    if (keepsStack) {
      syntaxError.stack = error.stack;
    }
    return syntaxError;
  }
  // Only what `require` did not find: a failed `import` has another code, and is reported as it is.
  return error?.code === 'MODULE_NOT_FOUND' ? new RuntimeError('ImportModuleError', String(error)) : error;
}

// Null for a handler that returns its result; `{ highWaterMark }` for one that streams it.
export function streamingOf(handler) {
  if (!handler[STREAMING]) {
    return null;
  }
  if (handler[STREAMING] !== 'response') {
    throw new RuntimeError('MalformedStreamingHandler', 'Only response streaming is supported.');
  }
  const mark = Number.parseInt(handler[HIGH_WATER_MARK], 10);
  return { highWaterMark: Number.isNaN(mark) ? undefined : mark };
}

// Makes the global `awslambda`, with `more` in it, unless the function asked for none.
// Source: AWS Lambda Developer Guide, "Response streaming for Lambda functions".
export function provideGlobals(more = {}) {
  if (['1', 'true'].includes(process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA)) {
    return;
  }
  globalThis.awslambda = {
    ...more,
    streamifyResponse(handler, options) {
      handler[STREAMING] = 'response';
      if (typeof options?.highWaterMark === 'number') {
        handler[HIGH_WATER_MARK] = Number.parseInt(options.highWaterMark, 10);
      }
      return handler;
    },
    HttpResponseStream: class HttpResponseStream {
      // Has `stream` begin with `prelude`, the status and headers of an HTTP answer, and eight NULs.
      static from(stream, prelude) {
        stream.setContentType('application/vnd.awslambda.http-integration-response');
        const json = JSON.stringify(prelude);
        stream._onBeforeFirstWrite = (write) => {
          write(json);
          write(new Uint8Array(8));
        };
        return stream;
      }
    },
  };
}
