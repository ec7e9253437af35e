package edge

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// run serves handler on a port of its own until stop is called, which gives what Serve gave.
func run(t *testing.T, handler http.Handler, drain Drain) (address string, stop func() error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, listener, handler, drain, slog.New(slog.DiscardHandler)) }()
	return listener.Addr().String(), func() error {
		cancel()
		return <-ended
	}
}

func TestARequestUnderWayEndsBeforeTheServer(t *testing.T) {
	t.Parallel()
	began, release := make(chan struct{}), make(chan struct{})
	address, stop := run(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(began)
		<-release
		if r.Context().Err() == nil {
			_, _ = io.WriteString(w, "whole")
		}
	}), Drain{Within: time.Minute})

	answer := make(chan string, 1)
	go func() {
		response, err := http.Get("http://" + address)
		if err != nil {
			answer <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		answer <- string(body)
	}()
	<-began
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	refused(t, address)
	close(release)
	if got := <-answer; got != "whole" {
		t.Errorf("answer %q", got)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

// D4: a balancer has to see that we end before its requests are refused: whoever is connected, and whoever
// still connects, is answered meanwhile and asked to go elsewhere.
func TestNoticeIsGivenBeforeNobodyListens(t *testing.T) {
	t.Parallel()
	address, stop := run(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "whole")
	}), Drain{Notice: time.Second, Within: time.Second})
	connected := &http.Client{Transport: &http.Transport{}}
	asks(t, connected, address, false)
	began, stopped := time.Now(), make(chan error, 1)
	go func() { stopped <- stop() }()
	for !asks(t, &http.Client{Transport: &http.Transport{}}, address, false) { // until the server knows
	}
	asks(t, connected, address, true)
	refused(t, address)
	if took := time.Since(began); took < time.Second {
		t.Errorf("notice of %v was given, want a second", took)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

// asks wants to be answered, and tells whether it is asked to come by another connection, as it must if last.
func asks(t *testing.T, client *http.Client, address string, last bool) (closes bool) {
	t.Helper()
	response, err := client.Get("http://" + address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); string(body) != "whole" {
		t.Fatalf("answer %q, %v", body, err)
	}
	if last && !response.Close {
		t.Error("a client may keep its connection to a server that ends")
	}
	return response.Close
}

// refused waits until nobody listens any more.
func refused(t *testing.T, address string) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		connection, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		connection.Close()
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("somebody still listens")
		}
	}
}

func TestARequestThatDoesNotEndIsCut(t *testing.T) {
	t.Parallel()
	began := make(chan struct{})
	address, stop := run(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
	}), Drain{Within: 10 * time.Millisecond})
	answer := make(chan error, 1)
	go func() {
		response, err := http.Get("http://" + address)
		if err == nil {
			response.Body.Close()
		}
		answer <- err
	}()
	<-began
	if err := stop(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Serve: %v", err)
	}
	if err := <-answer; err == nil {
		t.Error("the request had an answer")
	}
}

func TestAListenerThatFailsIsAnError(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	if err := Serve(t.Context(), listener, http.NotFoundHandler(), Drain{}, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("Serve served nothing")
	}
}

func TestHeadersAreLimited(t *testing.T) {
	t.Parallel()
	address, stop := run(t, open(t), Drain{Within: time.Second})
	defer func() { _ = stop() }()
	status := send(t, address, "GET /who HTTP/1.1\r\nHost: a\r\nX: "+strings.Repeat("x", 2*headerBytes)+"\r\n\r\n")
	if status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", status)
	}
}

func TestABodyWithoutEndIsCutOff(t *testing.T) {
	t.Parallel()
	address, stop := run(t, open(t), Drain{Within: time.Second})
	defer func() { _ = stop() }()
	chunk := fmt.Sprintf("%x\r\n%s\r\n", 1<<17, strings.Repeat("x", 1<<17))
	status := send(t, address, "PUT /v1/reservations/a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer shop\r\nTransfer-Encoding: chunked\r\n\r\n"+chunk)
	if status != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", status)
	}
}

func TestABodyThatBreaksOffIsTheClientsFault(t *testing.T) {
	t.Parallel()
	d := open(t)
	address, stop := run(t, d, Drain{Within: time.Second})
	status := send(t, address, "PUT /v1/reservations/a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer shop\r\nContent-Length: 100\r\n\r\n{")
	if err := stop(); err != nil {
		t.Error(err)
	}
	if line := d.line(t); status != http.StatusBadRequest || line["level"] != "INFO" {
		t.Errorf("status %d, log %v", status, line)
	}
}

// send writes raw bytes, says that no more will come, and gives the status of the answer.
func send(t *testing.T, address, text string) int {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, text); err != nil {
		t.Fatal(err)
	}
	if err := connection.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}
