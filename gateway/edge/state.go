package edge

import (
	"context"
	"errors"
	"io"
	"net/http"
)

// ErrUnauthorized is what an Authenticator gives for anything that is not a live key.
var ErrUnauthorized = errors.New("the API key is not valid")

// Scope is the channel that a key opens.
type Scope string

// The scopes.
const (
	Shop  Scope = "shop"  // the webshop
	Till  Scope = "till"  // a register
	Admin Scope = "admin" // the office
)

// Actor is whoever showed a valid key.
type Actor struct {
	Scope      Scope
	Shop       string // the shop's id; empty for the office, and for a register that belongs to none
	Register   string // the register's name; empty but for a till
	MayRelease bool   // a till that may free a webshop's reservation
	KeyID      string
	Name       string // how people call the key; may be empty
	Person     string // id of whoever signed in; empty for a key
	Session    string // id of that sign-in
	Manager    bool   // a person who may approve, and look after people, keys and shops
}

// Authenticator tells who shows a key. It gives ErrUnauthorized for anything that is not a live key, and other errors
// for its own faults.
type Authenticator func(ctx context.Context, key string) (Actor, error)

// state is what the edge knows about one request. Only the request's own goroutine touches it.
type state struct {
	id     string
	source string // the address that the request came from, as far as the proxies are believed
	mapper Mapper
	actor  *Actor
	fault  error               // for the log, once
	said   Code                // the problem that was answered; "" for none
	body   io.ReadCloser       // as it came, without a limit
	writer http.ResponseWriter // as it came: it can close the connection of a body without end
}

// stateKey is the private key of the state in a context.
type stateKey struct{}

func (s *state) within(ctx context.Context) context.Context {
	return context.WithValue(ctx, stateKey{}, s)
}

// stateOf gives the request's state; outside of a request one that nobody reads.
func stateOf(ctx context.Context) *state {
	if s, ok := ctx.Value(stateKey{}).(*state); ok {
		return s
	}
	return &state{}
}

// ActorFrom gives who asks. It is false on routes that ask for no key.
func ActorFrom(ctx context.Context) (Actor, bool) {
	if actor := stateOf(ctx).actor; actor != nil {
		return *actor, true
	}
	return Actor{}, false
}

// RequestID gives the id under which the log and the client know the request, or "" outside of one.
func RequestID(ctx context.Context) string { return stateOf(ctx).id }

// Source gives the address that a request came from, or "" outside of one.
func Source(ctx context.Context) string { return stateOf(ctx).source }
