package retail

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// What can be the secret of a shop's webhooks. A platform that lets people choose it gives them any text: there the least is what nobody
// tries out in passing, and the checklist warns of more. Standard Webhooks say how long its keys are, and with less than that no message
// is ever verified.
const (
	secretLeast   = 8    // bytes
	secretMost    = 1024 // bytes
	standardLeast = 24   // bytes of a key of Standard Webhooks
)

// secretFault says why a text can't be the secret of a platform's webhooks, without repeating it; nil if it can.
func secretFault(platform, secret string) error {
	switch {
	case secret == "" || len(secret) > secretMost:
		return fmt.Errorf("secret: 1 to %d bytes", secretMost)
	case strings.TrimSpace(secret) != secret:
		return errors.New("secret: a space or a line end is around it, which a shop doesn't sign with")
	case platform == "standard" && !isStandardSecret(secret):
		return fmt.Errorf("secret: whsec_ and at least %d random bytes in base64, as echo \"whsec_$(openssl rand -base64 32)\" makes", standardLeast)
	case len(secret) < secretLeast:
		return fmt.Errorf("secret: at least %d bytes, better 24 or more random characters, as openssl rand -base64 32 makes", secretLeast)
	}
	return nil
}

// isStandardSecret tells whether messages can be signed with a secret as Standard Webhooks do it. The prefix may be missing, and so may
// the padding, which some generators leave out.
func isStandardSecret(secret string) bool {
	key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimPrefix(secret, "whsec_"), "="))
	return err == nil && len(key) >= standardLeast
}
