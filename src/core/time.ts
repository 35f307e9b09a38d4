/**
 * The one instant that every entry of a layer carries, in seconds since 1970: 1980-02-01T00:00:00Z. The zip format
 * cannot go below 1980, so an earlier time would break tools inside images (design 5, "Times").
 */
export const FIXED_TIME: number = 318_211_200;
