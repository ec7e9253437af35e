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
// A seed makes the workload and the plan of faults; the machine's own timing is not repeated by it.
package torture
