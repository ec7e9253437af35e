package mail

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/idna"
)

// ErrAddress says that a text is not one plain mailbox address.
var ErrAddress = errors.New("not a usable mail address")

// Limits of RFC 5321, 4.5.3.1: a path is 256 octets with its angle brackets.
const (
	maxLocal   = 64
	maxDomain  = 253
	maxAddress = 254
)

// A local part is a dot-atom of ASCII. Quoted local parts are legal and refused: `"a@b.org> ORCPT=x"@c.org` has taken
// mails elsewhere before (CVE-2025-59937), and no customer has one. Encoded words, "=?utf-8?q?a=40b.org?=", are refused
// below: some programs decode them where they must not, and find another address.
var localPart = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")

// A domain has two labels or more, and its last one is no number: an IP address is no place to send a code to.
var domainName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?$`)

// ParseAddress reads exactly one mailbox address, without a display name, and returns the form that envelopes and
// headers use: ASCII, the domain in lower case, an internationalised domain in punycode. Spaces around it are
// dropped. Whatever is anything else wraps ErrAddress, and the error doesn't repeat the text.
func ParseAddress(text string) (string, error) {
	text = strings.Trim(text, " \t")
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return "", fmt.Errorf("%w: no @", ErrAddress)
	}
	local := text[:at]
	if len(local) > maxLocal || !localPart.MatchString(local) || strings.Contains(local, "=?") {
		return "", fmt.Errorf("%w: the part before the @", ErrAddress)
	}
	domain, err := asciiDomain(text[at+1:])
	if err != nil || len(domain) > maxDomain || !domainName.MatchString(domain) || longLabel(domain) {
		return "", fmt.Errorf("%w: the part after the @", ErrAddress)
	}
	address := local + "@" + domain
	if len(address) > maxAddress {
		return "", fmt.Errorf("%w: longer than %d characters", ErrAddress, maxAddress)
	}
	return address, nil
}

// asciiDomain is the domain as the DNS knows it. Some mappings lead to labels that are no names themselves; what can't
// be read again is refused.
func asciiDomain(text string) (string, error) {
	domain, err := idna.Lookup.ToASCII(text)
	if err != nil {
		return "", err
	}
	again, err := idna.Lookup.ToASCII(domain)
	if err == nil && again != domain {
		err = ErrAddress
	}
	return domain, err
}

func longLabel(domain string) bool {
	for label := range strings.SplitSeq(domain, ".") {
		if len(label) > 63 {
			return true
		}
	}
	return false
}
