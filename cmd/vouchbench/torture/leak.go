package torture

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// window is how many letters in a row are compared: a code has as many, and of its other guises as many are enough.
const window = 16

// guises are the ways in which a code may show: as it is, grouped, in small letters, in hexadecimal, in base64 wherever it begins. Each
// is told by its first letters in a text without dashes.
func guises(code string) []string {
	var found []string
	for _, as := range []string{plain(code), strings.ToLower(plain(code)), grouped(code)} {
		found = append(found, hex.EncodeToString([]byte(as))[:window], strings.ToUpper(hex.EncodeToString([]byte(as)))[:window])
		for ahead := range 3 { // letters before it, which share its first group of three
			encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", ahead) + as))
			first := (ahead*8 + 5) / 6
			found = append(found, encoded[first:first+window])
		}
	}
	return found
}

// leaks looks for the codes in every file below a directory that is a log or belongs to Redis (I13).
func leaks(dir string, codes []string) (found []Violation, err error) {
	known, disguised := map[string]bool{}, map[string]bool{}
	for _, code := range codes {
		known[plain(code)] = true
		for _, as := range guises(code) {
			disguised[as] = true
		}
	}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || !strings.Contains(path, ".log") && !strings.Contains(path, "redis") {
			return err
		}
		line, err := leak(path, known, disguised)
		if line != "" {
			found = append(found, Violation{"no code in logs or Redis", path + ": " + line})
		}
		return err
	})
	return found, err
}

// leak is the first line of a file that has a code in any guise.
func leak(path string, known, disguised map[string]bool) (string, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer file.Close()
	for in := bufio.NewReader(file); ; {
		line, err := in.ReadString('\n')
		text := strings.ReplaceAll(line, "-", "")
		capitals := strings.ToUpper(text)
		for at := 0; at+window <= len(text) && at+window <= len(capitals); at++ {
			if known[capitals[at:at+window]] || disguised[text[at:at+window]] {
				return strings.TrimSpace(line), nil
			}
		}
		if err != nil {
			return "", nil // the end of the file
		}
	}
}

// plain is a code without its dashes, in capitals.
func plain(code string) string { return strings.ToUpper(strings.ReplaceAll(code, "-", "")) }

// grouped is a code as people are shown it.
func grouped(code string) string {
	text := plain(code)
	if len(text) < window {
		return text
	}
	return text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:]
}

// disclose lets gateways and Redis write down what they keep in memory: the metrics, and a dump whose texts can be read. PostgreSQL has
// logged every statement with its parameters.
func (t *torture) disclose(ctx context.Context) error {
	if !t.options.Mix.Overhear {
		return nil
	}
	for n, g := range t.stack.Gateways {
		answer := (&door{urls: func() []string { return []string{g.URL()} }, client: t.crowd.door.client}).ask(ctx, 0, http.MethodGet, "/metrics", t.crowd.keys.Admin, "")
		if answer.status != http.StatusOK {
			return fmt.Errorf("read the metrics: answered %d", answer.status)
		}
		if err := os.WriteFile(filepath.Join(t.dir(), fmt.Sprintf("metrics-%d.log", n+1)), answer.body, 0o600); err != nil {
			return err
		}
	}
	client, err := t.stack.Redis()
	if err != nil {
		return err
	}
	defer client.Close()
	return errors.Join(client.ConfigSet(ctx, "rdbcompression", "no").Err(), client.Save(ctx).Err())
}

// overhear writes down what Redis is told, as long as the context lasts; a Redis that goes away is listened to again.
func (t *torture) overhear(ctx context.Context) {
	if !t.options.Mix.Overhear {
		return
	}
	file, err := os.OpenFile(filepath.Join(t.dir(), "monitor.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return
	}
	defer file.Close()
	at, err := url.Parse(t.stack.RedisURL())
	if err != nil {
		return
	}
	for pause(ctx, breath) {
		conn, err := net.Dial("unix", at.Path)
		if err != nil {
			continue
		}
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		if _, err := io.WriteString(conn, "MONITOR\r\n"); err == nil {
			_, _ = io.Copy(file, conn) // until one of the two ends it
		}
		stop()
		_ = conn.Close()
	}
}
