import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { toDigest } from '../../src/core/digest.ts';
import {
  DEFAULT_DIRECTORY,
  type DirectoryNode,
  FileTree,
  isDirectoryNode,
  type Node,
} from '../../src/rootfs/file-tree.ts';

const NAMES = ['a', 'b', 'c', 'a.b', 'a-', 'B', ' ', 'ä', '\u{ffff}', '\u{1f600}', '-rf', 'wh.', 'q\'"', 'x\ny', '\\'];
const name = fc.constantFrom(...NAMES);

const CAPABILITY = { 'security.capability': 'AQAAAgAgAAAAAAAAAAAAAAAAAAA=' };

const metadata = fc.record({
  mode: fc.constantFrom(0o644, 0o755, 0o600, 0o4755, 0o1777, 0),
  uid: fc.constantFrom(0, 1, 65534, 4_000_000),
  gid: fc.constantFrom(0, 33),
  mtime: fc.constantFrom(0, 1, 318_211_200),
});

/** Random file trees over few names, so that two of them meet in many paths; with links, devices and odd names. */
export const randomTree: fc.Arbitrary<FileTree> = fc.tuple(directory(3), links()).map(([root, wanted]) => {
  const tree = new FileTree({ ...root, ...DEFAULT_DIRECTORY });
  addLinks(tree, wanted);
  return tree;
});

/** A tree and what some changes made of it: most paths are equal in both. */
export const randomChange: fc.Arbitrary<{ readonly before: FileTree; readonly after: FileTree }> = fc
  .tuple(randomTree, fc.array(edit(), { maxLength: 6 }), links())
  .map(([before, edits, wanted]) => {
    const after = copyTree(before);
    for (const { at, change } of edits) change(after, at);
    addLinks(after, wanted);
    return { before, after };
  });

/** One line for each path with all that counts in an image; times of directories do not (reference, section 15). */
export function describeTree(tree: FileTree): string[] {
  return [...tree.walk()].map(({ path, node }) => {
    const { type, mode, uid, gid, size, link, major, minor, digest, xattrs } = node;
    const mtime = type === 'directory' ? undefined : node.mtime;
    return JSON.stringify({ path, type, mode, uid, gid, mtime, size, link, major, minor, digest, xattrs });
  });
}

export function fileNode(content: string, metadata: Partial<Node> = {}): Node {
  const bytes = Buffer.from(content);
  const digest = toDigest(createHash('sha256').update(bytes).digest('hex'));
  const source = bytes.length === 0 ? {} : { source: { kind: 'bytes', bytes } as const };
  return { mode: 0o644, uid: 0, gid: 0, mtime: 0, ...metadata, type: 'file', size: bytes.length, digest, ...source };
}

function leaf(): fc.Arbitrary<Node> {
  const file = fc
    .record({ metadata, content: fc.constantFrom('', 'x', 'y', 'xx'), capable: fc.boolean() })
    .map(({ metadata: known, content, capable }) =>
      fileNode(content, {
        ...known,
        ...(capable && { xattrs: CAPABILITY }),
      }),
    );
  const special = fc.oneof(
    fc.record({ type: fc.constant('symlink' as const), link: fc.constantFrom('a', '../b', '/c/a', 'nowhere', '..') }),
    fc.record({ type: fc.constantFrom('character' as const, 'block' as const), major: fc.nat(3), minor: fc.nat(3) }),
    fc.record({ type: fc.constant('fifo' as const) }),
  );
  const other = fc.tuple(metadata, special).map(([known, its]): Node => ({ ...known, ...its, size: 0 }));
  return fc.oneof({ weight: 3, arbitrary: file }, { weight: 1, arbitrary: other });
}

function directory(depth: number): fc.Arbitrary<DirectoryNode> {
  const child: fc.Arbitrary<Node> = depth === 0 ? leaf() : fc.oneof(leaf(), directory(depth - 1));
  return fc
    .tuple(metadata, fc.array(fc.tuple(name, child), { maxLength: 4 }))
    .map(([known, children]) => ({ ...known, type: 'directory', size: 0, children: new Map(children) }));
}

