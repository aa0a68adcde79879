// What CloudFront functions find around them, made of nothing but the language.
//
// Source: Amazon CloudFront Developer Guide, "JavaScript runtime 2.0 features for CloudFront Functions" (built-in
// objects and modules, restricted features), "Helper methods for key value stores".
(function (world) {
  'use strict';

  const lines = [];
  let event;
  let store;
  let outcome = { failed: 'the function gave nothing' };

  const utf8 = (text) => {
    const escaped = encodeURIComponent(String(text));
    const bytes = [];
    for (let at = 0; at < escaped.length; at += 1) {
      if (escaped[at] === '%') bytes.push(parseInt(escaped.substr(at + 1, 2), 16));
      else bytes.push(escaped.charCodeAt(at));
      if (escaped[at] === '%') at += 2;
    }
    return bytes;
  };
  const text = (bytes) => {
    let escaped = '';
    for (const byte of bytes) escaped += `%${(byte + 256).toString(16).slice(1)}`;
    try {
      return decodeURIComponent(escaped);
    } catch {
      return String.fromCharCode(...bytes);
    }
  };
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const base64 = (bytes) => {
    let given = '';
    for (let at = 0; at < bytes.length; at += 3) {
      const three = (bytes[at] << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
      const four = [18, 12, 6, 0].map((shift) => letters[(three >> shift) & 63]);
      if (at + 1 >= bytes.length) four[2] = '=';
      if (at + 2 >= bytes.length) four[3] = '=';
      given += four.join('');
    }
    return given;
  };
  const unbase64 = (given) => {
    const plain = String(given).replace(/-/g, '+').replace(/_/g, '/').replace(/[^A-Za-z0-9+/]/g, '');
    const bytes = [];
    let held = 0;
    let bits = 0;
    for (const letter of plain) {
      held = ((held << 6) | letters.indexOf(letter)) & 0xffffff;
      bits += 6;
      if (bits >= 8) {
        bits -= 8;
        bytes.push((held >> bits) & 255);
      }
    }
    return bytes;
  };
  const encoded = (bytes, encoding = 'utf8') => {
    switch (encoding) {
      case 'hex':
        return bytes.map((byte) => (byte + 256).toString(16).slice(1)).join('');
      case 'base64':
        return base64(bytes);
      case 'base64url':
        return base64(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
      case 'utf8':
      case 'utf-8':
        return text(bytes);
    }
    throw new TypeError(`Unknown encoding: ${encoding}`);
  };
  const decoded = (given, encoding = 'utf8') => {
    if (typeof given !== 'string') return Array.from(given, (byte) => byte & 255);
    switch (encoding) {
      case 'hex':
        return (given.match(/[0-9a-fA-F]{2}/g) ?? []).map((pair) => parseInt(pair, 16));
      case 'base64':
      case 'base64url':
        return unbase64(given);
      case 'utf8':
      case 'utf-8':
        return utf8(given);
    }
    throw new TypeError(`Unknown encoding: ${encoding}`);
  };

  const rotated = (value, bits) => (value << bits) | (value >>> (32 - bits));
  const padded = (bytes, littleEndian) => {
    const all = [...bytes, 128];
    while (all.length % 64 !== 56) all.push(0);
    const length = bytes.length * 8;
    const size = [0, 0, 0, 0, 0, 0, 0, 0].map((_, at) => Math.floor(length / 2 ** (8 * at)) & 255);
    return all.concat(littleEndian ? size : size.reverse());
  };
  const words = (bytes, at, littleEndian) =>
    Array.from({ length: 16 }, (_, n) => {
      const four = bytes.slice(at + 4 * n, at + 4 * n + 4);
      if (littleEndian) four.reverse();
      return (four[0] << 24) | (four[1] << 16) | (four[2] << 8) | four[3];
    });
  const given = (state, littleEndian) =>
    state.flatMap((word) => {
      const four = [24, 16, 8, 0].map((shift) => (word >>> shift) & 255);
      return littleEndian ? four.reverse() : four;
    });
  const fraction = (value) => Math.floor((value - Math.floor(value)) * 4294967296) | 0;
  const primes = [];
  for (let each = 2; primes.length < 64; each += 1) if (primes.every((prime) => each % prime)) primes.push(each);

  // Source: RFC 1321.
  const shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
  const md5 = (bytes) => {
    const state = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
    const all = padded(bytes, true);
    for (let at = 0; at < all.length; at += 64) {
      const block = words(all, at, true);
      let [a, b, c, d] = state;
      for (let n = 0; n < 64; n += 1) {
        const round = n >> 4;
        const mixed = [(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)][round];
        const word = block[[n, 5 * n + 1, 3 * n + 5, 7 * n][round] & 15];
        const sine = Math.floor(Math.abs(Math.sin(n + 1)) * 4294967296) | 0;
        const next = (b + rotated((a + mixed + word + sine) | 0, shifts[4 * round + (n & 3)])) | 0;
        [a, d, c, b] = [d, c, b, next];
      }
      [a, b, c, d].forEach((value, n) => (state[n] = (state[n] + value) | 0));
    }
    return given(state, true);
  };

  // Source: FIPS 180-4.
  const sha1 = (bytes) => {
    const state = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0];
    const all = padded(bytes, false);
    for (let at = 0; at < all.length; at += 64) {
      const w = words(all, at, false);
      for (let n = 16; n < 80; n += 1) w.push(rotated(w[n - 3] ^ w[n - 8] ^ w[n - 14] ^ w[n - 16], 1));
      let [a, b, c, d, e] = state;
      for (let n = 0; n < 80; n += 1) {
        const round = Math.floor(n / 20);
        const mixed = [(b & c) | (~b & d), b ^ c ^ d, (b & c) | (b & d) | (c & d), b ^ c ^ d][round];
        const constant = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6][round];
        const next = (rotated(a, 5) + mixed + e + constant + w[n]) | 0;
        [e, d, c, b, a] = [d, c, rotated(b, 30), a, next];
      }
      [a, b, c, d, e].forEach((value, n) => (state[n] = (state[n] + value) | 0));
    }
    return given(state, false);
  };
  const sha256 = (bytes) => {
    const constants = primes.map((prime) => fraction(Math.cbrt(prime)));
    const state = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
    const all = padded(bytes, false);
    const right = (value, bits) => rotated(value, 32 - bits);
    for (let at = 0; at < all.length; at += 64) {
      const w = words(all, at, false);
      for (let n = 16; n < 64; n += 1) {
        const one = right(w[n - 15], 7) ^ right(w[n - 15], 18) ^ (w[n - 15] >>> 3);
        const two = right(w[n - 2], 17) ^ right(w[n - 2], 19) ^ (w[n - 2] >>> 10);
        w.push((w[n - 16] + one + w[n - 7] + two) | 0);
      }
      let [a, b, c, d, e, f, g, h] = state;
      for (let n = 0; n < 64; n += 1) {
        const one = (h + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + ((e & f) ^ (~e & g)) + constants[n] + w[n]) | 0;
        const two = ((right(a, 2) ^ right(a, 13) ^ right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
      }
      [a, b, c, d, e, f, g, h].forEach((value, n) => (state[n] = (state[n] + value) | 0));
    }
    return given(state, false);
  };

  const hashes = { md5, sha1, sha256 };
  const hashNamed = (name) => {
    const hash = hashes[String(name).toLowerCase()];
    if (hash === undefined) throw new TypeError(`not supported algorithm: "${name}"`);
    return hash;
  };
  class Digest {
    constructor(finish) {
      this.finish = finish;
      this.parts = [];
    }
    update(part, encoding) {
      this.parts = this.parts.concat(decoded(part, encoding));
      return this;
    }
    digest(encoding) {
      const bytes = this.finish(this.parts);
      return encoding === undefined ? new Bytes(bytes) : encoded(bytes, encoding);
    }
  }
  const crypto = {
    createHash: (name) => new Digest(hashNamed(name)),
    createHmac: (name, key) => {
      const hash = hashNamed(name);
      const bytes = decoded(key);
      const whole = Array.from({ length: 64 }, (_, at) => (bytes.length > 64 ? hash(bytes) : bytes)[at] ?? 0);
      const inner = whole.map((byte) => byte ^ 0x36);
      const outer = whole.map((byte) => byte ^ 0x5c);
      return new Digest((parts) => hash([...outer, ...hash([...inner, ...parts])]));
    },
  };

  class Bytes extends Uint8Array {
    static from(content, encoding) {
      return new Bytes(decoded(content, encoding));
    }
    static concat(parts) {
      return new Bytes(parts.flatMap((part) => Array.from(part)));
    }
    static isBuffer(value) {
      return value instanceof Bytes;
    }
    static byteLength(content, encoding) {
      return decoded(content, encoding).length;
    }
    toString(encoding) {
      return encoded(Array.from(this), encoding);
    }
    equals(other) {
      return this.length === other.length && this.every((byte, at) => byte === other[at]);
    }
  }

  const querystring = {
    escape: (value) => encodeURIComponent(value),
    unescape: (value) => decodeURIComponent(value),
    parse: (query, separator = '&', equals = '=') => {
      const found = {};
      for (const part of String(query).split(separator).filter(Boolean)) {
        const [name, ...rest] = part.split(equals);
        const value = decodeURIComponent(rest.join(equals).replace(/\+/g, ' '));
        const key = decodeURIComponent(name.replace(/\+/g, ' '));
        found[key] = key in found ? [].concat(found[key], value) : value;
      }
      return found;
    },
    stringify: (object, separator = '&', equals = '=') =>
      Object.entries(object)
        .flatMap(([name, value]) => [].concat(value).map((each) => [name, each]))
        .map(([name, value]) => `${encodeURIComponent(name)}${equals}${encodeURIComponent(value)}`)
        .join(separator),
  };

  const cloudfront = {
    kvs: (id) => {
      if (store === null || (id !== undefined && !store.ids.includes(id))) {
        throw new Error('the function is associated with no such key value store');
      }
      return {
        get: async (key, options = {}) => {
          const value = store.values[key];
          if (value === undefined) throw new Error('KeyNotFound');
          const format = options.format ?? 'string';
          return format === 'json' ? JSON.parse(value) : format === 'bytes' ? Bytes.from(value) : value;
        },
        exists: async (key) => Object.hasOwn(store.values, key),
        count: async () => Object.keys(store.values).length,
      };
    },
  };

  const modules = { buffer: { Buffer: Bytes }, cloudfront, crypto, querystring };
  const shown = (value) => (typeof value === 'string' ? value : JSON.stringify(value) ?? String(value));

  world.console = { log: (...values) => void lines.push(values.map(shown).join(' ')) };
  for (const level of ['error', 'warn', 'info', 'debug']) world.console[level] = world.console.log;
  world.Buffer = Bytes;
  world.btoa = (value) => base64(Array.from(String(value), (letter) => letter.charCodeAt(0)));
  world.atob = (value) => String.fromCharCode(...unbase64(value));
  String.bytesFrom = (value, encoding) => text(decoded(value, encoding)); // of runtime 1.0

  const require = (name) => {
    const found = Object.hasOwn(modules, name) ? modules[name] : undefined;
    if (found === undefined) throw new Error(`Cannot find module "${name}"`);
    return found;
  };
  world.require = require;
  world.begin = (eventText, storeText) => {
    event = JSON.parse(eventText);
    store = JSON.parse(storeText);
  };
  world.run = (module) => {
    const handler = module(require);
    if (handler === undefined) throw new Error('the code has no function named handler');
    Promise.resolve(handler(event)).then(
      (result) => (outcome = { result }),
      (error) => (outcome = { failed: `${error?.name ?? 'Error'}: ${error?.message ?? error}` }),
    );
  };
  world.ended = () => JSON.stringify({ ...outcome, logs: lines });
  world.said = () => JSON.stringify(lines);
})(globalThis);
