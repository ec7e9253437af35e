package main

import (
	"io"
	"log/slog"
	"testing"

	"vouchsafe/cmd/vouchbench/conformance"
	"vouchsafe/cmd/vouchbench/stack"
	"vouchsafe/retail/embedded"
)

// Both directions of X18 as commands, on the real program; their rules are tested in package conformance.
func TestConformanceHandsASheetToEitherSide(t *testing.T) {
	t.Parallel()
	program, err := daemon()
	if err != nil {
		t.Fatal(err)
	}
	s, err := stack.Open(t.Context(), stack.Options{Program: program, Durability: embedded.Volatile, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	codes, err := s.Fill(t.Context(), 1, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	url := s.Gateways[0].URL()
	var server, client conformance.Sheet
	r := runs(t.Context(), t, &server, "conformance", "server", "--url", url, "--shop-key", s.ShopKey, "--till-key", s.TillKey, "--code", codes[0],
		"--shop", stack.Shop, "--secret", stack.Secret)
	if r.exit != exitOK || len(server) == 0 || !server.Passed() {
		t.Errorf("the server's sheet: exit %d\n%s\n%s", r.exit, &r.out, &r.said)
	}
	r = runs(t.Context(), t, &client, "conformance", "client", "--url", url, "--listen", "127.0.0.1:0", "--for", "100ms")
	if r.exit != exitOK || len(client) == 0 {
		t.Errorf("the client's sheet: exit %d\n%s\n%s", r.exit, &r.out, &r.said)
	}
	for _, l := range client {
		if l.Verdict != conformance.NotTried {
			t.Errorf("without a client, %s is %q", l.ID, l.Verdict)
		}
	}
}