interface WantedLink {
  readonly from: number;
  readonly to: number;
  readonly name: string;
}

function links(): fc.Arbitrary<WantedLink[]> {
  return fc.array(fc.record({ from: fc.nat(30), to: fc.nat(30), name }), { maxLength: 3 });
}

function addLinks(tree: FileTree, wanted: readonly WantedLink[]): void {
  for (const { from, to, name: linkName } of wanted) {
    const leaves = [...tree.walk()].filter(({ node }) => !isDirectoryNode(node));
    const directories = directoriesOf(tree);
    const target = leaves[from % Math.max(leaves.length, 1)]?.node;
    if (target !== undefined) directories[to % directories.length]?.children.set(linkName, target);
  }
}

interface Edit {
  readonly at: number;
  readonly change: (tree: FileTree, at: number) => void;
}

function edit(): fc.Arbitrary<Edit> {
  const change = fc.oneof(
    fc.constant(removePath),
    fc.tuple(name, fc.oneof(leaf(), directory(2))).map(([childName, child]) => (tree: FileTree, at: number) => {
      const directories = directoriesOf(tree);
      directories[at % directories.length]?.children.set(childName, copyNode(child));
    }),
    fc
      .oneof(leaf(), directory(1))
      .map((node) => (tree: FileTree, at: number) => replacePath(tree, at, () => copyNode(node))),
    metadata.map(
      (known) => (tree: FileTree, at: number) => replaceEverywhere(tree, at, (node) => ({ ...node, ...known })),
    ),
    fc.constant((tree: FileTree, at: number) =>
      replaceEverywhere(tree, at, (node) => (node.type === 'file' ? { ...node, xattrs: CAPABILITY } : node)),
    ),
    fc.constantFrom('z', 'zz').map((content) => (tree: FileTree, at: number) => {
      replaceEverywhere(tree, at, (node) => (node.type === 'file' ? fileNode(content, node) : node));
    }),
  );
  return fc.record({ at: fc.nat(30), change });
}

function removePath(tree: FileTree, at: number): void {
  const place = placeOf(tree, at);
  place?.parent.children.delete(place.name);
}

function replacePath(tree: FileTree, at: number, make: (node: Node) => Node): void {
  const place = placeOf(tree, at);
  if (place !== undefined) place.parent.children.set(place.name, make(place.node));
}

/** Changes a file under all of its names, as a file system does. */
function replaceEverywhere(tree: FileTree, at: number, make: (node: Node) => Node): void {
  const node = placeOf(tree, at)?.node;
  if (node === undefined) return;
  const changed = make(node);
  for (const { children } of directoriesOf(tree)) {
    for (const [childName, child] of children) if (child === node) children.set(childName, changed);
  }
}

function placeOf(tree: FileTree, at: number): { parent: DirectoryNode; name: string; node: Node } | undefined {
  const places = directoriesOf(tree).flatMap((parent) =>
    [...parent.children].map(([childName, node]) => ({ parent, name: childName, node })),
  );
  return places[at % Math.max(places.length, 1)];
}

function directoriesOf(tree: FileTree): DirectoryNode[] {
  const below = [...tree.walk()].map(({ node }) => node);
  return [tree.root, ...below.filter(isDirectoryNode)];
}

/** The root's own attributes differ: they are no part of any layer. */
function copyTree(tree: FileTree): FileTree {
  return new FileTree({ ...tree.root, mode: 0o700, mtime: 5, children: copyChildren(tree.root) });
}

/** Directories are copied, files are kept, so that hard links stay what they are. */
function copyNode(node: Node): Node {
  return isDirectoryNode(node) ? { ...node, children: copyChildren(node) } : node;
}

function copyChildren({ children }: DirectoryNode): Map<string, Node> {
  return new Map([...children].map(([childName, child]) => [childName, copyNode(child)]));
}
