/**
 * The exit codes, by what a script can do about them.
 */

/** Done. */
export const ok = 0

/** Failed, and the same again will fail the same way. */
export const failed = 1

/** A flag, a variable, a file or an address is wrong: nothing was sent. */
export const usage = 2

/** There is no grant, or it has ended: a person has to log in. */
export const reauthorize = 3

/** Not now: the same command may succeed later. */
export const transient = 4

/** Ctrl-C, or SIGTERM. */
export const interrupted = 130

/** What was to be read on stdout was not wanted any more. */
export const closed = 141

/** `call`: the API's answer, by the class of its status; 13 for 3xx, 14 for 4xx, 15 for 5xx. */
export const ofStatus = (status: number): number => status < 300 ? ok : 10 + Math.floor(status / 100)
