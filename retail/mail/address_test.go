package mail_test

import (
	"errors"
	"strings"
	"testing"

	"vouchsafe/retail/mail"
	"vouchsafe/retail/mail/mailtest"
)

func TestParseAddressReadsPlainAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"anna@example.org":                   "anna@example.org",
		"  Anna.B+gift@Example.ORG ":         "Anna.B+gift@example.org",
		"o'hara_{x}|~%!#$&*/?^`-=@a-b.co.uk": "o'hara_{x}|~%!#$&*/?^`-=@a-b.co.uk",
		"åse@example.org":                    "",
		"aase@bøger.dk":                      "aase@xn--bger-gra.dk",
		"aase@BÖGER.de":                      "aase@xn--bger-5qa.de",
		"a@xn--bger-gra.dk":                  "a@xn--bger-gra.dk",
		strings.Repeat("a", 64) + "@b.org":   strings.Repeat("a", 64) + "@b.org",
	} {
		got, err := mail.ParseAddress(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ParseAddress(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
}

// Whoever writes an order into the shop decides what stands here.
var notAnAddress = []string{
	"", "@", "anna", "anna@", "0@0.\xd70", "@example.org", "anna@localhost", "anna@127.0.0.1", "anna@[127.0.0.1]", "anna@example.123",
	"a@b@example.org", "anna@example.org,bob@example.org", "anna@example.org;bob@example.org", "anna@example.org bob@example.org",
	"Anna <anna@example.org>", "<anna@example.org>", "anna@example.org>", `"anna"@example.org`, `"a@b.org> ORCPT=x"@example.org`,
	`"a\r\nRCPT TO:<b@c.org>"@example.org`, "anna@example.org\r\nBcc: bob@example.org", "anna\r\n@example.org", "anna@exam\nple.org",
	"anna\x00@example.org", "anna@example.org\x00", "an na@example.org", "anna@exam ple.org", ".anna@example.org", "anna.@example.org",
	"an..na@example.org", "anna@example..org", "anna@-example.org", "anna@example-.org", "anna@exa_mple.org", "anna@.example.org",
	"anna\u200b@example.org", "anna@example\u202e.org", "\u202eanna@example.org", "anna@example.org\u2028", "(c)anna@example.org",
	"anna@example.org(comment)", "mailto:anna@example.org", "anna@example.org?subject=x", "anna@example.org/../x", "=?utf-8?q?a?=@example.org",
	"anna@example.org\n",
	strings.Repeat("a", 65) + "@example.org", "a@" + strings.Repeat("b", 64) + ".org", "a@" + strings.Repeat("b.", 130) + "org",
	strings.Repeat("a", 64) + "@" + strings.Repeat("bbbbbbbb.", 22) + "org",
}

func TestParseAddressRefusesWhateverIsNotOnePlainAddress(t *testing.T) {
	t.Parallel()
	for _, text := range notAnAddress {
		got, err := mail.ParseAddress(text)
		if !errors.Is(err, mail.ErrAddress) {
			t.Errorf("ParseAddress(%q) = %q, %v; want ErrAddress", text, got, err)
		}
		if err != nil && len(text) > 10 && strings.Contains(err.Error(), text) {
			t.Errorf("the error repeats %q", text)
		}
	}
}

// A parsed address is one recipient at the server, whatever it looks like.
func FuzzParseAddress(f *testing.F) {
	for _, text := range append(notAnAddress, "anna@example.org", "aase@bøger.dk") {
		f.Add(text)
	}
	sink := mailtest.Start(f)
	sender, err := mail.New(mail.Config{URL: sink.URL()})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		address, err := mail.ParseAddress(text)
		if err != nil {
			return
		}
		again, err := mail.ParseAddress(address)
		if err != nil || again != address {
			t.Fatalf("%q becomes %q, and that %q (%v)", text, address, again, err)
		}
		before := len(sink.Messages())
		if o := sender.Send(t.Context(), from, address, plain, nil); o.Kind != mail.Sent {
			t.Fatalf("%q: %s (%v)", address, o.Kind, o.Err)
		}
		messages := sink.Messages()
		if got := messages[len(messages)-1].Recipients; len(messages) != before+1 || len(got) != 1 || got[0] != address {
			t.Fatalf("%q reached %q", address, got)
		}
	})
}
