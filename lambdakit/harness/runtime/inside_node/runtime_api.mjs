// The Runtime API from the function's side: one connection that is kept alive, and requests that go out at once.
//
// An answer is sent without waiting for its receipt, and the next event may be asked for right behind it: AWS's client
// blocks while it posts, so that nothing of the function's runs in between, and ignores what is said to it.
// Source: AWS Lambda Developer Guide, "Using the Lambda runtime API".

import { connect } from 'node:net';

const VERSION = '/2018-06-01/runtime';
const HEAD_END = Buffer.from('\r\n\r\n');

export class RuntimeApi {
  #host;
  #port;
  #socket = null;
  #waiting = []; // { resolve, reject } of each request that has no answer yet, oldest first
  #received = [];
  #expected = 0; // bytes of the answer that is coming in; 0 while its length is not known

  // address: `host:port`.
  constructor(address) {
    const colon = address.lastIndexOf(':');
    this.#host = address.slice(0, colon);
    this.#port = Number(address.slice(colon + 1));
    this.address = address;
  }

  // The next event: `headers`, by name in lower case, and `body`, its text. Rejects when the API is gone.
  async next() {
    const { status, headers, body } = await this.#request('GET', '/invocation/next', {});
    if (status !== 200) {
      throw new Error(`The Runtime API answered ${status} instead of an event: ${body}`);
    }
    return { headers, body };
  }

  // Posts a result, which is JSON text.
  respond(requestId, json) {
    return this.#request('POST', `/invocation/${encodeURIComponent(requestId)}/response`, {}, json);
  }

  // Posts the error object of an invocation. cause: X-Ray's account of it, JSON; empty when there is none.
  fail(requestId, json, cause) {
    // Source: aws-lambda-cpp, which AWS's client posts with: a cause of 1 MiB and above is left out.
    const headers = cause && cause.length < 1024 * 1024 ? { 'Lambda-Runtime-Function-XRay-Error-Cause': cause } : {};
    return this.#request('POST', `/invocation/${encodeURIComponent(requestId)}/error`, headers, json);
  }

  // Posts the error object of the init phase.
  failInit(json, errorType) {
    const headers = { 'Lambda-Runtime-Function-Error-Type': String(errorType).replace(/[^\x20-\x7e]/g, '') };
    return this.#request('POST', '/init/error', headers, json);
  }

  #request(method, path, headers, body = '') {
    const socket = (this.#socket ??= this.#connect());
    const lines = [`${method} ${VERSION}${path} HTTP/1.1`, `Host: ${this.address}`];
    if (method === 'POST') {
      lines.push('Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`);
    }
    for (const [name, value] of Object.entries(headers)) {
      lines.push(`${name}: ${value}`);
    }
    const answered = new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    answered.catch(() => {}); // whoever awaits it gets the error; a result's receipt is awaited by nobody
    socket.ref();
    socket.cork();
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    socket.write(body);
    socket.uncork();
    return answered;
  }

  #connect() {
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true });
    let failure = null;
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.on('error', (error) => (failure = error));
    socket.on('close', () => {
      this.#socket = null;
      const waiting = this.#waiting.splice(0);
      this.#received = [];
      this.#expected = 0;
      for (const { reject } of waiting) {
        reject(failure ?? new Error('The Runtime API closed the connection'));
      }
    });
    return socket;
  }

  #receive(bytes) {
    this.#received.push(bytes);
    if (this.#expected > 0 && length(this.#received) < this.#expected) {
      return;
    }
    let all = this.#received.length === 1 ? bytes : Buffer.concat(this.#received);
    for (;;) {
      const end = all.indexOf(HEAD_END);
      if (end < 0) {
        break;
      }
      const head = readHead(all.toString('latin1', 0, end));
      const bodyStart = end + HEAD_END.length;
      this.#expected = bodyStart + Number(head.headers['content-length'] ?? 0);
      if (all.length < this.#expected) {
        break;
      }
      const body = all.toString('utf8', bodyStart, this.#expected);
      all = all.subarray(this.#expected);
      this.#expected = 0;
      this.#settle({ ...head, body });
    }
    this.#received = all.length > 0 ? [all] : [];
  }

  #settle(answer) {
    this.#waiting.shift()?.resolve(answer);
    if (this.#waiting.length === 0) {
      this.#socket?.unref(); // an idle connection is nothing that the function does
    }
  }
}

function readHead(text) {
  const [first, ...lines] = text.split('\r\n');
  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { status: Number(first.split(' ')[1]), headers };
}

function length(pieces) {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}
