/** What `verifyCache` looks at. */
export type CheckedKind = 'blob' | 'layer' | 'toc' | 'record' | 'image' | 'pulled' | 'directory';

/** Something in a cache that is not what it should be. */
export interface Damage {
  readonly kind: CheckedKind;
  /** A digest, a name, or a path of the cache folder. */
  readonly id: string;
  readonly problem: string;
}

/** Damage, with what makes it good: taking away what is damaged, since everything can be made again. */
export interface FoundDamage extends Damage {
  /** Absent where only a build or a pull helps. */
  readonly repair?: () => Promise<void>;
}
