package retail

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"vouchsafe/retail/staff"
	"vouchsafe/retail/throttle"
)

// What the calls about people are refused for.
var (
	// ErrSignIn says that the e-mail address, the password or the code is wrong, and never which.
	ErrSignIn = staff.ErrSignIn
	// ErrInitialPassword says that all is right, and that a password of one's own is to be chosen in the same call.
	ErrInitialPassword = staff.ErrInitialPassword
	// ErrWeakPassword says that a password can't be taken, and why.
	ErrWeakPassword = staff.ErrWeakPassword
	// ErrNoPerson says that nobody has this id.
	ErrNoPerson = staff.ErrNoPerson
	// ErrPersonExists says that somebody has this e-mail address.
	ErrPersonExists = staff.ErrPersonExists
	// ErrNotSignedIn says that this is for people, and the caller shows an API key.
	ErrNotSignedIn = errors.New("this is for people who have signed in")
	// ErrOneself says that nobody does this to himself.
	ErrOneself = errors.New("nobody does this to himself")
)

// People as they are asked for and answered.
type (
	// Person is somebody who signs in to the office.
	Person = staff.Person
	// Role is what a person may do.
	Role = staff.Role
	// NewPerson is somebody who is to sign in.
	NewPerson = staff.NewPerson
	// SetUp is what opens a person's first sign-in; it is told once.
	SetUp = staff.SetUp
	// Credentials are what somebody signs in with.
	Credentials = staff.Credentials
	// Session is a sign-in that lasts.
	Session = staff.Session
	// Secret masks itself wherever it is printed.
	Secret = staff.Secret
)

// People is the door of the office for people: it slows those who guess, and lets managers look after the others.
type People struct {
	staff    *staff.People
	throttle *throttle.Throttle
}

// NewPeople opens the door. Failed sign-ins are counted where the Desk counts wrong codes.
func NewPeople(people *staff.People, desk *Desk) *People {
	return &People{staff: people, throttle: desk.throttle}
}

// SignIn opens a session for whoever asks from an address. Errors: ErrSignIn, ErrInitialPassword, ErrWeakPassword,
// *SlowDownError.
func (p *People) SignIn(ctx context.Context, source string, c Credentials) (Session, error) {
	who, knowing := throttle.SigningIn(strings.ToLower(strings.TrimSpace(c.Email)), source)
	if verdict := p.throttle.Allow(ctx, append(who, knowing)...); !verdict.OK {
		return Session{}, &SlowDownError{RetryAfter: verdict.RetryAfter}
	}
	session, err := p.staff.SignIn(ctx, c)
	switch {
	case errors.Is(err, staff.ErrSecondFactor):
		p.throttle.Wrong(ctx, append(who, knowing)...)
		err = ErrSignIn
	case errors.Is(err, staff.ErrSignIn):
		p.throttle.Wrong(ctx, who...)
		err = ErrSignIn
	}
	return session, peopled("sign in", err)
}

// SignOut ends the session of whoever asks. Error: ErrNotSignedIn.
func (p *People) SignOut(ctx context.Context, by Actor) error {
	if by.Person == "" {
		return ErrNotSignedIn
	}
	return peopled("sign out", p.staff.SignOut(ctx, by.signedIn()))
}

// signedIn is the session of an actor.
func (a Actor) signedIn() staff.SignedIn { return staff.SignedIn{Session: a.Session, Person: a.Person} }

// ChangePassword gives whoever asks another password, and ends the other sessions. Wrong guesses at the old one count as failed
// sign-ins. Errors: ErrNotSignedIn, ErrSignIn, ErrWeakPassword, *SlowDownError.
func (p *People) ChangePassword(ctx context.Context, by Actor, old, chosen Secret) error {
	if by.Person == "" {
		return ErrNotSignedIn
	}
	who := throttle.Who{Kind: throttle.SignIn, ID: "person " + by.Person}
	if verdict := p.throttle.Allow(ctx, who); !verdict.OK {
		return &SlowDownError{RetryAfter: verdict.RetryAfter}
	}
	err := p.staff.ChangePassword(ctx, by.signedIn(), old, chosen)
	if errors.Is(err, ErrSignIn) {
		p.throttle.Wrong(ctx, who)
	}
	return peopled("change a password", err)
}

