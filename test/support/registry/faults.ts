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

/** Sends a body in two parts: the second, when somebody gives it; `undefined` breaks the connection. Once. */
export function holdBack(
  pattern: RegExp,
  { first, size }: { readonly first: Uint8Array; readonly size: number },
  second: Promise<Uint8Array | undefined>,
): Fault {
  return limited(pattern, 1, (response) => {
    response.writeHead(200, { 'content-length': String(size) });
    response.write(first);
    void second.then((rest) => (rest === undefined ? response.destroy() : response.end(rest)));
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

/** Sends a body one byte at a time, faster than any timeout between two pieces. */
export function drip(pattern: RegExp, everyMs: number): Fault {
  return limited(pattern, Number.POSITIVE_INFINITY, (response) => {
    response.writeHead(200, { 'content-length': '1000000' });
    const timer = setInterval(() => response.write('x'), everyMs);
    response.once('close', () => clearInterval(timer));
  });
}

/** A body that never ends, with status 200. */
export function endless(pattern: RegExp): Fault {
  return endlessError(pattern, 200, () => undefined);
}

/** Reads a part of what is uploaded, keeps it, and answers with an error. */
export function failHalfway(pattern: RegExp, keep: (part: Buffer) => void, bytes: number): Fault {
  let left = 1;
  return (request, response) => {
    if (left === 0 || !pattern.test(`${request.method} ${request.url}`)) return false;
    left--;
    let part = Buffer.alloc(0);
    request.on('data', (chunk: Buffer) => {
      part = Buffer.concat([part, chunk]);
      if (part.length < bytes || response.headersSent) return;
      keep(part.subarray(0, bytes));
      response.writeHead(500, { connection: 'close' }).end();
    });
    return true;
  };
}

/** Refuses longer bodies before it has read them, as a proxy does. */
export function takeAtMost(bytes: number): Fault {
  return (request, response) => {
    if (Number(request.headers['content-length'] ?? 0) <= bytes) return false;
    response.writeHead(413).end();
    request.resume();
    return true;
  };
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
