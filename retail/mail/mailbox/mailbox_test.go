package mailbox_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vouchsafe/retail/mail"
	"vouchsafe/retail/mail/mailbox"
)

func open(t *testing.T) (*mailbox.Mailbox, *mail.Sender) {
	t.Helper()
	box, err := mailbox.Open("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	})
	sender, err := mail.New(mail.Config{URL: box.URL()})
	if err != nil {
		t.Fatal(err)
	}
	return box, sender
}

func letter(n int) []byte {
	return fmt.Appendf(nil, "From: <shop@example.org>\r\nTo: <anna@example.org>\r\nSubject: %d\r\n\r\n.dots\r\n..and more\r\n", n)
}

func send(t *testing.T, sender *mail.Sender, message []byte) {
	t.Helper()
	if o := sender.Send(t.Context(), "shop@example.org", "anna@example.org", message, nil); o.Kind != mail.Sent {
		t.Fatalf("%s: %v", o.Kind, o.Err)
	}
}

func TestMailboxKeepsMailsOctetForOctet(t *testing.T) {
	t.Parallel()
	box, sender := open(t)
	send(t, sender, letter(1))
	messages, err := box.Wait(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	got := messages[0]
	if !bytes.Equal(got.Bytes, letter(1)) {
		t.Errorf("got %q, want %q", got.Bytes, letter(1))
	}
	if got.From != "shop@example.org" || !slices.Equal(got.Recipients, []string{"anna@example.org"}) {
		t.Errorf("envelope from %s to %v", got.From, got.Recipients)
	}
	seen, err := got.Inspect()
	if err != nil || !strings.Contains(seen.Text, ".dots") {
		t.Errorf("text %q (%v)", seen.Text, err)
	}
}

func TestMailboxForgetsTheOldest(t *testing.T) {
	t.Parallel()
	box, sender := open(t)
	heavy := append(letter(0), bytes.Repeat([]byte(strings.Repeat("x", 500)+"\r\n"), 14_000)...) // seven million octets
	for range 10 {
		send(t, sender, heavy)
	}
	send(t, sender, letter(11))
	messages, err := box.Wait(t.Context(), 11)
	if err != nil {
		t.Fatal(err)
	}
	if len(messages) >= 11 || !bytes.Equal(messages[len(messages)-1].Bytes, letter(11)) {
		t.Errorf("%d messages kept, the last has %d octets", len(messages), len(messages[len(messages)-1].Bytes))
	}
}

func TestMailboxIsForThisMachineAlone(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"0.0.0.0:0", ":1025", "[::]:0", "example.org:25", "nonsense"} {
		if box, err := mailbox.Open(address); err == nil {
			_ = box.Close()
			t.Errorf("Open(%q): no error", address)
		}
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	box, _ := open(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := box.Wait(ctx, 1); err == nil {
		t.Error("no error, and no mail came")
	}
}
