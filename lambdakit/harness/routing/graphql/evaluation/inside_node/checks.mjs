// What resolvers' code may not have in it, found in its syntax tree.
//
// Out: problems, each with the words of `@aws-appsync/eslint-plugin`, which the service runs, and of its compiler for
// names and modules that there are not; where the plugin has no rule, with words of ours. Types are not looked at.
// Source: AppSync Developer Guide, "Supported runtime features"; `@aws-appsync/eslint-plugin` 2.0.2, README; answers of
// the service that its users report ("error @aws-appsync/no-regex: Regex literals are not supported.").

import { isFunction, scopesOf } from './scopes.mjs';

// Methods that take functions. Source: "Supported runtime features", "Array".
const taking = ['forEach', 'map', 'flatMap', 'filter', 'reduce', 'reduceRight', 'find', 'some', 'every'];
taking.push('findIndex', 'findLast', 'findLastIndex');
const notImplemented = ['create', 'defineProperties', 'defineProperty', 'freeze', 'getOwnPropertyDescriptor', 'is', 'seal'];
notImplemented.push('getOwnPropertyDescriptors', 'getOwnPropertyNames', 'getOwnPropertySymbols', 'getPrototypeOf');
notImplemented.push('isExtensible', 'isFrozen', 'isSealed', 'preventExtensions', 'setPrototypeOf');

const rule = (name, message) => ({ rule: `@aws-appsync/${name}`, message });
const plain = (message) => ({ rule: '', message });
const operator = (name, sign) => rule(name, `The operator ${sign} is not supported`);
const asynchronous = rule('no-async', 'Async functions are not supported.');
const classes = rule('no-classes', 'Class declarations are not supported.');
const generators = rule('no-generators', 'Generator functions are not supported.');
const whiles = rule('no-while', 'While statements are not supported.');
const functions = (node) => (node.async ? [asynchronous] : []).concat(node.generator ? [generators] : []);

// By the types of nodes: what is wrong with one.
const byType = {
  ArrowFunctionExpression: functions,
  AwaitExpression: () => [rule('no-await', 'The `await` keyword is not supported')],
  BinaryExpression: (node) => {
    if (node.operator === 'in') return [rule('no-in-operator', 'in operator is not supported. Use Object.hasOwn().')];
    return node.operator === 'instanceof' ? [operator('no-disallowed-binary-operators', node.operator)] : [];
  },
  ClassDeclaration: () => [classes],
  ClassExpression: () => [classes],
  ContinueStatement: () => [rule('no-continue', 'Continue statements are not supported')],
  DoWhileStatement: () => [rule('no-while', 'do...while statements are not supported.')],
  ForOfStatement: (node) => (node.await ? [rule('no-await', 'The `await` keyword is not supported')] : []),
  ForStatement: () => [rule('no-for', 'For statements are not supported.')],
  FunctionDeclaration: functions,
  FunctionExpression: functions,
  ImportExpression: () => [plain('Imports while code runs are not supported.')],
  LabeledStatement: () => [rule('no-labels', 'Labeled statements are not supported.')],
  Literal: (node) => (node.regex === undefined ? [] : [rule('no-regex', 'Regex literals are not supported.')]),
  ThisExpression: () => [rule('no-this', 'This expressions are not supported.')],
  ThrowStatement: () => [plain('Throw statements are not supported.')],
  TryStatement: () => [rule('no-try', 'Try statements are not supported.')],
  UnaryExpression: (node) => (node.operator === '~' ? [operator('no-disallowed-unary-operators', '~')] : []),
  UpdateExpression: (node) => [operator('no-disallowed-unary-operators', node.operator)],
  WhileStatement: () => [whiles],
  YieldExpression: () => [rule('no-yield', 'Yield statements are not supported')],
};

// exported: the names of the modules that code may import, by module.
export function problemsOf(code, acorn, exported) {
  let tree;
  try {
    tree = acorn.parse(code, { ecmaVersion: 'latest', sourceType: 'module', locations: true });
  } catch (error) {
    if (error.loc === undefined) throw error;
    const message = error.message.replace(/ \(\d+:\d+\)$/, '');
    return { problems: [problem('PARSE_ERROR', '', message, error.loc, -1)], places: {} };
  }
  const found = [];
  const report = (node, { rule: name, message }) => {
    found.push(problem('LINT_ERROR', name, message, node.loc.start, node.end - node.start));
  };
  const scopes = scopesOf(tree, (node) => {
    for (const each of Object.hasOwn(byType, node.type) ? byType[node.type](node) : []) report(node, each);
  });
  checkImports(tree, exported, report);
  checkNames(scopes, report);
  checkCalls(scopes, report);
  checkRecursion(scopes, report);
  checkContext(tree, scopes, report);
  found.sort((one, other) => one.line - other.line || one.column - other.column);
  return { problems: found.slice(0, 100), places: placesOf(scopes), tree };
}

