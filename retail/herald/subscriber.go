package herald

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/keyring"
)

// ErrUnknown says that no subscriber has this id.
var ErrUnknown = errors.New("no subscriber has this id")

// SealedSecret is the purpose that secrets are sealed for; each is bound to its subscriber's id.
const SealedSecret = "webhook secret"

// State is whether a subscriber is told anything.
type State string

// The states of a subscriber.
const (
	Active State = "active"
	Paused State = "paused"
)

// Subscriber is somebody who is told what happens.
type Subscriber struct {
	ID           string
	Name         string
	URL          string   `db:"url"`
	Events       []string // the types that it is told; none for all
	Secrets      [][]byte // sealed
	State        State
	Reason       string // why it is paused
	Failures     int    // in a row
	FailingSince *time.Time
	Rests        bool // it failed several times, and is asked again a little later
	LastSentAt   *time.Time
	Sent         int64
	Waiting      int64 // messages in its queue
	CreatedAt    time.Time

	keys [][]byte
}

func (s Subscriber) wants(t Type) bool {
	return len(s.Events) == 0 || slices.Contains(s.Events, string(t))
}

// Config is what a Herald needs.
type Config struct {
	Pool   *pgxpool.Pool
	Ring   *keyring.Ring
	Random io.Reader
	Log    *slog.Logger
	// Lease does a work that one process at a time does, under a name.
	Lease func(ctx context.Context, name string, work func(context.Context) error) error
	// HTTP calls subscribers, and no address that may not be called.
	HTTP *http.Client
	Now  func() time.Time // of signatures
	// Alarm tells the office, in the transaction, of a subscriber that was paused, or of a message that was given up.
	Alarm func(ctx context.Context, tx pgx.Tx, a Alarm) error
}

// Alarm is what the office is told. Message is empty when the whole subscriber was paused.
type Alarm struct {
	Subscriber, Name string
	Message          string
	Voucher, Account string // what it was about: one of them
	Reason           string
}

// Herald tells subscribers what happens. It is safe for concurrent use.
type Herald struct {
	pool   *pgxpool.Pool
	ring   *keyring.Ring
	random io.Reader
	log    *slog.Logger
	lease  func(ctx context.Context, name string, work func(context.Context) error) error
	http   *http.Client
	now    func() time.Time
	alarm  func(ctx context.Context, tx pgx.Tx, a Alarm) error
}

// New makes a Herald. One that only keeps the list of subscribers needs Pool, Ring and Random alone.
func New(cfg Config) *Herald {
	return &Herald{
		pool: cfg.Pool, ring: cfg.Ring, random: cfg.Random, log: cfg.Log, lease: cfg.Lease, http: cfg.HTTP, now: cfg.Now, alarm: cfg.Alarm,
	}
}

const subscriberColumns = `
	s.id::text AS id,
	s.name,
	s.url,
	s.events,
	s.secrets,
	s.state,
	s.reason,
	s.failures,
	s.failing_since,
	coalesce(s.resting_until > vouchsafe_now(), false) AS rests,
	s.last_sent_at,
	s.sent,
	(SELECT count(*) FROM webhook w WHERE w.subscriber = s.id) AS waiting,
	s.created_at`

const readSubscribers = `
SELECT` + subscriberColumns + `
FROM
	subscriber s
WHERE
	s.deleted_at IS NULL
	AND (@id::text = '' OR s.id::text = @id::text)
ORDER BY
	s.created_at,
	s.id`

// All lists the subscribers, the oldest first. There are few.
func (h *Herald) All(ctx context.Context) ([]Subscriber, error) { return h.some(ctx, "") }

// One reads a subscriber. Error: ErrUnknown.
func (h *Herald) One(ctx context.Context, id string) (Subscriber, error) {
	found, err := h.some(ctx, id)
	if err == nil && (len(found) != 1 || id == "") {
		err = ErrUnknown
	}
	if err != nil {
		return Subscriber{}, err
	}
	return found[0], nil
}

func (h *Herald) some(ctx context.Context, id string) ([]Subscriber, error) {
	rows, _ := h.pool.Query(ctx, readSubscribers, pgx.NamedArgs{"id": id}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByNameLax[Subscriber])
	if err != nil {
		return nil, fmt.Errorf("read subscribers: %w", err)
	}
	return found, nil
}

// one reads a subscriber with the keys that sign for it.
func (h *Herald) one(ctx context.Context, id string) (Subscriber, error) {
	s, err := h.One(ctx, id)
	for _, sealed := range s.Secrets {
		key, fault := h.ring.Open(SealedSecret, sealed, []byte(id))
		if fault != nil {
			return Subscriber{}, fmt.Errorf("open the secret of subscriber %s: %w", id, fault)
		}
		s.keys = append(s.keys, key)
	}
	return s, err
}

// active are the ids of those that are told something.
func (h *Herald) active(ctx context.Context) ([]string, error) {
	rows, _ := h.pool.Query(ctx, `SELECT id::text FROM subscriber WHERE state = 'active' AND deleted_at IS NULL`) // rows carry the error on
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// draw makes a secret: as it is told, and sealed.
func (h *Herald) draw(id string) (told string, sealed []byte, err error) {
	var key [secretBytes]byte
	if _, err = io.ReadFull(h.random, key[:]); err != nil {
		return "", nil, fmt.Errorf("draw a secret: %w", err)
	}
	sealed, err = h.ring.Seal(SealedSecret, key[:], []byte(id))
	return secretPrefix + base64.StdEncoding.EncodeToString(key[:]), sealed, err
}

const insertSubscriber = `
INSERT INTO subscriber (
	id,
	name,
	url,
	events,
	secrets,
	state,
	reason,
	seen,
	since,
	read_at,
	created_at
)
VALUES (
	@id,
	@name,
	@url,
	@events,
	@secrets,
	'active',
	'',
	pg_current_snapshot(),
	'-infinity',
	vouchsafe_now(),
	vouchsafe_now()
)`

// Add registers a subscriber in the caller's transaction, which is told what is committed from now on, and returns its id and its secret,
// which nobody is told again.
func (h *Herald) Add(ctx context.Context, tx pgx.Tx, s Subscriber) (id, secret string, err error) {
	drawn, err := uuid.NewV7FromReader(h.random)
	if err != nil {
		return "", "", fmt.Errorf("make an identifier: %w", err)
	}
	id = drawn.String()
	secret, sealed, err := h.draw(id)
	if err != nil {
		return "", "", err
	}
	_, err = tx.Exec(ctx, insertSubscriber, pgx.NamedArgs{
		"id": id, "name": s.Name, "url": s.URL, "events": orNone(s.Events), "secrets": [][]byte{sealed},
	})
	if err != nil {
		return "", "", fmt.Errorf("register a subscriber: %w", err)
	}
	return id, secret, nil
}

func orNone(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
