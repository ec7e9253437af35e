package standard

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"vouchsafe/webshop"
)

const (
	idHeader        = "Webhook-Id"
	timestampHeader = "Webhook-Timestamp"
	signatureHeader = "Webhook-Signature"

	secretPrefix = "whsec_"
	version      = "v1"

	tolerance   = 5 * time.Minute // of the reference libraries, in both directions
	minKeyBytes = 24              // the shortest key that Standard Webhooks allows
)

var errKey = errors.New("a secret is whsec_ and at least 24 bytes in base64")

// Verify reports whether one of the secrets signed exactly these bytes under this id, not more than five minutes from
// now, with an error that wraps webshop.ErrSignature if not. Several secrets may be active, and the message may carry
// several signatures, while one secret replaces another. Signatures of other versions are passed over.
func Verify(header http.Header, body []byte, secrets []string, now time.Time) error {
	id, stamp := header.Get(idHeader), header.Get(timestampHeader)
	if id == "" || stamp == "" {
		return fmt.Errorf("%w: it has no webhook-id or no webhook-timestamp", webshop.ErrSignature)
	}
	at, err := readStamp(stamp)
	if err != nil {
		return fmt.Errorf("%w: its webhook-timestamp is not in seconds", webshop.ErrSignature)
	}
	valid := false
	for _, secret := range secrets {
		key, err := keyOf(secret)
		if err != nil {
			continue
		}
		if anySignature(header.Get(signatureHeader), mac(key, id, stamp, body)) {
			valid = true
		}
	}
	if !valid {
		return webshop.ErrSignature
	}
	if age := now.Sub(at); age > tolerance || age < -tolerance {
		return fmt.Errorf("%w: it was signed more than %s from now", webshop.ErrSignature, tolerance)
	}
	return nil
}

// Sign returns what a shop sends as webhook-signature of a message with this id and time. It fails only for a secret that
// CheckSecret refuses.
func Sign(secret, id string, at time.Time, body []byte) (string, error) {
	key, err := keyOf(secret)
	if err != nil {
		return "", err
	}
	sum := mac(key, id, strconv.FormatInt(at.Unix(), 10), body)
	return version + "," + base64.StdEncoding.EncodeToString(sum), nil
}

// CheckSecret reports whether the text can be a secret: base64 of at least 24 bytes, with or without whsec_ before it.
func CheckSecret(secret string) error {
	_, err := keyOf(secret)
	return err
}

// MessageID returns the id of a verified message. A shop that sends a message again keeps it.
func MessageID(header http.Header) string { return header.Get(idHeader) }

func keyOf(secret string) ([]byte, error) {
	// Some generators leave the padding out.
	text := strings.TrimRight(strings.TrimPrefix(secret, secretPrefix), "=")
	key, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(key) < minKeyBytes {
		return nil, errKey
	}
	return key, nil
}

func mac(key []byte, id, stamp string, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(id + "." + stamp + "."))
	h.Write(body)
	return h.Sum(nil)
}

// anySignature looks through a list like "v1,abc= v2,def=". It does not stop at the first match.
func anySignature(list string, want []byte) bool {
	found := false
	for _, signature := range strings.Fields(list) {
		kind, encoded, _ := strings.Cut(signature, ",")
		if kind != version {
			continue
		}
		// Strict: otherwise the unused bits of the last character could be changed.
		got, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err == nil && hmac.Equal(got, want) {
			found = true
		}
	}
	return found
}

func readStamp(stamp string) (time.Time, error) {
	seconds, err := strconv.ParseUint(stamp, 10, 40) // 40 bits last for 30,000 years
	return time.Unix(int64(seconds), 0).UTC(), err
}