function problem(type, name, message, at, span) {
  const [line, column] = [at.line, at.column + 1];
  return { type, value: `code.js(${line},${column}): error${name ? ` ${name}` : ''}: ${message}`, line, column, span };
}

function checkImports(tree, exported, report) {
  for (const node of tree.body) {
    const source = node.source?.value;
    if (source === undefined) continue;
    if (!Object.hasOwn(exported, source)) {
      const message = `Cannot find module '${source}' or its corresponding type declarations.`;
      report(node.source, { rule: 'TS2307', message });
      continue;
    }
    for (const specifier of node.specifiers ?? []) {
      const name = specifier.imported?.name;
      // Names in capitals are types, which are gone when code runs.
      if (name === undefined || exported[source].includes(name) || /^[A-Z]/.test(name)) continue;
      report(specifier, { rule: 'TS2305', message: `Module '"${source}"' has no exported member '${name}'.` });
    }
  }
}

// Names that are bound nowhere. Those that a compiler knows of every JavaScript are left to the run.
function checkNames(scopes, report) {
  for (const { node, name, binding, isAskedForType } of scopes.references) {
    if (binding !== undefined || isAskedForType) continue;
    if (name === 'Promise') report(node, rule('no-promise', 'Promise is not supported'));
    else if (!Object.hasOwn(scopes.known, name)) report(node, { rule: 'TS2304', message: `Cannot find name '${name}'.` });
  }
}

function checkCalls(scopes, report) {
  for (const node of scopes.calls) {
    const { callee } = node;
    const method = callee.type === 'MemberExpression' && !callee.computed ? callee.property.name : '';
    const object = method ? scopes.bindingOf(callee.object) : undefined;
    if (['apply', 'bind', 'call'].includes(method) && isFunction(object?.value)) {
      report(callee, plain(`The method ${method} of functions is not supported.`));
    }
    if (callee.object?.type === 'Identifier' && callee.object.name === 'Object' && notImplemented.includes(method)) {
      report(node, rule('no-disallowed-methods', `Method ObjectConstructor.${method} is not implemented`));
    }
    if (taking.includes(method)) continue;
    for (const given of node.arguments) {
      if (isFunction(given) || isFunction(scopes.bindingOf(given)?.value)) {
        report(given, rule('no-function-passing', 'Functions can not be passed as an argument'));
      }
    }
  }
}

// Functions that call themselves, by the names that they are bound to.
function checkRecursion(scopes, report) {
  const calls = new Map();
  for (const node of scopes.calls) {
    const called = scopes.bindingOf(node.callee);
    if (!isFunction(called?.value)) continue;
    for (const caller of scopes.around(node)) {
      if (!calls.has(caller)) calls.set(caller, []);
      calls.get(caller).push({ node, called });
    }
  }
  const done = new Set();
  const visit = (binding, path) => {
    if (done.has(binding)) return;
    for (const { node, called } of calls.get(binding) ?? []) {
      const at = path.indexOf(called);
      if (at >= 0) {
        const cycle = [...path.slice(at), called].map((each) => each.name).join(' -> ');
        report(node, rule('no-recursion', `Recursive function calls not supported. Detected cycle in ${cycle}`));
      } else visit(called, [...path, called]);
    }
    done.add(binding);
  };
  for (const binding of calls.keys()) visit(binding, [binding]);
}

// `ctx`, and what it has of its own, cannot be put in place of.
function checkContext(tree, scopes, report) {
  const contexts = new Set();
  for (const name of ['request', 'response']) {
    const parameter = scopes.exported(tree, name)?.params?.[0];
    if (parameter?.type === 'Identifier') contexts.add(scopes.bindingAt(parameter));
  }
  for (const { left } of scopes.assignments) {
    const name = scopes.bindingOf(left.type === 'MemberExpression' ? left.object : left);
    if (name === undefined || !contexts.has(name)) continue;
    const of = left.type === 'MemberExpression' && !left.computed ? left.property.name : '';
    const message = of
      ? `${name.name} is readonly. Adding/Updating ${of} is not supported.`
      : `${name.name} is readonly and re-assignment is not supported.`;
    report(left, rule('no-disallowed-re-assignment', message));
  }
}

// Where each call of `console` begins, by where its method stands: a stack tells the latter.
function placesOf(scopes) {
  const places = {};
  for (const { callee, loc } of scopes.calls) {
    if (callee.type !== 'MemberExpression' || callee.object.name !== 'console') continue;
    const { line, column } = callee.property.loc.start;
    places[`${line}:${column + 1}`] = [loc.start.line, loc.start.column + 1];
  }
  return places;
}
