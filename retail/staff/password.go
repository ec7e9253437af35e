package staff

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

var (
	// ErrWeakPassword: a password can't be taken; the text says why.
	ErrWeakPassword = errors.New("this password can't be taken")
	// ErrBusy: more sign-ins wait than can be looked at soon.
	ErrBusy = errors.New("too many sign-ins at once")
)

// Cost is what a look at one password costs, and so a guess: Argon2id's parameters.
type Cost struct {
	KiB    uint32 // of memory
	Passes uint32
	Lanes  uint8
}

// Costly is the cost for real passwords: 64 MiB, three passes, two lanes, a good tenth of a second.
func Costly() Cost { return Cost{KiB: 64 << 10, Passes: 3, Lanes: 2} }

const (
	hashesAtOnce = 2  // so that sign-ins take 128 MiB at most
	hashesQueued = 16 // those at work included: more would wait for seconds, and are told to come back

	saltBytes = 16
	hashBytes = 32

	passwordLeast    = 12  // characters
	passwordMost     = 256 // bytes
	passwordDistinct = 5   // characters that differ
)

// hasher turns passwords into what is stored of them, a few at a time.
type hasher struct {
	cost   Cost
	random io.Reader
	queue  chan struct{}
	atWork chan struct{}
}

func newHasher(cost Cost, random io.Reader) *hasher {
	return &hasher{cost: cost, random: random, queue: make(chan struct{}, hashesQueued), atWork: make(chan struct{}, hashesAtOnce)}
}

// hash draws a salt and gives what is stored: $argon2id$v=19$m=65536,t=3,p=2$salt$hash.
func (h *hasher) hash(ctx context.Context, password Secret) (string, error) {
	salt := make([]byte, saltBytes)
	if _, err := io.ReadFull(h.random, salt); err != nil {
		return "", fmt.Errorf("draw a salt: %w", err)
	}
	sum, err := h.sum(ctx, h.cost, salt, password)
	return stored{h.cost, salt, sum}.String(), err
}

// matches compares a password with what is stored of one; with nothing stored it works as hard, and says no.
func (h *hasher) matches(ctx context.Context, text string, password Secret) (bool, error) {
	against, err := readStored(text)
	if text == "" {
		against, err = stored{h.cost, make([]byte, saltBytes), make([]byte, hashBytes)}, nil
	}
	if err != nil {
		return false, err
	}
	sum, err := h.sum(ctx, against.cost, against.salt, password)
	return err == nil && text != "" && subtle.ConstantTimeCompare(sum, against.hash) == 1, err
}

// sum waits for its turn.
func (h *hasher) sum(ctx context.Context, cost Cost, salt []byte, password Secret) ([]byte, error) {
	select {
	case h.queue <- struct{}{}:
		defer func() { <-h.queue }()
	default:
		return nil, ErrBusy
	}
	select {
	case h.atWork <- struct{}{}:
		defer func() { <-h.atWork }()
	case <-ctx.Done():
		return nil, fmt.Errorf("look at a password: %w", context.Cause(ctx))
	}
	return argon2.IDKey([]byte(password.Reveal()), salt, cost.Passes, cost.KiB, cost.Lanes, hashBytes), nil
}

// stored is what is kept of a password.
type stored struct {
	cost       Cost
	salt, hash []byte
}

// String is the PHC form, which other programs read as well.
func (s stored) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, s.cost.KiB, s.cost.Passes, s.cost.Lanes,
		base64.RawStdEncoding.EncodeToString(s.salt), base64.RawStdEncoding.EncodeToString(s.hash))
}

func readStored(text string) (stored, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return stored{}, errors.New("a stored password is in no known form")
	}
	var s stored
	_, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &s.cost.KiB, &s.cost.Passes, &s.cost.Lanes)
	if err != nil {
		return stored{}, fmt.Errorf("read the cost of a stored password: %w", err)
	}
	if s.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return stored{}, fmt.Errorf("read the salt of a stored password: %w", err)
	}
	if s.hash, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return stored{}, fmt.Errorf("read a stored password: %w", err)
	}
	return s, nil
}

// checkPassword refuses what would be guessed first. Length is what counts; nobody is made to use a digit.
func checkPassword(password Secret, whose profile) error {
	text := password.Reveal()
	distinct := map[rune]bool{}
	for _, r := range text {
		distinct[r] = true
	}
	lower := strings.ToLower(text)
	switch {
	case !utf8.ValidString(text) || len(text) > passwordMost:
		return fmt.Errorf("%w: at most %d bytes of text", ErrWeakPassword, passwordMost)
	case utf8.RuneCountInString(text) < passwordLeast:
		return fmt.Errorf("%w: at least %d characters", ErrWeakPassword, passwordLeast)
	case len(distinct) < passwordDistinct:
		return fmt.Errorf("%w: at least %d different characters", ErrWeakPassword, passwordDistinct)
	case lower == strings.ToLower(whose.Email) || lower == strings.ToLower(whose.Name):
		return fmt.Errorf("%w: neither the name nor the e-mail address", ErrWeakPassword)
	}
	return nil
}
