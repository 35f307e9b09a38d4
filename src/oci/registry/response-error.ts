import { RegistryError } from '../../core/errors.ts';
import { isObject } from '../image/json.ts';
import { type HttpRequest, type HttpResponse, readLimited, redactUrl } from './http.ts';
import { parseRetryAfter } from './retry.ts';

/** Errors are short; whoever sends more is not read to the end. */
export const ERROR_BODY_LIMIT: number = 64 << 10;
const MESSAGE_LIMIT = 300;

export interface Refusal {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  /** What was asked for, in words: a reference, or a blob of one. */
  readonly subject: string;
  /** The registry as people write it. */
  readonly registry: string;
  readonly now: number;
}

interface Kind {
  readonly code: string;
  readonly what: string;
  readonly hint: string;
  readonly retryable?: boolean;
}

/** Turns an answer that is not the hoped-for one into an error, with what the registry says; consumes the body. */
export async function toResponseError(refusal: Refusal): Promise<RegistryError> {
  const { request, response, subject, registry, now } = refusal;
  const said = redact(await messageOf(response), [request.authorization?.replace(/^\w+ /, ''), request.secret]);
  const {
    code,
    what,
    hint,
    retryable = false,
  } = said.includes('MANIFEST_BLOB_UNKNOWN')
    ? blobUnknown(registry)
    : kindOf(response, registry, hadCredentials(request));
  const retryAfterMs = parseRetryAfter(response.headers['retry-after'], now);
  return new RegistryError(code, `${subject}: ${what}${said === '' ? '' : ` (${said})`}`, {
    method: request.method,
    url: redactUrl(response.url),
    status: response.status,
    retryable,
    hint,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

function kindOf(response: HttpResponse, registry: string, known: boolean): Kind {
  const { status } = response;
  if (status === 401) return unauthorized(registry, known);
  if (status === 403) return denied(registry);
  if (status === 404) return notFound(registry, isJson(response));
  if (status === 413) return TOO_LARGE;
  if (status === 429) return RATE_LIMITED;
  if (status >= 500) return { ...SERVER_ERROR, what: `${registry} has a fault, status ${status}` };
  return {
    code: 'REGISTRY_BAD_ANSWER',
    what: `${registry} answers with status ${status}`,
    hint: 'check that the host and port are those of a container registry',
  };
}

/**
 * Said of a manifest whose blobs were uploaded or found a moment ago. Retryable: docker's registry cannot read the entry of
 * a blob while it writes it again for another client.
 */
function blobUnknown(registry: string): Kind {
  return {
    code: 'REGISTRY_BAD_ANSWER',
    what: `${registry} does not find a blob of the manifest`,
    hint: 'try again; if it stays so, ask whoever runs the registry whether blobs are collected while clients push',
    retryable: true,
  };
}

const RATE_LIMITED: Kind = {
  code: 'REGISTRY_RATE_LIMITED',
  what: 'the registry refuses more requests for now',
  hint: 'wait, or log in (lamella login): registries allow users more than anonymous clients',
  retryable: true,
};

/** Retryable: an upload then goes on in smaller pieces. */
const TOO_LARGE: Kind = {
  code: 'REGISTRY_TOO_LARGE',
  what: 'the registry, or a proxy in front of it, takes no requests of this size',
  hint: 'raise the limit of the proxy (client_max_body_size of nginx)',
  retryable: true,
};

const SERVER_ERROR: Kind = {
  code: 'REGISTRY_SERVER_ERROR',
  what: '',
  hint: 'try again later, or ask whoever runs the registry',
  retryable: true,
};

function unauthorized(registry: string, known: boolean): Kind {
  return {
    code: 'REGISTRY_UNAUTHORIZED',
    what: known ? `${registry} refuses the credentials` : `${registry} wants credentials`,
    hint: `check the name, which may not exist, and log in with "lamella login ${registry}"`,
  };
}

function denied(registry: string): Kind {
  return {
    code: 'REGISTRY_DENIED',
    what: `access denied by ${registry}`,
    hint: `log in with "lamella login ${registry}" as a user who has the right to it`,
  };
}

function notFound(registry: string, fromRegistry: boolean): Kind {
  return {
    code: 'REGISTRY_NOT_FOUND',
    what: `not found in ${registry}`,
    hint: fromRegistry
      ? 'check the spelling of the name and the tag'
      : `check the name, and that ${registry} is a container registry: its answer does not look like one`,
  };
}

export function isJson(response: HttpResponse): boolean {
  return /[/+]json\b/.test(response.headers['content-type'] ?? '');
}

/** `CODE: message` of each error that the registry names (distribution-spec, "Error Codes"). */
async function messageOf(response: HttpResponse): Promise<string> {
  const { bytes } = await readLimited(response, ERROR_BODY_LIMIT).catch(() => ({ bytes: Buffer.alloc(0) }));
  const errors = parseErrors(bytes.toString('utf8'));
  return errors
    .join('; ')
    .replaceAll(/[\0-\x1f\x7f]+/g, ' ')
    .slice(0, MESSAGE_LIMIT);
}

function parseErrors(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text);
    const list: unknown = isObject(value) ? value.errors : undefined;
    return Array.isArray(list)
      ? list.filter(isObject).map((item) => [item.code, item.message].filter(Boolean).join(': '))
      : [];
  } catch {
    return [];
  }
}

function hadCredentials({ authorization, secret }: HttpRequest): boolean {
  return authorization !== undefined || secret !== undefined;
}

/** A server may send back what it was sent. */
function redact(text: string, secrets: readonly (string | undefined)[]): string {
  return secrets.reduce<string>((rest, secret) => (secret ? rest.replaceAll(secret, '***') : rest), text);
}

/** What answered is no registry: `what` says how that shows. */
export function notARegistry(response: HttpResponse, subject: string, what: string, cause?: unknown): RegistryError {
  const { host } = response.url;
  return new RegistryError('REGISTRY_NOT_A_REGISTRY', `${subject}: ${host} ${what}, so it is no container registry`, {
    url: redactUrl(response.url),
    status: response.status,
    hint: 'check the host and the port of the name; a proxy or login page may have answered instead',
    cause,
  });
}
