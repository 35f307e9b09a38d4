import type Arborist from '@npmcli/arborist';

/** Versions of the programs that a package may ask for in `engines`. */
export interface EngineVersions {
  readonly node?: string | undefined;
  readonly npm?: string | undefined;
}

/** Whether a package may be used with these engines. What is not known does not count. */
export type EngineCheck = (manifest: unknown) => boolean;

/** Compares versions with the code that npm compares them with, which Arborist has inside: a range is asked of an edge. */
export function createEngineCheck(arborist: typeof Arborist, versions: EngineVersions): EngineCheck {
  const NodeOfTree = (arborist as unknown as { readonly Node: new (options: object) => Arborist.Node }).Node;
  const answers = new Map<string, boolean>();

  function satisfies(program: string, version: string, range: string): boolean {
    const root = new NodeOfTree({ path: '/engines', pkg: { dependencies: { [program]: range } } });
    const child = { path: `/engines/node_modules/${program}`, pkg: { name: program, version }, parent: root };
    new NodeOfTree(child);
    return root.edgesOut.get(program)?.valid ?? true;
  }

  return (manifest) => {
    const { engines } = manifest as { engines?: Readonly<Record<string, unknown>> };
    return (['node', 'npm'] as const).every((program) => {
      const range = engines?.[program];
      const version = versions[program];
      if (typeof range !== 'string' || version === undefined) return true;
      const question = `${program} ${range}`;
      const answer = answers.get(question) ?? satisfies(program, version, range);
      answers.set(question, answer);
      return answer;
    });
  };
}
