package staff

import (
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/mail"
	"strings"
	"time"
)

// Refusals about people.
var (
	// ErrPerson: what is said of a person makes no sense; the text says what.
	ErrPerson = errors.New("a person cannot be added like this")
	// ErrPersonExists: somebody has this e-mail address.
	ErrPersonExists = errors.New("somebody has this e-mail address already")
	// ErrNoPerson: nobody has this id, or this e-mail address.
	ErrNoPerson = errors.New("there is no such person")
)

// Role is what a person may do in the office.
type Role string

// The roles.
const (
	Clerk   Role = "clerk"   // looks at everything, and acts up to the set amount
	Manager Role = "manager" // also approves what others ask for, and looks after people, keys and shops
)

// Person is somebody who signs in to the office.
type Person struct {
	ID         string // opaque: what the audit trail names him by
	Name       string
	Email      string
	Role       Role
	CreatedAt  time.Time
	SignedInAt time.Time // last; zero when never
	DisabledAt time.Time // zero while he may sign in
	// Invited tells that he has not chosen a password of his own yet.
	Invited bool
}

// PersonState tells whether somebody can sign in.
type PersonState string

// The states of a person.
const (
	Invited  PersonState = "invited" // has no password of his own yet
	Enabled  PersonState = "active"
	Disabled PersonState = "disabled"
)

// State tells whether he can sign in.
func (p Person) State() PersonState {
	switch {
	case !p.DisabledAt.IsZero():
		return Disabled
	case p.Invited:
		return Invited
	}
	return Enabled
}

// LogValue names a person as the audit trail does: by the id alone.
func (p Person) LogValue() slog.Value { return slog.StringValue(p.ID) }

// profile is who a person is, as it is sealed.
type profile struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// NewPerson is somebody who is to sign in.
type NewPerson struct {
	Name, Email string
	Role        Role
}

// SetUp is what opens a person's first sign-in. It is told once, to whoever makes it.
type SetUp struct {
	Password Secret // only serves to choose another
	OTPAuth  Secret // otpauth://…, for an authenticator app
	Until    time.Time
}

// Maker is who adds or changes a person.
type Maker struct {
	Person string // his id; "" for the command line
	Actor  string // as the audit trail names him
}

const (
	personNameBytes = 100
	emailBytes      = 254
	initialBytes    = 15 // of an initial password: 120 bits, 24 symbols
	initialGroup    = 6
	// InitialFor is how long an initial password serves.
	InitialFor = 72 * time.Hour
)

// check tells what is wrong with what is said of somebody.
func (n NewPerson) check() error {
	switch address, err := mail.ParseAddress(n.Email); {
	case n.Name == "" || !printableLine(n.Name, personNameBytes):
		return fmt.Errorf("%w: name: one line of at most %d bytes", ErrPerson, personNameBytes)
	case err != nil || address.Address != n.Email || len(n.Email) > emailBytes:
		return fmt.Errorf("%w: email: is no plain e-mail address", ErrPerson)
	case n.Role != Clerk && n.Role != Manager:
		return fmt.Errorf("%w: role: clerk or manager", ErrPerson)
	}
	return nil
}

// canonicalEmail is the form by which people are found: nobody remembers in which case he was entered.
func canonicalEmail(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// drawInitial makes an initial password that can be read out.
func drawInitial(random io.Reader) (Secret, error) {
	var drawn [initialBytes]byte
	if _, err := io.ReadFull(random, drawn[:]); err != nil {
		return "", fmt.Errorf("draw a password: %w", err)
	}
	text := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(drawn[:]))
	var groups []string
	for len(text) > 0 {
		groups, text = append(groups, text[:initialGroup]), text[initialGroup:]
	}
	return Secret(strings.Join(groups, "-")), nil
}
