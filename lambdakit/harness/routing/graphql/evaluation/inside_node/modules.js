// The modules that resolvers' code imports from: `@aws-appsync/utils` and what is below it.
//
// Operations, statements and hints are plain objects while code runs; what takes them in the end makes a request of them.
// Source: AppSync Developer Guide, "Built-in modules"; the types of `@aws-appsync/utils`.
(function (realm) {
  'use strict';

  const { globals, ask } = realm;
  const orNull = (value) => (value === undefined ? null : value);
  const named = (names, make) => {
    const made = {};
    for (const name of names) made[name] = make(name);
    return made;
  };

  const operation = (kind) => (payload) => ({ _type: kind, _payload: orNull(payload) });
  const operations = {
    ...named(['add', 'replace', 'increment', 'decrement', 'append', 'prepend'], operation),
    remove: () => operation('remove')(),
    updateListItem: (value, index) => operation('updateListItem')({ value: orNull(value), index: orNull(index) }),
  };
  const requests = ['get', 'put', 'update', 'remove', 'query', 'scan', 'sync', 'batchGet', 'batchPut', 'batchDelete'];
  requests.push('transactGet', 'transactWrite', 'toStringSet', 'toNumberSet', 'toBinarySet');
  const dynamodb = { ...named(requests, (name) => (...given) => ask(`dynamodb.${name}`, given)), operations };

  const statement = (kind) => (payload) => ({ _sql: kind, payload: orNull(payload) });
  const aggregate = (name) => (column) => ({ _sql: 'aggregate', name, column: orNull(column) });
  const hint = (name) => (value) => ({ _sql: 'hint', hint: name, value: orNull(value) });
  const aggregates = ['max', 'min', 'count', 'avg', 'sum'];
  const request = (name) => (...statements) => ask(`rds.${name}`, [statements]);
  const rds = {
    ...named(['select', 'insert', 'update', 'remove'], statement),
    ...named(['createPgStatement', 'createMySQLStatement'], request),
    sql: (texts, ...values) => ({ _sql: 'raw', texts: [...texts], values: values.map(orNull) }),
    toJsonObject: (result) => ask('util.rds.toJsonObject', [result]),
    typeHint: named(['DECIMAL', 'JSON', 'TIMESTAMP', 'TIME', 'UUID', 'DATE'], hint),
    agg: named([...aggregates, ...aggregates.map((name) => `${name}Distinct`)], aggregate),
  };

  const ai = named(['invokeModel', 'converse'], (name) => (payload) => ({
    operation: name === 'converse' ? 'Converse' : 'InvokeModel',
    ...payload,
  }));
  const { util, extensions, runtime } = globals;
  return {
    '@aws-appsync/utils': { util, extensions, runtime },
    '@aws-appsync/utils/dynamodb': dynamodb,
    '@aws-appsync/utils/rds': rds,
    '@aws-appsync/utils/ai': ai,
  };
});
