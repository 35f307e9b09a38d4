import type { SourceSpan } from '../../core/span.ts';
import { type Rule, reportedRule } from '../rule.ts';
import type { CheckScope } from '../scope.ts';
import type { TextEdit } from '../text-edit.ts';

export const exposeProtoCasing: Rule = reportedRule({
  name: 'ExposeProtoCasing',
  description: 'Protocols in EXPOSE are lower case.',
  fix: ({ span }, scope) => rewritePort(span, scope, (port) => port.toLowerCase()),
});

export const exposeInvalidFormat: Rule = reportedRule({
  name: 'ExposeInvalidFormat',
  description: 'EXPOSE names ports of the container, not addresses or ports of the host.',
  fix: ({ span }, scope) => rewritePort(span, scope, (port) => port.slice(port.lastIndexOf(':') + 1)),
});

export const workdirRelativePath: Rule = reportedRule({
  name: 'WorkdirRelativePath',
  description: 'The first WORKDIR of a stage is an absolute path.',
});

/** Words with variables are left alone. */
function rewritePort(
  { start, end }: SourceSpan,
  { dockerfile }: CheckScope,
  rewrite: (port: string) => string,
): readonly TextEdit[] | undefined {
  const port = dockerfile.source.text.slice(start.offset, end.offset);
  if (!/^[\w.:/[\]-]+$/.test(port)) return undefined;
  return [{ start: start.offset, end: end.offset, text: rewrite(port) }];
}
