export { type ExpandOptions, expandHeredoc, expandWord, expandWords, type Lookup } from './expand/expand.ts';
