/** Says what is being done. */
export function say(message) {
  console.error(`test-host: ${message}`);
}

/** Says what this machine does not get, and what that costs. */
export function sayMissing(what, why, tests) {
  say(`NO ${what}: ${why}; ${tests} will be skipped`);
}
