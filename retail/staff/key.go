package staff

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	idBytes     = 8  // of a key's id, which is public and only has to be new
	secretBytes = 32 // 256 bits: beyond guessing, so that a fast hash is enough
	nameBytes   = 64 // the longest name of a register or key
)

// Refusals.
var (
	// ErrUnauthorized: this is no live key. It never says why, so that nobody learns which part was right.
	ErrUnauthorized = errors.New("the API key is not valid")
	// ErrGrant: what a key should be bound to makes no sense; the text says what.
	ErrGrant = errors.New("a key cannot be bound like this")
	// ErrNoKey: no live key bears that id.
	ErrNoKey = errors.New("there is no live key with this id")
)

// Scope is the channel that a key opens.
type Scope string

// The scopes.
const (
	Shop  Scope = "shop"  // the webshop
	Till  Scope = "till"  // a register
	Admin Scope = "admin" // the office
)

// Release says whether a till may free a webshop's reservation while the customer stands there.
type Release bool

// The rights of a till beside its scope.
const (
	NoRelease  Release = false
	MayRelease Release = true
)

// Grant is what a key is made for.
type Grant struct {
	Scope      Scope   `json:"scope"`
	Shop       string  `json:"shop,omitempty"`     // the shop's id: required for Shop, possible for Till
	Register   string  `json:"register,omitempty"` // the register's name: required for Till alone
	MayRelease Release `json:"may_release"`        // for Till alone
	Name       string  `json:"name,omitempty"`     // how people tell keys apart; may be empty
}

// Actor is whoever showed a valid key.
type Actor struct {
	Scope      Scope
	Shop       string
	Register   string
	MayRelease Release
	KeyID      string
	Name       string
}

// Key is what is known of a key; its secret is not.
type Key struct {
	Actor
	CreatedAt time.Time
	LastUsed  time.Time // to the minute; zero when never
	RevokedAt time.Time // zero while it is live
}

// shopID is the form of a shop's id, as it stands in URLs.
var shopID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// check refuses a grant that binds to too little or too much.
func (g Grant) check() error {
	switch g.Scope {
	case Shop:
		return g.want(g.Shop != "" && g.Register == "" && !bool(g.MayRelease), "a shop key is bound to a shop alone")
	case Till:
		return g.want(g.Register != "", "a till key is bound to a register")
	case Admin:
		return g.want(g.Shop == "" && g.Register == "" && !bool(g.MayRelease), "an admin key is bound to nothing")
	default:
		return fmt.Errorf("%w: the scope %q is none of shop, till, admin", ErrGrant, g.Scope)
	}
}

// want says what was expected of the binding, else looks at the names.
func (g Grant) want(bound bool, expected string) error {
	switch {
	case !bound:
		return fmt.Errorf("%w: %s", ErrGrant, expected)
	case g.Shop != "" && !shopID.MatchString(g.Shop):
		return fmt.Errorf("%w: %q is not a shop's id", ErrGrant, g.Shop)
	case !validName(g.Register), !validName(g.Name):
		return fmt.Errorf("%w: a name is one line of at most %d bytes, without spaces around it", ErrGrant, nameBytes)
	default:
		return nil
	}
}

func validName(name string) bool { return printableLine(name, nameBytes) }

// printableLine tells whether a text is one line of at most so many bytes, without spaces around it.
func printableLine(text string, most int) bool {
	return len(text) <= most && utf8.ValidString(text) && text == strings.TrimSpace(text) &&
		!strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// bearer is a key's text taken apart: vs_<scope>_<id>_<secret>.
type bearer struct {
	scope Scope
	id    string
	hash  [sha256.Size]byte
}

// drawKey makes a new key. The text is the only place where its secret ever is.
func drawKey(random io.Reader, scope Scope) (text string, key bearer, err error) {
	var drawn [idBytes + secretBytes]byte
	if _, err := io.ReadFull(random, drawn[:]); err != nil {
		return "", bearer{}, fmt.Errorf("draw a key: %w", err)
	}
	id, secret := hex.EncodeToString(drawn[:idBytes]), drawn[idBytes:]
	text = "vs_" + string(scope) + "_" + id + "_" + hex.EncodeToString(secret)
	return text, bearer{scope: scope, id: id, hash: sha256.Sum256(secret)}, nil
}

// parseKey reads what drawKey wrote, in exactly that form.
func parseKey(text string) (bearer, error) {
	rest, ours := strings.CutPrefix(text, "vs_")
	scope, rest, hasID := strings.Cut(rest, "_")
	id, secret, hasSecret := strings.Cut(rest, "_")
	if !ours || !hasID || !hasSecret || !lowerHex(id, idBytes) || !lowerHex(secret, secretBytes) {
		return bearer{}, ErrUnauthorized
	}
	raw, err := hex.DecodeString(secret)
	if err != nil {
		return bearer{}, ErrUnauthorized
	}
	return bearer{scope: Scope(scope), id: id, hash: sha256.Sum256(raw)}, nil
}

func lowerHex(text string, bytes int) bool {
	return len(text) == 2*bytes && strings.Trim(text, "0123456789abcdef") == ""
}
