// Package notary makes the past of this installation provable: what stands in the audit trail and in the journal can't be
// changed, taken out or cut off without being found, be it by somebody who may write to the database.
//
// The audit trail is chained afterwards, by one sealer at a time ([Notary.Chain]), so that no act waits for another's line.
// The chain numbers the lines in the order in which the sealer found them committed, which is not that of their ids: a
// transaction can draw a low id and commit late. It covers a salted digest of each line's detail and never the detail, so
// that a line can forget what it says of a person ([Forget]) and the chain holds all the same. The journal of each voucher is a
// chain already; package ledger proves it.
//
// A chain proves that it is whole, not that it is still as long as it was. So the ends of all chains that have grown are
// sealed on a schedule ([Notary.Seal]): a seal is chained to the one before it and bears a fingerprint under a key that is
// derived from the master key and is not in the database. Whoever can write to the database can take seals away but can't
// make one. What an operator keeps of a seal outside (its number and hash: a line of the log, an item of the API) proves
// later that nothing was cut off up to there ([Kept]).
//
// What happened since the last seal, somebody with the right to write to the database and to the chains' ends can still
// change unseen. That is the price of sealing once in a while, and the reason to do it often.
package notary
