import { getSystemErrorName } from 'node:util';

/** How calls of the C library are declared and their results looked at. */
export interface Binding {
  /** @param prototype in C, as koffi reads it */
  declare<A extends unknown[]>(prototype: string): (...args: A) => number;
  /** Gives the result of a call, or throws a Node-like system error with `code`, `errno`, `syscall` and `path`. */
  check(result: number, call: string, path: string): number;
  /** The error of the call before, as {@link check} throws it. */
  failure(call: string, path: string): Error;
  /** The same for a call whose result is the error number. */
  errorOf(number: number, call: string, path: string): Error;
  /** The error number of the call before. */
  errno(): number;
}

export function bindLibrary(koffi: typeof import('koffi')): Binding {
  const library = koffi.load(null);

  function errorOf(number: number, call: string, path: string): Error {
    const code = getSystemErrorName(-number);
    return Object.assign(new Error(`${code}: ${call} ${path}`), { code, errno: -number, syscall: call, path });
  }

  const failure = (call: string, path: string): Error => errorOf(koffi.errno(), call, path);

  return {
    declare: <A extends unknown[]>(prototype: string) => library.func(prototype) as unknown as (...args: A) => number,
    check(result, call, path) {
      if (result < 0) throw failure(call, path);
      return result;
    },
    failure,
    errorOf,
    errno: () => koffi.errno(),
  };
}
