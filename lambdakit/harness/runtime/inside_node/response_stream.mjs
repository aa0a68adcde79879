// A result that is sent while it is made: a chunked request whose trailers tell of an error that came too late.
// Source: AWS Lambda Developer Guide, "Building a custom runtime for AWS Lambda", section "Implementing response
// streaming in a custom runtime"; aws-lambda-ric 3.3.0, `src/ResponseStream.js`.

import { Agent, request as httpRequest } from 'node:http';

import { errorObject, RuntimeError } from './errors.mjs';

const ERROR_TYPE = 'Lambda-Runtime-Function-Error-Type';
const ERROR_BODY = 'Lambda-Runtime-Function-Error-Body';

// The rest of a request is not the handler's business.
const METHODS = [
  ...['cork', 'destroy', 'end', 'uncork', 'write', 'setContentType'],
  ...['addListener', 'emit', 'eventNames', 'getMaxListeners', 'listenerCount', 'listeners', 'off', 'on', 'once'],
  ...['prependListener', 'prependOnceListener', 'rawListeners', 'removeAllListeners', 'removeListener', 'setMaxListeners'],
];
const WRITABLE_PROPERTIES = ['destroyed', 'writable', '_onBeforeFirstWrite'];
const READABLE_PROPERTIES = [
  ...['writableFinished', 'writableObjectMode', 'writableEnded', 'writableNeedDrain', 'writableHighWaterMark'],
  ...['writableCorked', 'writableLength'],
];

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

// stream: what the handler writes to. received: resolves once the Runtime API has all of it. fail: ends the stream with
// an error, and resolves likewise.
export function openResponse(address, requestId, { highWaterMark }) {
  const colon = address.lastIndexOf(':');
  let started = false;
  let answered;
  const received = new Promise((resolve, reject) => (answered = { resolve, reject }));
  received.catch(() => {}); // whoever awaits it gets the error
  const request = httpRequest(
    {
      agent,
      highWaterMark,
      host: address.slice(0, colon),
      port: Number(address.slice(colon + 1)),
      method: 'POST',
      path: `/2018-06-01/runtime/invocation/${encodeURIComponent(requestId)}/response`,
      headers: {
        'Lambda-Runtime-Function-Response-Mode': 'streaming',
        Trailer: [ERROR_TYPE, ERROR_BODY],
        'Content-Type': 'application/octet-stream',
        'Transfer-Encoding': 'chunked',
      },
    },
    (response) => response.resume().on('end', answered.resolve).on('error', answered.reject),
  );
  request.on('error', answered.reject);

  request.setContentType = (contentType) => {
    if (started) {
      throw new RuntimeError('InvalidStreamingOperation', 'Cannot set content-type, too late.');
    }
    request.setHeader('Content-Type', contentType);
  };
  const write = request.write.bind(request);
  request.write = (chunk, encoding, callback) => {
    const text = typeof chunk === 'string' || chunk instanceof Uint8Array ? chunk : JSON.stringify(chunk);
    if (!started) {
      request._onBeforeFirstWrite?.((piece) => write(piece));
      started = true;
    }
    return write(text, encoding, callback);
  };

  const fail = async (error) => {
    const object = errorObject(error);
    if (!request.writableEnded) {
      request.addTrailers({
        [ERROR_TYPE]: String(object.errorType).replace(/[^\x20-\x7e]/g, ''),
        [ERROR_BODY]: Buffer.from(JSON.stringify(object)).toString('base64'),
      });
      request.end();
    }
    await received;
  };
  return { stream: facade(request), received, fail };
}

function facade(request) {
  const stream = Object.fromEntries(METHODS.map((name) => [name, request[name].bind(request)]));
  for (const name of [...WRITABLE_PROPERTIES, ...READABLE_PROPERTIES]) {
    const set = WRITABLE_PROPERTIES.includes(name) ? (value) => (request[name] = value) : undefined;
    Object.defineProperty(stream, name, { get: () => request[name], set });
  }
  return stream;
}
