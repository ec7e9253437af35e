package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"

	"vouchsafe/retail/voucher"
)

// Link is the hash of a journal entry, chained to the one before it: SHA-256 over the previous hash
// and the entry's fields, each preceded by its length. A changed, removed or inserted line of the
// journal breaks the chain of its account.
func Link(previous [32]byte, e voucher.Entry) [32]byte {
	sum := sha256.New()
	sum.Write(previous[:])
	for _, field := range []string{
		e.Account, strconv.FormatInt(e.Seq, 10), e.Act, e.Kind, e.Contra, strconv.FormatInt(e.Amount, 10),
		string(e.Currency), strconv.FormatInt(e.Balance, 10), strconv.FormatInt(e.At.UnixMicro(), 10),
	} {
		sum.Write(binary.BigEndian.AppendUint32(nil, uint32(len(field))))
		sum.Write([]byte(field))
	}
	return [32]byte(sum.Sum(nil))
}

// chained are entries with their hashes.
type chained struct {
	voucher.Entry
	hash [32]byte
}

// chain links the new entries of a case to the voucher's head, and moves the head.
func chain(c *voucher.Case) []chained {
	links := make([]chained, len(c.Entries))
	for i, e := range c.Entries {
		c.Voucher.Head = Link(c.Voucher.Head, e)
		links[i] = chained{e, c.Voucher.Head}
	}
	return links
}
