package mail_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"vouchsafe/retail/language"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/voucher"
)

// bundle is three vouchers of one order.
func bundle(t *testing.T, tag language.Tag) (mail.Bundle, []string) {
	t.Helper()
	b := mail.Bundle{Order: "#1042", Buyer: "Peter Holm", PDF: []byte("%PDF")}
	shown := []string{"2222-3333-4444-5555", "7777-8888-9999-AAAA", code}
	for _, one := range shown {
		v := gift(t, tag)
		v.Code = one
		b.Vouchers = append(b.Vouchers, v)
	}
	return b, shown
}

// X05, E10, I9: one recipient and exactly the order's codes, each in the text and in the HTML, in every language.
func TestAMailWithSeveralCodesHoldsExactlyThem(t *testing.T) {
	t.Parallel()
	for _, tag := range language.Tags() {
		b, want := bundle(t, tag)
		rendered, err := mail.RenderBundle(letter(tag), b)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := mail.Codes(rendered.Bytes); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v (%v), want %v", tag, got, err, want)
		}
		seen := inspect(t, rendered.Bytes)
		if len(seen.Files) != 1 || seen.Files[0].Type != "application/pdf" || !strings.Contains(seen.Subject, "3") {
			t.Errorf("%s: subject %q with %d files", tag, seen.Subject, len(seen.Files))
		}
	}
}

// A11: a mail with one code that is not active yet says so, and no other.
func TestAMailWithACodeThatIsNotActiveSaysSo(t *testing.T) {
	t.Parallel()
	for _, tag := range language.Tags() {
		b, _ := bundle(t, tag)
		for _, waits := range []bool{false, true} {
			b.Vouchers[1].Inactive = waits
			rendered, err := mail.RenderBundle(letter(tag), b)
			if err != nil {
				t.Fatal(err)
			}
			if says := strings.Contains(inspect(t, rendered.Bytes).Text, tag.Say(language.NotActive, nil)); says != waits {
				t.Errorf("%s: it says that a code is not active: %v, want %v", tag, says, waits)
			}
		}
	}
}

// I9: a layout that leaves one of them out, or a letter for none, is refused.
func TestAMailThatLacksOneOfItsCodesIsRefused(t *testing.T) {
	t.Parallel()
	layout, err := mail.ParseLayout(mail.BulkMail, mail.Source{
		Subject: "x", Text: `{{range .codes}}{{if ne .title "odd"}}{{.code}}{{end}}{{end}}`, HTML: "{{range .codes}}{{.code}} {{end}}",
	})
	if err != nil {
		t.Fatal(err)
	}
	b, _ := bundle(t, language.Danish)
	b.Vouchers[1].Title = "odd"
	l := letter(language.Danish)
	l.Layout = layout
	if _, err := mail.RenderBundle(l, b); !errors.Is(err, mail.ErrCode) {
		t.Errorf("got %v, want ErrCode", err)
	}
	if _, err := mail.RenderBundle(letter(language.Danish), mail.Bundle{}); !errors.Is(err, mail.ErrCode) {
		t.Errorf("for no voucher: got %v, want ErrCode", err)
	}
}

// X09: a reminder names the last symbols and the day, and neither a code nor a value; it speaks of what it is about.
func TestAReminderHoldsNoCode(t *testing.T) {
	t.Parallel()
	words := map[voucher.Kind]string{voucher.Money: "Gavekort", voucher.Punches: "Klippekort", voucher.Credit: "Tilgodebevis"}
	for kind, word := range words {
		for _, tag := range language.Tags() {
			rendered, err := mail.RenderReminder(letter(tag), mail.Reminder{Kind: kind, Title: "Spa", Last4: "W8ZC", Expires: tag.Date(lastDay), Buyer: "Peter"})
			if err != nil {
				t.Fatal(err)
			}
			seen := inspect(t, rendered.Bytes)
			if codes, err := mail.Codes(rendered.Bytes); err != nil || len(codes) > 0 || !strings.Contains(seen.Text, "W8ZC") || !strings.Contains(seen.Subject, tag.Date(lastDay)) {
				t.Errorf("%s %s: codes %v (%v), text %q", tag, kind, codes, err, seen.Text)
			}
			if tag == language.Danish && !strings.Contains(seen.Text, word+"et") && !strings.Contains(seen.Text, word) {
				t.Errorf("%s does not speak of it: %q", kind, seen.Text)
			}
		}
	}
}

// The words of the table: a credit note is called so, and nothing else, in its mail.
func TestTheMailOfACreditNoteSpeaksOfOne(t *testing.T) {
	t.Parallel()
	for _, tag := range language.Tags() {
		v := gift(t, tag)
		v.Kind, v.Title, v.Message = voucher.Credit, "Retur", ""
		rendered, err := mail.RenderVoucher(letter(tag), v)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ToLower(inspect(t, rendered.Bytes).Text)
		if wrong, right := strings.ToLower(tag.Word(language.Voucher)), strings.ToLower(tag.Word(language.CreditNote)); strings.Contains(text, wrong) || !strings.Contains(text, right) {
			t.Errorf("%s: %q", tag, text)
		}
	}
}
