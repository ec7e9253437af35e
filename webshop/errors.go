package webshop

import (
	"errors"
	"time"
)

// What can be wrong with a body that arrived.
var (
	// ErrSignature says that the body is not known to come from the shop: no signature, a wrong one, or one outside its
	// time window. Nothing in the body may be used.
	ErrSignature = errors.New("the signature is missing or wrong")
	// ErrUnreadable says that an authentic body can't be understood. Sending it again would not help: a person has to look.
	ErrUnreadable = errors.New("the body can't be read")
)

// What a shop's API can answer instead of what it was asked for. Everything that may pass by itself is a
// *TemporaryError.
var (
	// ErrNotFound says that the shop has no such order, or no longer.
	ErrNotFound = errors.New("the shop does not know it")
	// ErrUnauthorized says that the shop refuses our key, or that the key may not do this.
	ErrUnauthorized = errors.New("the shop refuses the API key")
	// ErrRefused says that the shop understood and refused, or answered something that is no answer to the question
	// (a redirect, a page). Asking again would not help.
	ErrRefused = errors.New("the shop refuses the request")
)

// TemporaryError says that a question to the shop failed in a way that may pass: the network, a busy or a broken server.
// Whether a request that changes something took effect is then unknown.
type TemporaryError struct {
	RetryAfter time.Duration // how long the shop asks us to wait; 0: it does not say
	Err        error
}

// Error returns what happened.
func (e *TemporaryError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *TemporaryError) Unwrap() error { return e.Err }
