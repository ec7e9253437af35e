package outbox

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// Kind names a sort of work, and the queue and the handler that go with it: lower-case letters, digits and underscores.
type Kind string

// State is where a delivery stands. The last four are final; Retry alone reopens what bounced or failed.
type State string

// The states of a delivery.
const (
	StateWaiting   State = "waiting"   // for a person or another event, with a reason; nobody works on it
	StatePending   State = "pending"   // worked as soon as it is due and the one before it is settled
	StateSending   State = "sending"   // a worker holds the lease
	StateInDoubt   State = "in_doubt"  // may have happened; repeated once after a pause, then left to the office
	StateDone      State = "done"      // happened
	StateBounced   State = "bounced"   // refused for good by the other side
	StateFailed    State = "failed"    // given up
	StateCancelled State = "cancelled" // no longer wanted; a copy may have left before
)

// reasonHeld is the reason of a delivery that would be pending but for a hold.
const reasonHeld = "held"

// What the row refuses. ErrLost, ErrCancelled, ErrHeld and ErrCopies tell a handler to stop; see [Refused].
var (
	ErrExists    = errors.New("this delivery exists already")
	ErrNotFound  = errors.New("no such delivery")
	ErrLost      = errors.New("the lease was lost, another attempt has taken over")
	ErrCancelled = errors.New("the delivery was cancelled")
	ErrHeld      = errors.New("the delivery is held")
	ErrCopies    = errors.New("no further copy may be made")
	ErrUnderWay  = errors.New("the delivery is being sent")
	ErrFinished  = errors.New("the delivery is finished")
	ErrBody      = errors.New("the delivery has its body already")
)

// Delivery is one row as it was read.
type Delivery struct {
	ID      string
	Kind    Kind
	Subject string // what it is about: a voucher, an order, a stored webhook
	Seq     int    // 0 is the first of its kind for the subject, a resend is the next
	Parent  string // what it belongs to and is held or cancelled with, e.g. a purchase; may be empty
	Shop    string // may be empty

	State      State
	Reason     string   // why it waits, or what the last attempt said; never personal data
	Held       []string // reasons of the holds upon it; not worked while there is one
	Cancelling bool     // cancelled while under way: ends cancelled unless the copy has left already

	Attempt  int // fence of the lease
	Copies   int // copies that left or may have left, at most 3
	Doubts   int // attempts that ended in doubt
	After    string
	ReadyAt  time.Time  // since when it could have been worked
	DueAt    *time.Time // next attempt
	LeaseEnd *time.Time // while sending
	GiveUpAt *time.Time // set by the first attempt

	Recipient     []byte // sealed by its owner; nil once erased
	RecipientHash []byte
	MessageID     string
	BodyHash      []byte
	Detail        json.RawMessage

	CreatedAt  time.Time
	FinishedAt *time.Time
}

// Next is when the next attempt is due: nil when none is, and while it waits or is held, since nobody knows when that ends.
func (d Delivery) Next() *time.Time {
	if d.State == StateWaiting || len(d.Held) > 0 {
		return nil
	}
	return d.DueAt
}

// deliveryColumns go into a Delivery by name.
const deliveryColumns = `
	id::text AS id,
	kind,
	subject,
	seq,
	parent,
	shop,
	state,
	reason,
	held,
	cancelling IS NOT NULL AS cancelling,
	attempt,
	copies,
	doubts,
	COALESCE(after::text, '') AS after,
	ready_at,
	due_at,
	lease_until AS lease_end,
	give_up_at,
	recipient,
	recipient_hash,
	COALESCE(message_id, '') AS message_id,
	body_hash,
	detail,
	created_at,
	finished_at`

// Where chooses deliveries: all that is set must match, and at least one of ID, Subject and Parent is set.
type Where struct {
	ID      string
	Subject string
	Parent  string
	Kinds   []Kind // none means every kind
}

// chosen is the condition that goes with Where.args.
const chosen = `
	(@id::text = '' OR id = NULLIF(@id::text, '')::uuid)
	AND (@subject::text = '' OR subject = @subject::text)
	AND (@parent::text = '' OR parent = @parent::text)
	AND (@kinds::text[] IS NULL OR kind = ANY (@kinds::text[]))`

// args panics without a choice: a caller that forgot it would reach every delivery there is.
func (w Where) args() pgx.NamedArgs {
	if w.ID == "" && w.Subject == "" && w.Parent == "" {
		panic("outbox: Where names neither a delivery nor a subject nor a parent")
	}
	return pgx.NamedArgs{
		"id":      w.ID,
		"subject": w.Subject,
		"parent":  w.Parent,
		"kinds":   texts(w.Kinds),
	}
}

// texts turns kinds or states into what PostgreSQL knows as text[]; none is NULL.
func texts[T ~string](names []T) []string {
	if len(names) == 0 {
		return nil
	}
	plain := make([]string, len(names))
	for i, name := range names {
		plain[i] = string(name)
	}
	return plain
}
