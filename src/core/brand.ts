declare const brand: unique symbol;

/** A string that only its own parser or constructor makes, so that two kinds of names never mix. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
