package load

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// answerWithin is how long a client waits for an answer before it counts as none.
const answerWithin = 30 * time.Second

// wire is one keep-alive connection to one server. The load shares the machine with what it measures, so it speaks HTTP/1.1 without
// the comfort of a client that pools, retries and hops between goroutines.
type wire struct {
	host   string
	conn   net.Conn
	reader *bufio.Reader
	out    []byte
}

// newWire leads to the server of a URL; it connects at the first request.
func newWire(url string) *wire { return &wire{host: strings.TrimPrefix(url, "http://")} }

// ask sends a request and reads the answer. After an error the next request connects anew.
func (w *wire) ask(method, path, headers, body string) (status int, answer []byte, err error) {
	if w.conn == nil {
		if w.conn, err = net.DialTimeout("tcp", w.host, answerWithin); err != nil {
			return 0, nil, err
		}
		w.reader = bufio.NewReader(w.conn)
	}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if err := w.conn.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return 0, nil, err
	}
	w.out = fmt.Appendf(w.out[:0], "%s %s HTTP/1.1\r\nHost: %s\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		method, path, w.host, headers, len(body), body)
	if _, err := w.conn.Write(w.out); err != nil {
		return 0, nil, err
	}
	return w.read()
}

func (w *wire) read() (int, []byte, error) {
	r, err := http.ReadResponse(w.reader, nil)
	if err != nil {
		return 0, nil, err
	}
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	if err == nil && r.Close {
		w.close()
	}
	return r.StatusCode, answer, err
}

func (w *wire) close() {
	if w.conn != nil {
		_ = w.conn.Close() // nothing is lost: what was asked is answered or an error
		w.conn = nil
	}
}

// bearer is the header that shows an API key.
func bearer(key string) string { return "Authorization: Bearer " + key + "\r\n" }
