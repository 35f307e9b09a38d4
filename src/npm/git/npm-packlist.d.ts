/** npm's own lists of what a package has; they come without types. */
declare module 'npm-packlist' {
  import type { Node } from '@npmcli/arborist';

  /** Paths below the folder of the tree, in the order in which npm packs them. */
  function packlist(tree: Node, options: { readonly path: string }): Promise<string[]>;
  export default packlist;
}

declare module 'npm-packlist-10' {
  import packlist from 'npm-packlist';

  export default packlist;
}
