package woocommerce

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"vouchsafe/webshop"
)

// failure turns an answer other than 2xx into the error that tells whether asking again makes sense.
func (c *Client) failure(response *http.Response) error {
	code := failureCode(response.Body)
	told := fmt.Sprintf("status %d", response.StatusCode)
	if code != "" {
		told += fmt.Sprintf(" (%.80q)", code)
	}
	switch status := response.StatusCode; {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fmt.Errorf("%w: %s", webshop.ErrUnauthorized, told)
	case isUnknownID(status, code):
		return fmt.Errorf("%w: %s", webshop.ErrNotFound, told)
	case isTemporary(status):
		return &webshop.TemporaryError{
			RetryAfter: c.retryAfter(response.Header.Get("Retry-After")),
			Err:        errors.New("the shop can't answer now: " + told),
		}
	}
	// Also a 404 of the web server or of WordPress: it does not mean that the order is gone, but that the API is not where
	// the configuration says.
	return fmt.Errorf("%w: %s", webshop.ErrRefused, told)
}

// isUnknownID needs WooCommerce's own word for it: 404 for an order, 400 when an unknown webhook is changed.
func isUnknownID(status int, code string) bool {
	if !strings.HasPrefix(code, "woocommerce_rest_") {
		return false
	}
	return status == http.StatusNotFound || status == http.StatusBadRequest && strings.HasSuffix(code, "_invalid_id")
}

func isTemporary(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// failureCode reads the code of WordPress's error, "" when the answer is something else.
func failureCode(body io.Reader) string {
	var failure struct {
		Code string `json:"code"`
	}
	answer, err := io.ReadAll(io.LimitReader(body, maxFailBytes))
	if err != nil || json.Unmarshal(answer, &failure) != nil {
		return ""
	}
	return failure.Code
}

// retryAfter reads seconds or a date; what can't be read, or lies behind us, is 0.
func (c *Client) retryAfter(text string) time.Duration {
	const longest = 24 * time.Hour // more is a mistake, and would overflow a Duration one day
	if seconds, err := strconv.Atoi(text); err == nil {
		return min(time.Duration(min(max(seconds, 0), int(longest/time.Second)))*time.Second, longest)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(c.config.Now()), 0), longest)
}
