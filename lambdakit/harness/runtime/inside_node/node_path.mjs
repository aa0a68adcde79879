// Lets `import` find what NODE_PATH names, as `require` does by itself: Lambda's runtimes can, plain Node.js cannot.
// Source: AWS Lambda Developer Guide, "Working with layers for Node.js Lambda functions"; AWS Compute Blog, "Node.js 18.x
// runtime now available in AWS Lambda".

import { basename, dirname, join } from 'node:path';
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

// Has bare specifiers that nothing else finds looked up in the folders of `nodePath`, in order.
export function resolveThroughNodePath(nodePath) {
  const beside = (nodePath ?? '')
    .split(':')
    .filter((folder) => basename(folder) === 'node_modules')
    .map((folder) => pathToFileURL(join(dirname(folder), 'index.mjs')).href);
  if (beside.length === 0) {
    return;
  }
  registerHooks({
    resolve(specifier, context, nextResolve) {
      try {
        return nextResolve(specifier, context);
      } catch (error) {
        if (error.code !== 'ERR_MODULE_NOT_FOUND' || !isBare(specifier)) {
          throw error;
        }
        return firstFound(beside, (parentURL) => nextResolve(specifier, { ...context, parentURL }), error);
      }
    },
  });
}

function isBare(specifier) {
  return !/^(\.{0,2}\/|[a-z][a-z0-9+.-]*:)/i.test(specifier);
}

function firstFound(places, resolve, notFound) {
  for (const place of places) {
    try {
      return resolve(place);
    } catch (error) {
      if (error.code !== 'ERR_MODULE_NOT_FOUND') {
        throw error;
      }
    }
  }
  throw notFound;
}
