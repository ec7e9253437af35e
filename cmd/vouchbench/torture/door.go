package torture

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// door is the way into the installation: whichever gateway is asked next.
type door struct {
	urls   func() []string // of the gateways, as they are now
	client *http.Client
}

// reply is an answer of the API.
type reply struct {
	status int // 0: none came
	body   []byte
	unsent bool // nobody was there to hear the request
}

// newDoor uses one pool of connections for the whole crowd, without retries of its own.
func newDoor(urls func() []string) *door {
	return &door{urls: urls, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute}}}
}

// ask sends one request to one of the gateways and waits for it as long as the context allows.
func (d *door) ask(ctx context.Context, gateway int, method, path, key, body string) reply {
	urls := d.urls()
	request, err := http.NewRequestWithContext(ctx, method, urls[gateway%len(urls)]+path, strings.NewReader(body))
	if err != nil {
		return reply{}
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	answer, err := d.client.Do(request)
	if err != nil {
		dialed, ok := errors.AsType[*net.OpError](err)
		return reply{unsent: ok && dialed.Op == "dial"}
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return reply{}
	}
	return reply{status: answer.StatusCode, body: text}
}

// said is what the crowd reads of an answer.
type said struct {
	Code       string `json:"code"` // of a problem
	State      string `json:"state"`
	Outcome    string `json:"outcome"`
	Amount     *money `json:"amount"`
	Balance    *money `json:"balance"`
	Redemption *moved `json:"redemption"`
	Reload     *moved `json:"reload"`
	Refund     *moved `json:"refund"`
}

type money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

type moved struct {
	Key    string `json:"key"`
	Amount money  `json:"amount"`
}

// figure of an amount that may be missing.
func (m *money) figure() int64 {
	if m == nil {
		return 0
	}
	return m.Amount
}

// refusal is what a problem code is to the model.
func refusal(code string) result {
	switch code {
	case "held_elsewhere":
		return held
	case "insufficient_balance":
		return short
	case "reservation_expired", "reservation_ended", "reservation_superseded", "reservation_not_found":
		return ended
	case "blocked", "invalidated", "cannot_be_applied", "quarantined":
		return dead
	case "prevented":
		return never
	case "not_reversible":
		return fixed
	case "not_found":
		return absent
	case "in_progress", "unavailable":
		return unknown
	}
	return unwanted
}

// errNothing says that an answer tells nothing about the code, and was promised to have changed nothing.
var errNothing = errors.New("nothing is told")

// read tells what an answer means for a verb. It fails with errNothing for answers that say nothing of the code.
func (r reply) read(v verb) (output, error) {
	var s said
	if r.unsent {
		return output{}, errNothing
	}
	if r.status == 0 {
		return output{Result: unknown}, nil
	}
	if err := json.Unmarshal(r.body, &s); err != nil {
		return output{Result: unwanted}, fmt.Errorf("read an answer: %w", err)
	}
	if r.status >= 400 {
		return refused(s)
	}
	out := output{Result: done}
	switch v {
	case doReserve:
		if s.State != "active" {
			return output{}, errNothing // captured by an earlier attempt: whatever is asked
		}
		out.Amount = s.Amount.figure()
	case doCapture, doRedeem:
		if s.Redemption == nil {
			return output{Result: unwanted}, nil
		}
		out.Amount = s.Redemption.Amount.Amount
	case doReload:
		if s.Reload == nil {
			return output{Result: unwanted}, nil
		}
		out.Amount = s.Reload.Amount.Amount
	case doRefund:
		if s.Refund == nil {
			return output{Result: unwanted}, nil
		}
		out.Amount = s.Refund.Amount.Amount
	case doBalance:
		out.Amount = s.Balance.figure()
	case doReverse:
		out.Result = map[string]result{"reversed": undone, "prevented": never}[s.Outcome]
	}
	return out, nil
}

// refused reads a problem.
func refused(s said) (output, error) {
	if s.Code == "rate_limited" || s.Code == "overloaded" {
		return output{}, errNothing
	}
	return output{Result: refusal(s.Code)}, nil
}

// compact is a body without its white space, and without what may differ between an answer and its repeat.
func (r reply) compact() string {
	var out bytes.Buffer
	if err := json.Compact(&out, bytes.TrimSpace(r.body)); err != nil {
		return string(r.body)
	}
	return out.String()
}

// broken tells a fault of the program.
func (r reply) broken() bool { return r.status >= 500 && r.status != http.StatusServiceUnavailable }

// refusalOf is what a problem is to the model.
func refusalOf(r reply) result {
	var s said
	if json.Unmarshal(r.body, &s) != nil {
		return unwanted
	}
	return refusal(s.Code)
}
