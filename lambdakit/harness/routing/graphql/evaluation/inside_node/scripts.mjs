// Resolvers' modules as scripts, which can run in any context: V8 keeps a context for ever in which a module ran.
//
// Each import becomes a parameter and each export is left out, so that what remains stands where it stood; lines and
// columns of errors and logs are those of the code. Out: a script that gives a function of the imported modules.

import vm from 'node:vm';

export function scriptOf(code, tree) {
  const parameters = [];
  const imported = [];
  const pieces = [];
  let at = 0;
  const leaveOut = (start, end, instead = '') => {
    pieces.push(code.slice(at, start), instead, code.slice(start + instead.length, end).replace(/[^\n\r\u2028\u2029]/g, ' '));
    at = end;
  };
  for (const node of tree.body) {
    if (node.type === 'ImportDeclaration') {
      parameters.push(`{${someOf(node.specifiers)}},${wholeOf(node.specifiers) ?? `$${parameters.length}$`}`);
      imported.push(node.source.value);
      leaveOut(node.start, node.end);
    } else if (node.type === 'ExportNamedDeclaration') {
      leaveOut(node.start, node.declaration ? node.declaration.start : node.end);
    } else if (node.type === 'ExportAllDeclaration') leaveOut(node.start, node.end);
    else if (node.type === 'ExportDefaultDeclaration') {
      const isNamed = node.declaration.id !== undefined && node.declaration.id !== null;
      leaveOut(node.start, node.declaration.start, isNamed ? '' : 'void');
    }
  }
  pieces.push(code.slice(at));
  const prefix = `'use strict';((${parameters.join(',')})=>{`;
  const handlers = ['request', 'response'].map((name) => [name, localOf(tree, name)]).filter((each) => each[1] !== undefined);
  const given = handlers.map(([name, local]) => `${name}:${local}`).join(',');
  const text = `${prefix}${pieces.join('')}\n;return {${given}}})`;
  return { script: new vm.Script(text, { filename: 'code.js', columnOffset: -prefix.length }), imported };
}

// A module is given twice: to those who import a part of it, and to those who import it whole.
function someOf(specifiers) {
  const some = specifiers.filter((each) => each.type !== 'ImportNamespaceSpecifier');
  const named = some.map((each) => [each.type === 'ImportDefaultSpecifier' ? 'default' : nameOf(each.imported), each]);
  return named.map(([name, each]) => `${JSON.stringify(name)}:${each.local.name}`).join(',');
}

function wholeOf(specifiers) {
  return specifiers.find((each) => each.type === 'ImportNamespaceSpecifier')?.local.name;
}

function nameOf(node) {
  return node.type === 'Literal' ? node.value : node.name;
}

// The name within the code of what it exports as `name`.
function localOf(tree, name) {
  for (const node of tree.body) {
    if (node.type !== 'ExportNamedDeclaration' || node.source) continue;
    for (const each of node.specifiers) if (nameOf(each.exported) === name) return nameOf(each.local);
    if (node.declaration?.id?.name === name) return name;
    for (const each of node.declaration?.declarations ?? []) if (names(each.id).includes(name)) return name;
  }
  return undefined;
}

function names(pattern) {
  switch (pattern?.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ObjectPattern':
      return pattern.properties.flatMap((each) => names(each.value ?? each.argument));
    case 'ArrayPattern':
      return pattern.elements.flatMap(names);
    case 'AssignmentPattern':
      return names(pattern.left);
    case 'RestElement':
      return names(pattern.argument);
    default:
      return [];
  }
}
