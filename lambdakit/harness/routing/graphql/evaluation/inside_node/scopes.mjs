// Which name of a module means which binding of it.
//
// In: a syntax tree of ESTree's form. Out: references, calls and assignments, and what they mean.

const functionTypes = ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'];

export function isFunction(node) {
  return node !== undefined && node !== null && functionTypes.includes(node.type);
}

// visit: called with every node, outer ones first.
export function scopesOf(tree, visit) {
  const known = Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, true]));
  for (const name of ['util', 'extensions', 'runtime', 'console', 'arguments', 'undefined', 'eval']) known[name] = true;
  for (const name of ['process', 'global', 'Buffer', 'fetch', 'navigator', 'performance', 'crypto']) delete known[name];
  const state = { references: [], calls: [], assignments: [], callers: new Map(), byNode: new Map(), declared: new Map() };
  const module = new Scope(null, true);
  hoist(tree.body, module, state);
  for (const node of tree.body) walk(node, module, [], state, visit);
  for (const reference of state.references) {
    reference.binding = reference.scope.find(reference.name);
    state.byNode.set(reference.node, reference.binding);
  }
  return {
    known,
    references: state.references,
    calls: state.calls,
    assignments: state.assignments,
    bindingOf: (node) => state.byNode.get(node),
    bindingAt: (node) => state.declared.get(node),
    around: (node) => state.callers.get(node) ?? [],
    exported: (program, name) => exportedFunction(program, module, name),
  };
}

class Scope {
  constructor(outer, isOfFunction) {
    this.outer = outer;
    this.isOfFunction = isOfFunction;
    this.names = new Map();
  }

  declare(name, value, state, node) {
    if (!this.names.has(name)) this.names.set(name, { name, value });
    else if (value !== undefined) this.names.get(name).value = value;
    state.declared.set(node, this.names.get(name));
  }

  find(name) {
    return this.names.get(name) ?? this.outer?.find(name);
  }

  ofFunction() {
    return this.isOfFunction ? this : this.outer.ofFunction();
  }
}

function exportedFunction(program, module, name) {
  for (const node of program.body) {
    if (node.type !== 'ExportNamedDeclaration' || node.source) continue;
    for (const specifier of node.specifiers) {
      if (specifier.exported.name === name) return functionOf(module.find(specifier.local.name));
    }
    if (node.declaration?.id?.name === name) return node.declaration;
    for (const each of node.declaration?.declarations ?? []) if (each.id.name === name) return each.init;
  }
  return undefined;
}

function functionOf(binding) {
  return isFunction(binding?.value) ? binding.value : undefined;
}

// Names of a list of statements: what holds in all of it.
function hoist(statements, scope, state) {
  for (const node of statements) {
    const declared = node.type.startsWith('Export') && node.declaration ? node.declaration : node;
    if (declared.type === 'ImportDeclaration') {
      for (const specifier of declared.specifiers) scope.declare(specifier.local.name, undefined, state, specifier.local);
    } else if ((declared.type === 'FunctionDeclaration' || declared.type === 'ClassDeclaration') && declared.id) {
      scope.declare(declared.id.name, declared, state, declared.id);
    } else if (declared.type === 'VariableDeclaration') declareVariables(declared, scope, state);
  }
}

function declareVariables(node, scope, state) {
  const where = node.kind === 'var' ? scope.ofFunction() : scope;
  for (const each of node.declarations) {
    const value = node.kind === 'const' && isFunction(each.init) ? each.init : undefined;
    declarePattern(each.id, where, state, value);
  }
}

function declarePattern(node, scope, state, value) {
  if (node === null || node === undefined) return;
  if (node.type === 'Identifier') scope.declare(node.name, value, state, node);
  else if (node.type === 'AssignmentPattern') declarePattern(node.left, scope, state);
  else if (node.type === 'RestElement') declarePattern(node.argument, scope, state);
  else if (node.type === 'ArrayPattern') for (const each of node.elements) declarePattern(each, scope, state);
  else if (node.type === 'ObjectPattern') {
    for (const each of node.properties) declarePattern(each.type === 'Property' ? each.value : each, scope, state);
  }
}

function* childrenOf(node) {
  for (const [key, value] of Object.entries(node)) {
    if (key === 'loc' || key === 'type') continue;
    if (Array.isArray(value)) {
      for (const each of value) if (each !== null && typeof each?.type === 'string') yield [key, each];
    } else if (value !== null && typeof value?.type === 'string') yield [key, value];
  }
}

// callers: the bindings of the functions around a node.
function walk(node, scope, callers, state, visit) {
  visit(node);
  let inner = scope;
  if (isFunction(node)) {
    inner = new Scope(scope, true);
    const own = [...state.declared.values()].find((binding) => binding.value === node);
    callers = own === undefined ? callers : [...callers, own];
    if (node.type === 'FunctionExpression' && node.id) inner.declare(node.id.name, node, state, node.id);
    for (const each of node.params) declarePattern(each, inner, state);
    if (node.body.type === 'BlockStatement') hoist(node.body.body, inner, state);
  } else if (node.type === 'BlockStatement' || node.type === 'StaticBlock') {
    inner = new Scope(scope, false);
    hoist(node.body, inner, state);
  } else if (node.type === 'SwitchStatement') {
    inner = new Scope(scope, false);
    for (const each of node.cases) hoist(each.consequent, inner, state);
  } else if (node.type.startsWith('For')) {
    inner = new Scope(scope, false);
    for (const each of [node.init, node.left]) if (each?.type === 'VariableDeclaration') declareVariables(each, inner, state);
  } else if (node.type === 'CatchClause') {
    inner = new Scope(scope, false);
    declarePattern(node.param, inner, state);
  } else if (node.type === 'VariableDeclaration') {
    if (node.kind === 'var') declareVariables(node, scope, state);
  } else if (node.type === 'ClassExpression' && node.id) {
    inner = new Scope(scope, false);
    inner.declare(node.id.name, node, state, node.id);
  } else if (node.type === 'CallExpression' || node.type === 'NewExpression') {
    state.calls.push(node);
    state.callers.set(node, callers);
  } else if (node.type === 'AssignmentExpression') state.assignments.push(node);
  if (node.type === 'Identifier') refer(node, scope, state, false);
  for (const [key, child] of childrenOf(node)) {
    if (isName(node, key)) continue;
    if (node.type === 'UnaryExpression' && node.operator === 'typeof' && child.type === 'Identifier') {
      refer(child, inner, state, true);
    } else walk(child, inner, callers, state, visit);
  }
}

function refer(node, scope, state, isAskedForType) {
  state.references.push({ node, name: node.name, scope, isAskedForType });
}

// Whether an identifier below a node names something of the node's own, and refers to nothing.
function isName(node, key) {
  switch (node.type) {
    case 'MemberExpression':
      return key === 'property' && !node.computed;
    case 'Property':
    case 'MethodDefinition':
    case 'PropertyDefinition':
      return key === 'key' && !node.computed;
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return key === 'label';
    case 'ExportSpecifier':
      return key === 'exported' || node.local === node.exported;
    case 'MetaProperty':
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
      return true;
    case 'ExportNamedDeclaration':
      return node.source !== null && key === 'specifiers';
    default:
      return false;
  }
}