// PersonFilter narrows a list of people, and PersonState by whether they can sign in.
type (
	PersonFilter = staff.PersonFilter
	PersonState  = staff.PersonState
)

// List lists people, the first added first. Error: ErrCursor.
func (p *People) List(ctx context.Context, f PersonFilter) (people []Person, next string, err error) {
	people, next, err = p.staff.Page(ctx, f)
	return people, next, peopled("list people", err)
}

// Named reads people by their ids; who is not there is missing from the answer.
func (p *People) Named(ctx context.Context, ids ...string) (map[string]Person, error) {
	named, err := p.staff.Named(ctx, ids...)
	return named, peopled("read people", err)
}

// Add makes a person, and tells this once what opens the first sign-in. Only a manager who has signed in may, or the command line:
// with an API key one alone could make himself a second person. Errors: ErrNotManager, ErrPersonExists, ErrInvalid with the
// name of the field.
func (p *People) Add(ctx context.Context, by Actor, n NewPerson) (Person, SetUp, error) {
	if !by.looksAfterPeople() {
		return Person{}, SetUp{}, ErrNotManager
	}
	who, told, err := p.staff.Add(ctx, n, by.maker())
	if errors.Is(err, staff.ErrPerson) {
		_, field, _ := strings.Cut(err.Error(), ": ")
		err = fmt.Errorf("%w: %w", ErrInvalid, errors.New(field))
	}
	return who, told, peopled("add a person", err)
}

// Reset gives a person a new initial password and new codes, ends his sessions, and lets a disabled one in again. Errors:
// ErrNotManager, ErrOneself, ErrNoPerson.
func (p *People) Reset(ctx context.Context, by Actor, id string) (Person, SetUp, error) {
	if err := by.mayChange(id); err != nil {
		return Person{}, SetUp{}, err
	}
	who, told, err := p.staff.Reset(ctx, id, by.maker())
	return who, told, peopled("reset a person", err)
}

// ResetByEmail is Reset for the command line, which knows nobody's id. Error: ErrNoPerson.
func (p *People) ResetByEmail(ctx context.Context, by Actor, email string) (Person, SetUp, error) {
	who, err := p.staff.ByEmail(ctx, email)
	if err != nil {
		return Person{}, SetUp{}, peopled("reset a person", err)
	}
	return p.Reset(ctx, by, who.ID)
}

// Disable keeps a person from signing in, and ends his sessions at once. Errors: ErrNotManager, ErrOneself, ErrNoPerson.
func (p *People) Disable(ctx context.Context, by Actor, id string) (who Person, changed bool, err error) {
	if err := by.mayChange(id); err != nil {
		return Person{}, false, err
	}
	who, changed, err = p.staff.Disable(ctx, id, by.maker())
	return who, changed, peopled("disable a person", err)
}

// looksAfterPeople tells whether an actor may add people and change their access.
func (a Actor) looksAfterPeople() bool { return a.local || a.Person != "" && a.Manager }

func (a Actor) mayChange(id string) error {
	switch {
	case !a.looksAfterPeople():
		return ErrNotManager
	case a.Person != "" && strings.EqualFold(a.Person, id):
		return ErrOneself
	}
	return nil
}

func (a Actor) maker() staff.Maker { return staff.Maker{Person: a.Person, Actor: a.String()} }

// peopled makes the door's answer of an error: a refusal as it is, ErrUnavailable for what may pass.
func peopled(doing string, err error) error {
	for _, refusal := range []error{ErrSignIn, ErrInitialPassword, ErrWeakPassword, ErrNoPerson, ErrPersonExists} {
		if errors.Is(err, refusal) {
			return err
		}
	}
	return settled(doing, err)
}
