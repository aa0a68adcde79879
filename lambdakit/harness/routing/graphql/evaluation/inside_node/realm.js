// What resolvers' code finds around it: `util`, `extensions`, `runtime` and `console`.
//
// Run in a context of its own for every evaluation, before any code of a resolver's. `call` leads out: it takes and
// gives texts alone, and nothing here hands it on. What code says besides its result is kept in `said`, in order.
// Source: AppSync Developer Guide, "JavaScript runtime features for resolvers and functions"; what is not in its lists
// of globals and functions is not there either, but for parseInt, parseFloat, isNaN, isFinite and Boolean, of which the
// guide does not speak.
(function (call) {
  'use strict';

  const { parse, stringify } = JSON;
  const { create, defineProperty, freeze, getOwnPropertyNames, keys } = Object;
  const { isArray } = Array;
  const everything = globalThis;
  const text = String;
  const Trace = Error;
  const nativeReplace = String.prototype.replace;
  const nativeReplaceAll = String.prototype.replaceAll;
  const nativeSort = Array.prototype.sort;
  const apply = Reflect.apply;

  const said = [];
  const say = (...words) => {
    said[said.length] = words;
  };

  // Ends the evaluation; code has no way to catch it.
  const end = (how) => {
    throw freeze(how);
  };

  const ask = (name, given) => {
    let count = given.length;
    while (count > 0 && given[count - 1] === undefined) count -= 1;
    const sent = [];
    for (let at = 0; at < count; at += 1) sent[at] = given[at] === undefined ? null : given[at];
    const answer = parse(call(name, stringify(sent)));
    if (answer.failed !== undefined) end({ kind: 'failed', message: answer.failed });
    return answer.value;
  };
  const asking = (prefix, names) => {
    const made = {};
    for (const name of names) made[name] = (...given) => ask(prefix + name, given);
    return made;
  };

  // Where the code stands in a stack: the innermost place of it, as line and column.
  const placeIn = (stack) => {
    const at = stack.indexOf('code.js:');
    if (at < 0) return [0, 0];
    let number = '';
    const numbers = [];
    for (let index = at + 8; index <= stack.length && numbers.length < 2; index += 1) {
      const letter = index < stack.length ? stack[index] : ' ';
      if (letter >= '0' && letter <= '9') number += letter;
      else {
        numbers[numbers.length] = +number;
        number = '';
      }
    }
    return numbers;
  };
  const logging = (level) => (...values) => {
    const texts = [];
    for (let at = 0; at < values.length; at += 1) {
      texts[at] = typeof values[at] === 'function' ? 'function' : text(stringify(values[at]));
    }
    say('log', level, placeIn(text(new Trace().stack)), texts);
  };

  const errorOf = (message, type, data, info) => ({
    message: message === undefined ? null : message,
    type: type === undefined ? null : type,
    data: data === undefined ? null : data,
    info: info === undefined ? null : info,
  });

  const util = {
    ...asking('util.', ['autoId', 'autoUlid', 'autoKsuid', 'authType', 'matches', 'escapeJavaScript']),
    ...asking('util.', ['urlEncode', 'urlDecode', 'base64Encode', 'base64Decode']),
    error: (message, type, data, info) => end({ kind: 'error', ...errorOf(message, type, data, info) }),
    appendError: (message, type, data, info) => say('appendError', errorOf(message, type, data, info)),
    unauthorized: () => end({ kind: 'unauthorized' }),
    time: asking('util.time.', [
      'nowISO8601',
      'nowEpochSeconds',
      'nowEpochMilliSeconds',
      'nowFormatted',
      'parseFormattedToEpochMilliSeconds',
      'parseISO8601ToEpochMilliSeconds',
      'epochMilliSecondsToSeconds',
      'epochMilliSecondsToISO8601',
      'epochMilliSecondsToFormatted',
    ]),
    dynamodb: asking('util.dynamodb.', [
      'toDynamoDB',
      'toString',
      'toStringSet',
      'toNumber',
      'toNumberSet',
      'toBinary',
      'toBinarySet',
      'toBoolean',
      'toNull',
      'toList',
      'toMap',
      'toMapValues',
      'toS3Object',
      'fromS3ObjectJson',
    ]),
    rds: asking('util.rds.', ['toJsonObject', 'toJsonString']),
    http: {
      ...asking('util.http.', ['copyHeaders']),
      addResponseHeader: (name, value) => say('header', name, value === undefined ? null : value),
      addResponseHeaders: (headers) => {
        for (const name of keys(headers)) say('header', name, headers[name] === undefined ? null : headers[name]);
      },
    },
    xml: asking('util.xml.', ['toMap', 'toJsonString']),
    transform: asking('util.transform.', [
      'toDynamoDBFilterExpression',
      'toDynamoDBConditionExpression',
      'toElasticsearchQueryDSL',
      'toSubscriptionFilter',
    ]),
    math: asking('util.math.', ['roundNum', 'minVal', 'maxVal', 'randomDouble', 'randomWithinRange']),
    str: asking('util.str.', ['normalize']),
  };
  const extensions = {
    evictFromApiCache: (type, field, pairs) => say('evict', type, field, pairs === undefined ? null : pairs),
    setSubscriptionFilter: (filter) => say('filter', filter),
    setSubscriptionInvalidationFilter: (filter) => say('invalidationFilter', filter),
    invalidateSubscriptions: (payload) => say('invalidate', payload),
  };
  const runtime = {
    earlyReturn: (value, options) => {
      const skipTo = options === undefined || options === null ? 'NEXT' : options.skipTo;
      end({ kind: 'return', value: value === undefined ? null : value, skipsRest: skipTo === 'END' });
    },
  };

  const deepFreeze = (value) => {
    for (const name of keys(value)) if (typeof value[name] === 'object') deepFreeze(value[name]);
    return freeze(value);
  };
  const globals = {
    util: deepFreeze(util),
    extensions: deepFreeze(extensions),
    runtime: deepFreeze(runtime),
    console: freeze({ log: logging('INFO'), error: logging('ERROR') }),
  };

  // Patterns are Java's. Source: "Supported runtime features", `String.prototype.replace()`.
  const special = '\\^$.|?*+()[]{}';
  const isPlain = (pattern, replacement) => {
    for (let at = 0; at < pattern.length; at += 1) if (special.indexOf(pattern[at]) >= 0) return false;
    return replacement.indexOf('$') < 0 && replacement.indexOf('\\') < 0;
  };
  const replacing = (native, isAll) => function (pattern, replacement) {
    if (typeof replacement === 'function') end({ kind: 'failed', message: 'a function cannot be passed to replace' });
    const whole = text(this);
    const wanted = text(pattern);
    const put = text(replacement);
    return isPlain(wanted, put) ? apply(native, whole, [wanted, put]) : ask('text.replace', [whole, wanted, put, isAll]);
  };
  const put = (object, name, value) => {
    defineProperty(object, name, { value, writable: true, configurable: true, enumerable: false });
  };
  put(String.prototype, 'replace', replacing(nativeReplace, false));
  put(String.prototype, 'replaceAll', replacing(nativeReplaceAll, true));
  put(Array.prototype, 'sort', function (...given) {
    if (given.length > 0) end({ kind: 'failed', message: 'Array.prototype.sort() takes no arguments' });
    return apply(nativeSort, this, []);
  });
  // Source: "Supported runtime features", `JSON.parse()`: a blank text for what is no JSON.
  put(JSON, 'parse', (given) => {
    try {
      return parse(given);
    } catch {
      return '';
    }
  });

  const without = (object, names) => {
    for (const name of names) delete object[name];
  };
  without(Array, ['from', 'fromAsync', 'of']);
  without(Array.prototype, ['copyWithin', 'entries', 'keys', 'values', 'toLocaleString', 'toSorted', 'toSpliced', 'with']);
  without(Object, ['create', 'defineProperties', 'defineProperty', 'freeze', 'getOwnPropertyDescriptor', 'groupBy']);
  without(Object, ['getOwnPropertyDescriptors', 'getOwnPropertyNames', 'getOwnPropertySymbols', 'getPrototypeOf', 'is']);
  without(Object, ['isExtensible', 'isFrozen', 'isSealed', 'preventExtensions', 'seal', 'setPrototypeOf']);
  without(Object.prototype, ['__defineGetter__', '__defineSetter__', '__lookupGetter__', '__lookupSetter__']);
  without(String, ['fromCharCode', 'fromCodePoint']);
  without(String.prototype, ['charCodeAt', 'localeCompare', 'match', 'matchAll', 'padEnd', 'padStart', 'repeat']);
  without(String.prototype, ['search', 'toLocaleLowerCase', 'toLocaleUpperCase']);
  without(Function.prototype, ['apply', 'bind', 'call']);
  const kept = ['Object', 'Array', 'String', 'Number', 'Boolean', 'Math', 'JSON', 'NaN', 'Infinity', 'undefined'];
  kept.push('parseInt', 'parseFloat', 'isNaN', 'isFinite');
  for (const name of getOwnPropertyNames(everything)) if (!kept.includes(name)) delete everything[name];
  for (const name of keys(globals)) defineProperty(everything, name, { value: globals[name] });

  // The context of a resolver: what is in it may change, what it has may not.
  const contextOf = (given) => {
    const context = create(null);
    const fields = parse(given);
    fields.args = fields.arguments;
    freeze(fields.env);
    for (const name of keys(fields)) defineProperty(context, name, { value: fields[name], enumerable: true });
    return freeze(context);
  };

  const outcomeOf = (handlers, name, context) => {
    if (typeof handlers[name] !== 'function') return { kind: 'missing' };
    const value = handlers[name](context);
    return { kind: 'done', result: value === undefined ? null : value };
  };
  // What ends an evaluation: an end of ours, or an error that its code runs into.
  const failureOf = (error) => {
    const isObject = typeof error === 'object' && error !== null;
    if (isObject && typeof error.kind === 'string') return error;
    const [line, column] = isObject ? placeIn(text(error.stack)) : [0, 0];
    const message = text(isObject ? error.message : error);
    return { kind: 'thrown', name: isObject ? text(error.name) : 'Error', message, line, column };
  };

  let finished = '';
  // `start` is there until it is called, before any code of the resolver's is.
  const prepare = (factory, modules, name, given) => {
    const start = () => {
      delete everything.start;
      let outcome;
      let stash = {};
      try {
        const context = contextOf(given);
        stash = context.stash;
        outcome = outcomeOf(factory(...modules), name, context);
      } catch (error) {
        outcome = failureOf(error);
      }
      finish(outcome, stash);
    };
    defineProperty(everything, 'start', { value: start, configurable: true });
  };
  const finish = (outcome, stash) => {
    try {
      finished = stringify({ outcome, stash, said });
    } catch (error) {
      finished = stringify({ outcome: failureOf(error), stash: {}, said: [] });
    }
  };
  return { globals, ask, prepare, finished: () => finished };
});
