// Package torture tries to make an installation lose, double or misdirect value. Carts, tills, shops and the office use it as they do
// in life: they click twice, give up, come back under the same key, tear connections, repeat and reorder webhooks. Meanwhile a nemesis
// kills and stops gateways, empties, stalls and rewinds Redis, ends PostgreSQL's connections and its server, swallows replies, moves
// the clock, and lets the mail server misbehave. Then everything is healed, and what everybody was told is compared with what is so:
//
//   - the history of each code must be explained by some order of acts that each took effect at one instant while it was under way
//     (linearizability, checked by porcupine against the model in model.go);
//   - whatever was acknowledged is in the journal, once, and every answer for one key was the same;
//   - every paid unit has one voucher, and its code reached its recipient and nobody else, in at most three copies of the same bytes;
//   - the books prove themselves (vouchsafed verify), and no code is in any log or in Redis;
//   - whatever was pending ended within a minute.
//
// A seed makes the workload and the plan of faults; the machine's own timing is not repeated by it. Runs that once failed are kept in
// testdata/seeds and made again by the tests, which otherwise torture for seconds. The long forms, and the goals that they are for:
//
//	vouchbench torture --duration 60m                      everything at once (G1)
//	vouchbench torture --mode crash --rounds 50            kill -9 at every failpoint (G2)
//	vouchbench torture --mutant all                        whether all this would notice anything (G3)
//	vouchbench torture --mode webhook --orders 20000       webhooks torn, repeated, in disorder (G4)
//	vouchbench torture --mode mail --orders 3000           a mail server that misbehaves in every way it can (G5)
//	vouchbench torture --mode redis --duration 10m         Redis lost, rewound, stalled (G6)
//	vouchbench torture --mode reseed --codes 100000        Redis comes back empty (G6)
//	vouchbench torture --mode witness --rounds 200         PostgreSQL comes back as it was earlier (G7)
//	vouchbench torture --mode latency --duration 2m        what one fault costs those who wait (G9)
//	vouchbench torture --mode canary --duration 10m        codes in logs, metrics, dumps, on the wire to Redis (G13)
//	vouchbench torture --mode guess --duration 10m         codes that somebody makes up (G14)
package torture
