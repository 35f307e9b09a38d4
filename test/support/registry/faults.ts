import type { IncomingMessage, ServerResponse } from 'node:http';

/** Misbehaves instead of the registry: true when it has answered, or means never to. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Answers requests whose address matches, `times` times. */
export function answer(pattern: RegExp, reply: Answer, times: number = Number.POSITIVE_INFINITY): Fault {
  return limited(pattern, times, (response) => {
    response.writeHead(reply.status, reply.headers);
    response.end(reply.body);
  });
}

/** Sends the head and the first bytes of an answer, then breaks the connection. */
export function breakOff(pattern: RegExp, part: Uint8Array, promised: number, times: number): Fault {
  return limited(pattern, times, (response) => {
    response.writeHead(200, { 'content-length': String(promised) });
    response.write(part, () => response.destroy());
  });
}

/** An error whose body never ends; `sent` is told the bytes so far. */
export function endlessError(pattern: RegExp, status: number, sent: (bytes: number) => void): Fault {
  return limited(pattern, Number.POSITIVE_INFINITY, (response) => {
    const chunk = Buffer.alloc(16 << 10, 'x');
    let total = 0;
    response.writeHead(status, { 'content-type': 'text/plain' });
    const more = (): void => {
      while (!response.destroyed && response.write(chunk)) {
        total += chunk.length;
        sent(total);
      }
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  });
}

/** Takes requests and never answers. */
export function silence(pattern: RegExp): Fault {
  return limited(pattern, Number.POSITIVE_INFINITY, () => undefined);
}

/** Breaks the connection without an answer. */
export function reset(pattern: RegExp, times: number): Fault {
  return limited(pattern, times, (response) => response.destroy());
}

function limited(pattern: RegExp, times: number, act: (response: ServerResponse) => void): Fault {
  let left = times;
  return (request, response) => {
    if (left === 0 || !pattern.test(`${request.method} ${request.url}`)) return false;
    left--;
    act(response);
    return true;
  };
}
