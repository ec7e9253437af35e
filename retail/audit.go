package retail

import (
	"context"

	"vouchsafe/retail/outbox"
	"vouchsafe/retail/staff"
)

// audit notes what an actor did, in the transaction that did it.
func (d *Desk) audit(ctx context.Context, tx outbox.Tx, by Actor, action, object string, detail map[string]any) error {
	if detail == nil {
		detail = map[string]any{}
	}
	return staff.Record(ctx, tx, staff.Entry{Actor: by.String(), Action: action, Object: object, Detail: detail})
}

// String is the actor as the audit trail names him: whose act it is, and by which person or key. A person is named by
// his id alone.
func (a Actor) String() string {
	switch {
	case a.local:
		return "command line"
	case a.Person != "":
		return a.Owner() + " (person " + a.Person + ")"
	case a.Key != "":
		return a.Owner() + " (key " + a.Key + ")"
	}
	return a.Owner()
}
