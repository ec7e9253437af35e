package staff

import (
	"crypto/subtle"
	"fmt"
	"io"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
)

const (
	otpStep      = 30 // seconds, as every authenticator app counts
	otpSlack     = 1  // steps that a clock may be off either way
	otpSeedBytes = 20 // 160 bits, as RFC 4226 advises
)

// drawSeed makes the seed of a person's codes and the address that an authenticator app takes it from, as a rule
// from a QR code.
func drawSeed(random io.Reader, issuer, account string) (seed, address Secret, err error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: account, SecretSize: otpSeedBytes, Rand: random})
	if err != nil {
		return "", "", fmt.Errorf("draw the seed of codes: %w", err)
	}
	return Secret(key.Secret()), Secret(key.URL()), nil
}

// stepOf tells to which step of time a code belongs, if it is right now and later than the step used last. It works
// the same whichever step it is.
func stepOf(seed Secret, code string, now time.Time, used int64) (step int64, right bool) {
	at := now.Unix() / otpStep
	for candidate := at - otpSlack; candidate <= at+otpSlack; candidate++ {
		want, err := hotp.GenerateCodeCustom(seed.Reveal(), uint64(candidate), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && candidate > used {
			step, right = candidate, true
		}
	}
	return step, right
}
