package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vouchsafe/retail/retailtest"
)

// TestMain lets more tests run side by side than there are processors: they mostly wait for other
// processes. The command line wins.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", strconv.Itoa(4+2*runtime.GOMAXPROCS(0))); err != nil {
		panic(err)
	}
	retailtest.Main(m)
}

// binary is the real program, built once for all tests of this package, which wait for it: without what debuggers alone read.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "vouchsafed-")
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "vouchsafed")
	out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", name, ".").CombinedOutput()
	if err != nil {
		return "", &exec.Error{Name: string(out), Err: err}
	}
	return name, nil
})

// installation is one merchant's vouchsafed: its stores and settings. Its daemons come and go.
type installation struct {
	t   testing.TB
	env []string
	url string // of the database
}

// install makes an installation on stores of its own.
func install(t testing.TB, settings ...string) *installation {
	t.Helper()
	url := retailtest.DatabaseURL(t)
	env := append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "VOUCHSAFE_LISTEN=127.0.0.1:0",
		"VOUCHSAFE_DATABASE_URL=" + url, "VOUCHSAFE_REDIS_URL=" + retailtest.RedisURL(t),
		"VOUCHSAFE_MASTER_KEY=1:" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32)),
		"VOUCHSAFE_MAIL_FROM=Butikken <butik@example.com>",
		"VOUCHSAFE_DRAIN_FOR=0",
	}, settings...)
	return &installation{t: t, env: env, url: url}
}

// does runs a command and returns what it printed; it must succeed.
func (i *installation) does(args ...string) string {
	i.t.Helper()
	out, err := i.tries(args...)
	if err != nil {
		i.t.Fatalf("vouchsafed %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(out)
}

// tries runs a command and returns what it printed, on standard output and error together if it failed.
func (i *installation) tries(args ...string) (string, error) {
	i.t.Helper()
	program, err := binary()
	if err != nil {
		i.t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = i.env
	var out, faults bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &faults
	if err := cmd.Run(); err != nil {
		return out.String() + faults.String(), err
	}
	return out.String(), nil
}

// daemon is a running "vouchsafed serve".
type running struct {
	t     testing.TB
	cmd   *exec.Cmd
	url   string
	ended chan error
	log   *logBook
}

// logBook keeps what a daemon logs.
type logBook struct {
	mu    sync.Mutex
	lines []string
}

func (l *logBook) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// startsWithin is how long a daemon may take until it serves on a busy machine.
const startsWithin = time.Minute

// serves starts a daemon and waits until it answers. It is killed at the end of the test.
func (i *installation) serves(settings ...string) *running {
	i.t.Helper()
	program, err := binary()
	if err != nil {
		i.t.Fatal(err)
	}
	return i.starts(exec.Command(program, "serve"), settings...)
}

// starts is serves for a command that becomes a daemon.
func (i *installation) starts(cmd *exec.Cmd, settings ...string) *running {
	i.t.Helper()
	d := &running{t: i.t, cmd: cmd, ended: make(chan error, 1), log: &logBook{}}
	d.cmd.Env = append(append([]string{}, i.env...), settings...)
	faults, err := d.cmd.StderrPipe()
	if err != nil {
		i.t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(d.dies)
	addresses := make(chan string, 1)
	go d.listen(faults, addresses)
	select {
	case d.url = <-addresses:
	case err := <-d.ended:
		d.ended <- err
		i.t.Fatalf("the daemon does not start: %v\n%s", err, d.log)
	case <-time.After(startsWithin):
		i.t.Fatalf("the daemon does not serve:\n%s", d.log)
	}
	return d
}

// listen reads the log, finds the address in it, and reports the end.
func (d *running) listen(log io.Reader, addresses chan<- string) {
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		d.log.add(lines.Text())
		var line struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
			addresses <- "http://" + line.Address
		}
	}
	d.ended <- d.cmd.Wait()
}

// dies kills the daemon as a power cut would, if it still runs.
func (d *running) dies() {
	_ = d.cmd.Process.Signal(syscall.SIGKILL) // it may have ended by itself
	select {
	case err := <-d.ended:
		d.ended <- err
	case <-time.After(startsWithin):
		d.t.Error("the daemon can't be killed")
	}
}

// stops asks the daemon to end and expects exit code 0.
func (d *running) stops() {
	d.t.Helper()
	d.signals(syscall.SIGTERM)
	d.leaves()
}

// leaves waits for a daemon that was asked to end, and expects exit code 0.
func (d *running) leaves() {
	d.t.Helper()
	select {
	case err := <-d.ended:
		d.ended <- err
		if err != nil {
			d.t.Errorf("after SIGTERM: %v\n%s", err, d.log)
		}
	case <-time.After(startsWithin):
		d.t.Fatalf("the daemon does not stop:\n%s", d.log)
	}
}

// reply is an answer of the API.
type reply struct {
	status int
	body   map[string]any
	text   string
}

// at follows a path of names into the body: "redemption.amount.amount".
func (r reply) at(path string) any {
	var value any = r.body
	for name := range strings.SplitSeq(path, ".") {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[name]
	}
	return value
}

// asks sends a request with a key and a JSON body; a daemon that can't be reached is status 0.
func (d *running) asks(key, method, path, body string) reply {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, d.url+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return reply{text: err.Error()}
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return reply{text: err.Error()}
	}
	r := reply{status: answer.StatusCode, text: string(text)}
	_ = json.Unmarshal(text, &r.body) // an answer that is no JSON object has no body to look into
	return r
}

// wants is asks that expects a status.
func (d *running) wants(status int, key, method, path, body string) reply {
	d.t.Helper()
	r := d.asks(key, method, path, body)
	if r.status != status {
		d.t.Fatalf("%s %s: %d %s, want %d\n%s", method, path, r.status, r.text, status, d.log)
	}
	return r
}
