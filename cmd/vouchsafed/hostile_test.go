package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"vouchsafe/webshop/woocommerce"
	"vouchsafe/webshop/woocommerce/woocommercetest"
)

const (
	slowClients = 1000
	// memoryGrowth is how much of the machine's memory hostile clients may take, in bytes (G12).
	memoryGrowth = 20 << 20
)

// resident is the memory that a daemon has, in bytes.
func (d *running) resident() int64 {
	d.t.Helper()
	out, err := exec.Command("ps", "-o", "rss=", "-p", strconv.Itoa(d.cmd.Process.Pid)).Output()
	if err != nil {
		d.t.Fatal(err)
	}
	kib, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil {
		d.t.Fatal(err)
	}
	return kib << 10
}

// dials opens a connection to the daemon, which is closed with the test.
func (d *running) dials() net.Conn {
	d.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// slowly are the beginnings of requests that never end: within the first line, the headers, a body with a key, a webhook's body.
func (m *merchant) slowly() []string {
	return []string{
		"GE", "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ",
		"POST /v1/balance HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\nAuthorization: Bearer " + m.shop + "\r\n\r\n{",
		"POST /v1/shops/demo/webhooks HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n{",
	}
}

// latency is how long an honest client waits, the 95th of a hundred answers.
func (m *merchant) latency(d *running, code string) time.Duration {
	m.t.Helper()
	var took []time.Duration
	for range 100 {
		start := time.Now()
		d.wants(200, m.till, "POST", "/v1/balance", fmt.Sprintf(`{"code": %q}`, code))
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return took[94]
}

// W5, G12: a thousand slow clients cost little memory, delay nobody, and are cut off.
func TestAThousandSlowClientsHinderNobody(t *testing.T) {
	t.Parallel()
	m := opens(t)
	d := m.serves()
	code := m.sells(d, 1)[0]
	m.latency(d, code) // warm
	alone, before := m.latency(d, code), d.resident()
	var slow []net.Conn
	starts := m.slowly()
	for i := range slowClients {
		conn := d.dials()
		if _, err := io.WriteString(conn, starts[i%len(starts)]); err != nil {
			t.Fatal(err)
		}
		slow = append(slow, conn)
	}
	crowded := m.latency(d, code)
	for _, conn := range slow { // the next byte of each
		_, _ = conn.Write([]byte("x")) // the first may be cut off by now
	}
	if grown := d.resident() - before; grown > memoryGrowth {
		t.Errorf("the daemon grew by %d KiB", grown>>10)
	} else {
		t.Logf("%d KiB more; honest clients wait %v, alone %v", grown>>10, crowded, alone)
	}
	// The machine is shared with other tests: what they cost may not count, a stall must.
	if most := 2*alone + 250*time.Millisecond; crowded > most {
		t.Errorf("honest clients wait %v, alone %v", crowded, alone)
	}
	for _, conn := range []net.Conn{slow[0], slow[1]} {
		if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, conn); err != nil {
			t.Errorf("a client that sends a byte now and then is not cut off: %v", err)
		}
	}
}

// rude is a request as no client should send it, and the answers that it may get; 0 is a connection that is closed without one.
type rude struct {
	name, request string
	want          []int
}

// rudeRequests are bodies, headers and first lines of all kinds of malice.
func (m *merchant) rudeRequests() []rude {
	api := "POST /v1/balance HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + m.till + "\r\nContent-Type: application/json\r\n"
	hook := "POST /v1/shops/demo/webhooks HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
	sized := func(head, body string) string {
		return head + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body)) + body
	}
	ten := strings.Repeat("x", 10<<20)
	endless := "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat(fmt.Sprintf("%x\r\n%s\r\n", 1<<16, ten[:1<<16]), 64)
	deep := strings.Repeat("[", 100_000)
	get := "GET /healthz HTTP/1.1\r\nHost: a\r\n"
	bomb := zipped(64 << 20)
	return []rude{
		{"10 MB to the API", sized(api, ten), []int{413}},
		{"10 MB to the webhooks", sized(hook, ten), []int{413}},
		{"10 MB that are only announced", hook + "Content-Length: 10485760\r\n\r\n", []int{413}},
		{"10 MB without a key", strings.Replace(sized(api, ten), m.till, "nobody", 1), []int{401}},
		{"chunks without end to the API", api + endless, []int{413}},
		{"chunks without end to the webhooks", hook + endless, []int{413}},
		{"a gzip bomb to the API", sized(api+"Content-Encoding: gzip\r\n", bomb), []int{415}},
		{"a gzip bomb to the webhooks", sized(hook+"Content-Encoding: gzip\r\n", bomb), []int{401, 415}},
		{"a gzip bomb in disguise", sized(api, bomb), []int{400, 413}},
		{"JSON 60,000 deep", sized(api, deep[:60_000]), []int{400}},
		{"JSON 100,000 deep", sized(api, deep), []int{413}},
		{"a signed webhook 100,000 deep", sized(hook+"X-Wc-Webhook-Signature: "+woocommerce.Sign(woocommercetest.WebhookSecret, []byte(deep))+"\r\n", deep), []int{200}},
		{"a key with 60,000 names", sized(api, `{"code": "a"`+strings.Repeat(`,"a":1`, 10_000)+"}"), []int{400}},
		{"one huge header", get + "X: " + ten[:1<<20] + "\r\n\r\n", []int{431}},
		{"ten thousand headers", get + strings.Repeat("X: y\r\n", 10_000) + "\r\n", []int{431}},
		{"a huge first line", "GET /" + ten[:1<<20] + " HTTP/1.1\r\nHost: a\r\n\r\n", []int{431, 414, 400}},
		{"junk", "\x00\x01\x02\xff\r\n\r\n", []int{400}},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", []int{400}},
		{"the preface of h2c", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", []int{0, 400, 404, 405, 505}},
		{"an upgrade to h2c", get + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n", []int{200}},
		{"no host", "GET /healthz HTTP/1.1\r\n\r\n", []int{400}},
		{"two hosts", get + "Host: b\r\n\r\n", []int{400}},
		{"two lengths", hook + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", []int{400}},
		{"a negative length", hook + "Content-Length: -1\r\n\r\n", []int{400}},
		{"a length and chunks", hook + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", []int{400, 401}},
		{"an unknown encoding of the transfer", hook + "Transfer-Encoding: gzip, chunked\r\n\r\n", []int{400, 501}},
		{"a space before the colon", get + "X : y\r\n\r\n", []int{400}},
		{"a folded header", get + "X: y\r\n z\r\n\r\n", []int{200, 400}},
		{"NUL in a header", get + "X: \x00\r\n\r\n", []int{400}},
		{"a broken chunk", api + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", []int{400}},
		{"an expectation that there is not", hook + "Expect: the-unexpected\r\nContent-Length: 1\r\n\r\n", []int{417}},
		{"an invented method", "BREW /v1/balance HTTP/1.1\r\nHost: a\r\n\r\n", []int{404, 405}},
		{"an absolute address elsewhere", "GET http://evil.example/healthz HTTP/1.1\r\nHost: a\r\n\r\n", []int{200}},
		{"a tunnel", "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n", []int{404, 405}},
	}
}

// zipped is so many zeros, packed.
func zipped(size int) string {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(make([]byte, size)) // a buffer takes all
	_ = w.Close()
	return packed.String()
}

// answers sends a raw request and gives the status of the answer; 0 when there is none.
func (d *running) answers(raw string) int {
	d.t.Helper()
	conn := d.dials()
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		d.t.Error(err)
		return 0
	}
	go func() { _, _ = io.WriteString(conn, raw) }() // the daemon may hang up before it has all
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	return response.StatusCode
}

// W4, G12: whatever is sent, there is a bounded answer, and the daemon stays as it is.
func TestRudeRequestsAreAnsweredAndCostLittle(t *testing.T) {
	t.Parallel()
	m := opens(t)
	d := m.serves()
	code := m.sells(d, 1)[0]
	m.latency(d, code)
	requests, before := m.rudeRequests(), d.resident()
	var crowd sync.WaitGroup
	for range 4 {
		crowd.Go(func() {
			for _, r := range requests {
				if got := d.answers(r.request); !slices.Contains(r.want, got) {
					t.Errorf("%s: answered %d, want one of %v", r.name, got, r.want)
				}
			}
		})
	}
	crowd.Wait()
	if grown := d.resident() - before; grown > memoryGrowth {
		t.Errorf("the daemon grew by %d KiB", grown>>10)
	} else {
		t.Logf("%d KiB more", grown>>10)
	}
	d.wants(200, m.till, "POST", "/v1/balance", fmt.Sprintf(`{"code": %q}`, code))
	if text := d.log.String(); strings.Contains(text, "panic") {
		t.Errorf("something panicked:\n%s", text)
	}
}

// What follows a request on its connection is no part of it: the second answer is of the second request.
func TestRequestsOfOneConnectionStayApart(t *testing.T) {
	t.Parallel()
	m := opens(t)
	d := m.serves()
	conn := d.dials()
	if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nPOST /v1/balance HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"+
		"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n\x00\xffjunk\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(conn)
	for i, want := range []int{200, 401, 200, 400} {
		response, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != want {
			t.Errorf("answer %d is %d, want %d", i+1, response.StatusCode, want)
		}
		_, _ = io.Copy(io.Discard, response.Body) // up to the next answer
	}
}

// A daemon without a file descriptor left waits for one, and goes on.
func TestADaemonThatRunsOutOfFileDescriptorsLives(t *testing.T) {
	t.Parallel()
	m := opens(t)
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	const files = 90
	d := m.starts(exec.Command("sh", "-c", fmt.Sprintf("ulimit -n %d; exec %s serve", files, program)))
	d.wants(404, m.till, "POST", "/v1/balance", `{"code": "0000-0000-0000-0000"}`)
	var idle []net.Conn
	for range 2 * files {
		conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
		if err != nil {
			break
		}
		idle = append(idle, conn)
	}
	eventually(t, startsWithin, "the descriptors run out", func() bool { return strings.Contains(d.log.String(), "too many open files") })
	for _, conn := range idle {
		_ = conn.Close()
	}
	http.DefaultClient.CloseIdleConnections()
	eventually(t, recoversWithin, "it answers again", func() bool {
		return d.asks(m.till, "POST", "/v1/balance", `{"code": "0000-0000-0000-0000"}`).status == 404
	})
	d.stops()
}
