package retail

import (
	"crypto/sha256"

	"vouchsafe/retail/voucher"
)

// Channel is where somebody acts: it decides what he may ask.
type Channel string

// The channels.
const (
	Webshop Channel = "webshop"
	Till    Channel = "till"
	Office  Channel = "office"
)

// Actor is who asks: a webshop, a register or the office. The acts belong to the actor, not to the
// API key that was shown for it, so that a new key recovers the acts of the old one.
type Actor struct {
	Channel    Channel
	Name       string // the shop's id or the register's name; empty for the office
	Shop       string // the shop that a register belongs to; empty for none
	MayRelease bool   // a register that may free a webshop's reservation
	Key        string // id of the API key, for the audit trail
	Person     string // id of whoever signed in to the office; empty for an API key
	Session    string // id of that sign-in
	Manager    bool   // a person who may approve, and look after people
	local      bool   // the command line
}

// CommandLine is whoever runs a command beside the daemon.
func CommandLine() Actor { return Actor{Channel: Office, local: true} }

// Owner is the actor as the journal names it: "shop:demo", "till:Kasse 1", "office".
func (a Actor) Owner() string {
	switch a.Channel {
	case Webshop:
		return "shop:" + a.Name
	case Till:
		return "till:" + a.Name
	default:
		return "office"
	}
}

// giver is whom the audit trail holds for one and the same when he acts again, with whichever session.
func (a Actor) giver() string {
	if a.Person != "" {
		return "person " + a.Person
	}
	return "key " + a.Key
}

// limit is how long the actor may take an act back.
func (a Actor) limit() voucher.Limit {
	if a.Channel == Office {
		return voucher.Unlimited
	}
	return voucher.Timed
}

// hintSymbols is how much of a holder staff are shown: enough to find the order, too little to be it.
const hintSymbols = 6

// holder is whom a reservation of this actor is for, as a digest, and what staff may see of it. A
// register holds for itself; a shop names its cart or order.
func (a Actor) holder(named string) (voucher.Holder, string) {
	if a.Channel == Till {
		return sha256.Sum256([]byte("register\x00" + a.Name)), a.Name
	}
	hint := []rune(named)
	return sha256.Sum256([]byte("holder\x00" + named)), string(hint[max(0, len(hint)-hintSymbols):])
}

// ref names an act of this actor.
func (a Actor) ref(kind voucher.ActKind, key string) voucher.Ref {
	return voucher.Ref{Owner: a.Owner(), Kind: kind, Key: key}
}
