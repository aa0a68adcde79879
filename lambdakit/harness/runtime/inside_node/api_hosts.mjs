// Requests that the AWS SDK sends to an API by its host on AWS, led to the harness, which serves that API.
//
// A function behind a WebSocket API calls its clients at `https://{domainName}/{stage}`, both from its event: an endpoint
// of the function's own, which AWS_ENDPOINT_URL does not replace. Nothing but the connection changes; the signature and
// the Host header are those of the API's own name.
//
// Version 2 of the SDK knows no AWS_ENDPOINT_URL at all: every request that it signs or names an operation in is led.

const SERVICE_HOST = /^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/;
const API_HOST = /^[a-z0-9]+\.(execute-api|appsync-api)\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/;

// https, http: the modules of Node.js. endpoint: AWS_ENDPOINT_URL.
export function leadApiHosts(https, http, endpoint) {
  if (endpoint === undefined) {
    return;
  }
  const harness = new URL(endpoint);
  const request = https.request;
  https.request = function (...given) {
    const [options, callback] = given;
    const host = typeof options === 'object' && !(options instanceof URL) ? (options.hostname ?? options.host) : undefined;
    if (typeof host !== 'string' || !(API_HOST.test(host) || (SERVICE_HOST.test(host) && isOfTheSdk(options)))) {
      return request.apply(this, given);
    }
    const { agent, protocol, servername, ...rest } = options;
    const headers = { ...rest.headers };
    if (!Object.keys(headers).some((name) => name.toLowerCase() === 'host')) {
      headers.host = host;
    }
    return http.request({ ...rest, host: harness.hostname, hostname: harness.hostname, port: harness.port, headers }, callback);
  };
}

function isOfTheSdk({ headers = {}, path = '' }) {
  const isSigned = ([name, value]) => name.toLowerCase() === 'authorization' && String(value).startsWith('AWS4-HMAC-');
  const named = Object.entries(headers).some((entry) => isSigned(entry) || entry[0].toLowerCase() === 'x-amz-target');
  return named || path.includes('X-Amz-Signature=');
}
