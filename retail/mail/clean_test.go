package mail_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"vouchsafe/retail/mail"
)

func TestCleanLineMakesOneCalmLine(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"names stay", "Åse O'Hara-Łukasz, Dr. 王", "Åse O'Hara-Łukasz, Dr. 王"},
		{"emoji stay", "Anna 🎉", "Anna 🎉"},
		{"a shop may have the name of its address", "Bøger.dk", "Bøger.dk"},
		{"line ends become spaces", "Anna\r\nBcc: bob@example.org", "Anna Bcc: bob@example.org"},
		{"all of them", "a\u2028b\u2029c\u0085d\ve", "a b c d e"},
		{"controls vanish", "A\x00n\x1b[31mn\x7fa\u009b", "An[31mna"},
		{"bidi vanishes", "Anna\u202egnp.exe\u2066\u200f", "Annagnp.exe"},
		{"zero width vanishes", "A\u200bn\u200dn\ufeffa\u00ad\u2060", "Anna"},
		{"blank letters vanish", "\u3164\u115f\u2800Anna", "Anna"},
		{"broken octets vanish", "An\xffna\xc3", "Anna"},
		{"spaces collapse", "  Anna \t  B  ", "Anna B"},
		{"a code loses its form", "7Q2X-9M4K-TB3H-W8ZC", "7Q2X 9M4K TB3H W8ZC"},
		{"however it is dashed", "x 7q2x–9m4k—tb3h‑w8zc", "x 7q2x 9m4k tb3h w8zc"},
		{"other numbers stay", "DE-1234-5678", "DE-1234-5678"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := mail.CleanLine(test.text); got != test.want {
				t.Errorf("CleanLine(%q) = %q, want %q", test.text, got, test.want)
			}
		})
	}
	if got := utf8.RuneCountInString(mail.CleanLine(strings.Repeat("å", 500))); got != 120 {
		t.Errorf("%d characters of a long line, want 120", got)
	}
}

func TestDefangLeavesNothingToClick(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://evil.example/x?y":       "https: //evil. example/x?y",
		"www.evil.example":               "www. evil. example",
		"evil.com":                       "evil. com",
		"a.b.c.d.e":                      "a. b. c. d. e",
		"bank@evil.com":                  "bank@ evil. com",
		"mailto:x tel:+45 javascript:y":  "mailto: x tel: +45 javascript: y",
		"evil。com evil．com evil｡com":     "evil。 com evil． com evil｡ com",
		"bøger.dk":                       "bøger. dk",
		"xn--bger-gra.dk":                "xn--bger-gra. dk",
		"Hej.Tillykke!":                  "Hej. Tillykke!",
		"Kl. 18.30, 12.50 kr. Tak... ok": "Kl. 18.30, 12.50 kr. Tak... ok",
		"ftp://1.2.3.4":                  "ftp: //1.2.3.4",
	} {
		if got := mail.Defang(text); got != want {
			t.Errorf("Defang(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestCleanMessageKeepsTheLinesAndItsMeasure(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"lines stay", "Kære Åse,\r\ntillykke!\r\rPeter", "Kære Åse,\ntillykke!\n\nPeter"},
		{"many empty lines are one", "\n\n a \n\n\n\n\n b \n\n", "a\n\nb"},
		{"a ladder becomes a paragraph", strings.Repeat("a\n", 14), strings.TrimSpace(strings.Repeat("a ", 14))},
		{"links are taken apart", "Se http://evil.com", "Se http: //evil. com"},
		{"no second code", "Brug 7Q2X-9M4K-TB3H-W8ZC", "Brug 7Q2X 9M4K TB3H W8ZC"},
		{"a code in two lines is none", "7Q2X-9M4K-\nTB3H-W8ZC", "7Q2X-9M4K-\nTB3H-W8ZC"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := mail.CleanMessage(test.text); got != test.want {
				t.Errorf("CleanMessage(%q) = %q, want %q", test.text, got, test.want)
			}
		})
	}
}

func FuzzCleanMessage(f *testing.F) {
	for _, text := range []string{"Hej", "a.b.c", "http://x.y", strings.Repeat("å", 700), strings.Repeat("a.a", 400), "\u202e\x00\xff", strings.Repeat("\n", 99)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := mail.CleanMessage(text)
		if n := utf8.RuneCountInString(got); n > mail.MaxMessage || !utf8.ValidString(got) {
			t.Errorf("%q: %d characters, valid %v", got, n, utf8.ValidString(got))
		}
		for _, r := range strings.ReplaceAll(got, "\n", "") {
			if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs) {
				t.Errorf("%q holds %U", got, r)
			}
		}
		if again := mail.CleanMessage(got); again != got {
			t.Errorf("%q becomes %q when cleaned again", got, again)
		}
	})
}
