/** What a group of processes has used so far: CPU since it began, memory now. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
}

/** Processes that are counted together: a command with all that it starts, and the daemon that works for it. */
export interface Group {
  /** Shell text that puts the shell which runs it, and all that this one starts, into the group. */
  readonly enter: string;
  /** Counts a process that has entered, and its descendants; for accounting that goes by pids. */
  adopt(pid: number): void;
  usage(): Usage;
  /** Ends what is left in the group. */
  close(): Promise<void>;
}

/** How this machine lets us count. */
export interface Accounting {
  /** One sentence for the report: what is counted, and what is not. */
  readonly explanation: string;
  openGroup(name: string): Group;
}
