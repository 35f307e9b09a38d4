import { type ArboristNode, loadScriptMatcher } from './arborist.ts';

/** What the project says of a package's install scripts; `undefined` when it says nothing. */
export type ScriptVerdict = (node: ArboristNode) => boolean | undefined;

/**
 * The verdicts of `allowScripts` in package.json, or where that is empty of the list `allow-scripts` in `.npmrc`, by npm's own
 * rules: names, exact versions joined by `||`, addresses; a refusal counts more than a permission; ranges and tags count for
 * nothing; a package is who the lockfile says it is, whatever its own package.json says.
 */
export async function loadScriptVerdict(root: ArboristNode, listed: readonly string[]): Promise<ScriptVerdict> {
  const { allowScripts } = root.package as { readonly allowScripts?: unknown };
  const said = Object.entries(typeof allowScripts === 'object' ? (allowScripts ?? {}) : {});
  const entries = said.length > 0 ? said : listed.map((name) => [name, true] as const);
  const policy = Object.fromEntries(
    entries.filter((entry): entry is [string, boolean] => typeof entry[1] === 'boolean'),
  );
  const isAllowed = await loadScriptMatcher();
  return (node) => isAllowed(node, policy) ?? undefined;
}
