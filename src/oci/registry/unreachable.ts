import { isBuilderError, RegistryError } from '../../core/errors.ts';
import { errnoOf } from '../../io/host-error.ts';
import { LINK_LOCAL_CODE } from './guarded-lookup.ts';
import { redactUrl } from './http.ts';

interface Failure {
  readonly text: string;
  readonly hint?: string;
  readonly retryable?: boolean;
}

const NAME_HINT =
  'check the spelling of the registry and the network; registries without a dot need a port or localhost';
const DOWN_HINT = 'check that the registry is running and that host and port are right';
const SLOW_HINT = 'check the network, proxies and firewalls, and try again';
const TLS_HINT = 'if the registry speaks plain HTTP, list it as insecure (--registry-insecure HOST)';
const CLIENT_HINT =
  'put certificate and key into DIR/HOST:PORT/client.cert and .key, and name DIR with --registry-certs';
const TRUST_HINT = 'name the file of its certificate authority with --registry-ca FILE (option caFile)';

const FAILURES: Readonly<Record<string, Failure>> = {
  ECONNREFUSED: { text: 'connection refused', hint: DOWN_HINT },
  ENOTFOUND: { text: 'the host name is not known', hint: NAME_HINT },
  EAI_AGAIN: { text: 'the host name cannot be looked up now', hint: NAME_HINT },
  [LINK_LOCAL_CODE]: {
    text: 'its address is for this machine alone (link-local, as the metadata service of a cloud is)',
    hint: 'no server and no Dockerfile may send a build there: fetch it yourself before the build if it is meant',
  },
  EHOSTUNREACH: { text: 'no route to the host', hint: SLOW_HINT },
  ENETUNREACH: { text: 'the network is unreachable', hint: SLOW_HINT },
  ETIMEDOUT: { text: 'the connection timed out', hint: SLOW_HINT, retryable: true },
  ECONNRESET: { text: 'the connection was reset', hint: SLOW_HINT, retryable: true },
  EPIPE: { text: 'the connection was closed', hint: SLOW_HINT, retryable: true },
  UND_ERR_SOCKET: { text: 'the connection was closed', hint: SLOW_HINT, retryable: true },
  UND_ERR_CONNECT_TIMEOUT: { text: 'the connection timed out', hint: SLOW_HINT },
  UND_ERR_HEADERS_TIMEOUT: { text: 'no answer in time', hint: SLOW_HINT, retryable: true },
  UND_ERR_BODY_TIMEOUT: { text: 'no data came for too long', hint: SLOW_HINT, retryable: true },
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: { text: 'it wants a client certificate', hint: CLIENT_HINT },
  ERR_SSL_WRONG_VERSION_NUMBER: { text: 'it does not answer in TLS', hint: TLS_HINT },
  ERR_SSL_PACKET_LENGTH_TOO_LONG: { text: 'it does not answer in TLS', hint: TLS_HINT },
  EPROTO: { text: 'it does not answer in TLS', hint: TLS_HINT },
  DEPTH_ZERO_SELF_SIGNED_CERT: { text: 'its certificate is self-signed', hint: TRUST_HINT },
  SELF_SIGNED_CERT_IN_CHAIN: { text: 'its certificate is self-signed', hint: TRUST_HINT },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: { text: 'its certificate is not trusted', hint: TRUST_HINT },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: { text: 'its certificate is not trusted', hint: TRUST_HINT },
  CERT_HAS_EXPIRED: { text: 'its certificate has expired', hint: 'ask whoever runs the registry to renew it' },
  ERR_TLS_CERT_ALTNAME_INVALID: { text: 'its certificate is for another host', hint: DOWN_HINT },
};

/** Whatever else OpenSSL says, such as ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE. */
const TLS_FAILURE: Failure = { text: 'it refuses to speak TLS with us', hint: TLS_HINT };

/** The error of a body that trickles. */
export function tooSlow(url: URL): RegistryError {
  return new RegistryError('REGISTRY_UNREACHABLE', `cannot read from ${url.host}: the data comes too slowly`, {
    url: redactUrl(url),
    retryable: true,
    hint: SLOW_HINT,
  });
}

/** Wraps what the network did; lamella's own errors, and what is no error of the network, pass unchanged. */
export function toUnreachable(error: unknown, request: { readonly method: string; readonly url: URL }): unknown {
  if (isBuilderError(error) || !(error instanceof Error)) return error;
  const code = errnoOf(error) ?? '';
  const failure = FAILURES[code] ?? otherFailure(code, error);
  return new RegistryError('REGISTRY_UNREACHABLE', `cannot reach ${request.url.host}: ${failure.text}`, {
    method: request.method,
    url: redactUrl(request.url),
    retryable: failure.retryable ?? false,
    hint: failure.hint,
    cause: error,
  });
}

function otherFailure(code: string, { message }: Error): Failure {
  return code.startsWith('ERR_SSL_') ? TLS_FAILURE : { text: code === '' ? message : code, hint: SLOW_HINT };
}
