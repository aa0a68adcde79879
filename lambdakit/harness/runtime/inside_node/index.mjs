// Starts the runtime client of a Node.js function. Run as a script; named as AWS's own, since the name shows in the
// require stacks that users see.
//
// In: the variables that Lambda sets (_HANDLER, LAMBDA_TASK_ROOT, AWS_LAMBDA_RUNTIME_API ...). Out: calls of the Runtime
// API and lines on standard output. AWS changed its client with Node.js 24, and what a function may do with it; which
// of the two is followed depends on the runtime that the function names, not on the Node.js that runs it.
// Source: aws-lambda-ric 3.3.0 (up to Node.js 22) and 4.0.2 (from Node.js 24).

import { createRequire } from 'node:module';

import { leadApiHosts } from './api_hosts.mjs';
import { resolveThroughNodePath } from './node_path.mjs';

const runtime = /^AWS_Lambda_nodejs(\d+)\.x$/.exec(process.env.AWS_EXECUTION_ENV ?? '');
const require = createRequire(import.meta.url);

trustHarness();
leadApiHosts(require('node:https'), require('node:http'), process.env.AWS_ENDPOINT_URL);
resolveThroughNodePath(process.env.NODE_PATH);
provideGc();
if (runtime !== null && Number(runtime[1]) < 24) {
  const { serve } = await import('./callback_runtime.mjs');
  await serve(require);
} else {
  const { serve } = await import('./async_runtime.mjs');
  serve(require); // not awaited, as in AWS's: a function that has nothing left to do ends with status 0, not 13
}

// Handlers of custom resources answer by HTTPS on port 443, whatever the URL says. Nothing but the harness is there, and
// it has a certificate of its own.
function trustHarness() {
  const authority = process.env.LAMBDAKIT_CERTIFICATE_AUTHORITY;
  if (authority !== undefined) {
    delete process.env.LAMBDAKIT_CERTIFICATE_AUTHORITY;
    process.getBuiltinModule('node:tls').setDefaultCACertificates([authority]);
  }
}

// AWS starts Node.js with --expose-gc. With that option Node.js throws away the code that it has compiled ahead, which
// costs each start 10 ms (measured with 24.19); so `gc` comes into being when it is first asked for.
function provideGc() {
  const define = (value) =>
    Object.defineProperty(globalThis, 'gc', { value, configurable: true, enumerable: false, writable: true });
  Object.defineProperty(globalThis, 'gc', {
    configurable: true,
    enumerable: false,
    get() {
      process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
      define(process.getBuiltinModule('node:vm').runInNewContext('gc'));
      return globalThis.gc;
    },
    set: define,
  });
}
