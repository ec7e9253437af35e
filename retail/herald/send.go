package herald

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	sendWithin = 15 * time.Second
	sendAtOnce = 8       // to one subscriber
	answerMost = 4 << 10 // of an answer that is read, so that the connection can be used again
	faultMost  = 200     // symbols of a fault that are kept

	secretPrefix = "whsec_"
	secretBytes  = 32
)

// sendAll sends messages of different vouchers side by side.
func (h *Herald) sendAll(ctx context.Context, s Subscriber, due []told) []outcome {
	outcomes := make([]outcome, len(due))
	places := make(chan struct{}, sendAtOnce)
	var sending sync.WaitGroup
	for i, message := range due {
		places <- struct{}{}
		sending.Go(func() {
			defer func() { <-places }()
			outcomes[i] = h.send(ctx, s, message)
		})
	}
	sending.Wait()
	return outcomes
}

// send tells one message, unless the subscriber does not care for its type.
func (h *Herald) send(ctx context.Context, s Subscriber, message told) outcome {
	o := outcome{told: message}
	if !s.wants(message.Type()) {
		o.spare = true
		return o
	}
	status, err := h.post(ctx, s, message)
	switch {
	case err != nil:
		o.fault = short(err.Error())
	case status == http.StatusGone:
		o.gone, o.fault = true, "answered 410"
	case status < 200 || status > 299:
		o.fault = fmt.Sprintf("answered %d", status)
	default:
		o.sent = true
	}
	return o
}

// post sends a message and tells how it was answered.
func (h *Herald) post(ctx context.Context, s Subscriber, message told) (status int, err error) {
	body, err := message.body()
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	id, stamp := "msg_"+message.ID, strconv.FormatInt(h.now().Unix(), 10)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "vouchsafe")
	request.Header.Set("Webhook-Id", id)
	request.Header.Set("Webhook-Timestamp", stamp)
	request.Header.Set("Webhook-Signature", signatures(s.keys, id, stamp, body))
	answer, err := h.http.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, _ = io.CopyN(io.Discard, answer.Body, answerMost) // what it says is of no matter
	return answer.StatusCode, nil
}

// signatures are those of Standard Webhooks, one for each secret that signs.
func signatures(keys [][]byte, id, stamp string, body []byte) string {
	texts := make([]string, len(keys))
	for i, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + stamp + "."))
		mac.Write(body)
		texts[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(texts, " ")
}

// short bounds a text that is kept.
func short(text string) string {
	symbols := []rune(text)
	return string(symbols[:min(len(symbols), faultMost)])
}
