package staff

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
)

// What is stored of a password names its cost, so that it can be raised later.
func TestPasswordsAreStoredAsArgon2id(t *testing.T) {
	t.Parallel()
	h := newHasher(Costly(), rand.Reader)
	text, err := h.hash(t.Context(), chosen)
	if err != nil || !strings.HasPrefix(text, "$argon2id$v=19$m=65536,t=3,p=2$") {
		t.Fatal(text, err)
	}
	cheap := newHasher(Cost{KiB: 64, Passes: 1, Lanes: 1}, rand.Reader)
	for password, want := range map[Secret]bool{chosen: true, chosen + "!": false, "": false} {
		if got, err := cheap.matches(t.Context(), text, password); got != want || err != nil {
			t.Errorf("%t, %v; want %t", got, err, want)
		}
	}
	if got, err := cheap.matches(t.Context(), "", ""); got || err != nil {
		t.Errorf("nobody's password is right: %v", err)
	}
	for range hashesQueued {
		cheap.queue <- struct{}{}
	}
	if _, err := cheap.matches(t.Context(), text, chosen); !errors.Is(err, ErrBusy) {
		t.Errorf("one more than may wait: %v", err)
	}
}
