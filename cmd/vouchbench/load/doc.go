// Package load measures an installation: clients that each have one connection and wait for their answers (closed loop), or that ask
// at a given rate whatever is answered (open loop). Beside every figure stands that of an anchor (package anchor), taken in the same
// run on the same machine, since only their ratio can be compared with another day's; rounds are interleaved, and a figure is the
// median of its rounds with the smallest and the largest.
//
// It counts what a figure costs, too: processor time by process, commits and commands of the stores per operation. What was
// acknowledged is compared with what the books say afterwards, since a fast wrong answer is no answer.
package load
