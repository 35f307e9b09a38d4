/** npm compares packages with `allowScripts` by this module of Arborist, which has no types. */
declare module '@npmcli/arborist/lib/script-allowed.js' {
  import type { Node } from '@npmcli/arborist';

  /** `false`: forbidden; `true`: allowed; `null`: nothing is said of it. */
  function isScriptAllowed(node: Node, policy: Readonly<Record<string, boolean>> | null): boolean | null;
  export default isScriptAllowed;
}
