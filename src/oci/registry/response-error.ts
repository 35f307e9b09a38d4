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
  const { code, what, hint, retryable = false } = kindOf(response, registry, request.authorization !== undefined);
  const said = redactSecret(await messageOf(response), request.authorization);
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

function kindOf(response: HttpResponse, registry: string, hadCredentials: boolean): Kind {
  const { status } = response;
  if (status === 401) return unauthorized(registry, hadCredentials);
  if (status === 403) return denied(registry);
  if (status === 404) return notFound(registry, isJson(response));
  if (status === 429) return RATE_LIMITED;
  if (status >= 500) return { ...SERVER_ERROR, what: `${registry} has a fault, status ${status}` };
  return {
    code: 'REGISTRY_BAD_ANSWER',
    what: `${registry} answers with status ${status}`,
    hint: 'check that the host and port are those of a container registry',
  };
}

const RATE_LIMITED: Kind = {
  code: 'REGISTRY_RATE_LIMITED',
  what: 'the registry refuses more requests for now',
  hint: 'wait, or log in (docker login): registries allow users more than anonymous clients',
  retryable: true,
};

const SERVER_ERROR: Kind = {
  code: 'REGISTRY_SERVER_ERROR',
  what: '',
  hint: 'try again later, or ask whoever runs the registry',
  retryable: true,
};

function unauthorized(registry: string, hadCredentials: boolean): Kind {
  return {
    code: 'REGISTRY_UNAUTHORIZED',
    what: hadCredentials ? `${registry} refuses the credentials` : `${registry} wants credentials`,
    hint: `check the name, which may not exist, and log in with "docker login ${registry}"`,
  };
}

function denied(registry: string): Kind {
  return {
    code: 'REGISTRY_DENIED',
    what: `access denied by ${registry}`,
    hint: `log in with "docker login ${registry}" as a user who has the right to it`,
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

/** A server may send back what it was sent. */
function redactSecret(text: string, authorization: string | undefined): string {
  const secret = authorization?.replace(/^\w+ /, '');
  return secret === undefined || secret === '' ? text : text.replaceAll(secret, '***');
}
