package woocommerce

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"vouchsafe/webshop"
)

const (
	apiPath      = "wp-json/wc/v3/"
	maxOneBytes  = 2 << 20  // one order with all its meta data
	maxListBytes = 16 << 20 // a page of orders
	maxFailBytes = 64 << 10 // an answer that is only read for its error code
)

// Config says which shop to ask and as whom.
type Config struct {
	URL    string // the shop's home, "https://shop.example/" or "https://shop.example/da/"
	Key    string // consumer key, ck_…
	Secret string // consumer secret, cs_…
	HTTP   *http.Client
	Now    func() time.Time // stamps the signatures that http needs
	Random io.Reader        // likewise makes them unique
	Fields webshop.Fields   // where the shop keeps the buyers' wishes
}

// Client asks one shop's REST API v3. Over https it sends key and secret (Basic authentication); over http it signs
// every request instead (OAuth 1.0a, HMAC-SHA256), as WooCommerce demands. It follows no redirect: the key would go
// along. Every time limit comes from the context.
//
// Errors wrap webshop.ErrNotFound, ErrUnauthorized, ErrRefused or ErrUnreadable, or are a *webshop.TemporaryError. None of
// them contains the key, the secret or a signed address. A Client is safe for concurrent use.
type Client struct {
	config Config
	home   *url.URL // ends with a slash
	http   *http.Client
}

// New returns a client, or an error that says which part of the configuration is wrong. It asks the shop nothing.
func New(config Config) (*Client, error) {
	home, err := url.Parse(config.URL)
	if err != nil {
		return nil, errors.New("the shop's URL can't be parsed")
	}
	if home.Scheme != "https" && home.Scheme != "http" || home.Host == "" {
		return nil, errors.New("the shop's URL must begin with https:// or http:// and a host")
	}
	if home.User != nil || home.RawQuery != "" || home.Fragment != "" {
		return nil, errors.New("the shop's URL must be an address alone, without user, query or fragment")
	}
	if config.Key == "" || config.Secret == "" {
		return nil, errors.New("a consumer key and a consumer secret are needed")
	}
	if config.HTTP == nil || config.Now == nil || config.Random == nil {
		return nil, errors.New("an HTTP client, a clock and a source of randomness are needed")
	}
	still := *config.HTTP
	still.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{config: config, home: home.JoinPath("/"), http: &still}, nil
}

// question is one request to the API.
type question struct {
	method string
	path   string // below the API's root
	query  url.Values
	body   any // sent as JSON; nil: none
	limit  int64
}

// ask puts the question and returns the answer's body. What is being asked for, in the error's words, is the caller's.
func (c *Client) ask(ctx context.Context, q question) ([]byte, error) {
	request, err := c.request(ctx, q)
	if err != nil {
		return nil, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, &webshop.TemporaryError{Err: withoutAddress(err)}
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		return nil, c.failure(response)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, q.limit+1))
	if err != nil {
		return nil, &webshop.TemporaryError{Err: fmt.Errorf("read the answer: %w", err)}
	}
	if int64(len(body)) > q.limit {
		return nil, fmt.Errorf("%w: its answer is longer than %d bytes", webshop.ErrRefused, q.limit)
	}
	return body, nil
}

func (c *Client) request(ctx context.Context, q question) (*http.Request, error) {
	var body io.Reader
	if q.body != nil {
		encoded, err := json.Marshal(q.body)
		if err != nil {
			return nil, fmt.Errorf("encode the request: %w", err)
		}
		body = bytes.NewReader(encoded)
	}
	address := c.home.JoinPath(apiPath, q.path)
	address.RawQuery = q.query.Encode()
	request, err := http.NewRequestWithContext(ctx, q.method, address.String(), body)
	if err != nil {
		return nil, withoutAddress(err)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "Vouchsafe")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if address.Scheme == "https" {
		request.SetBasicAuth(c.config.Key, c.config.Secret)
		return request, nil
	}
	return request, c.sign(request)
}

// withoutAddress drops the address from an error of net/http: over http it carries a signature.
func withoutAddress(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// object reads an answer that has to be one object. A page of a cache, a firewall or a broken plug-in is no answer.
func object(body []byte) (webshop.Object, error) {
	o, err := webshop.ReadObject(body)
	if err != nil {
		return webshop.Object{}, notAnAnswer(err)
	}
	return o, nil
}

// list splits an answer that has to be a list, so that one bad item does not spoil the others.
func list(body []byte) ([]json.RawMessage, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(body, &items); err != nil {
		return nil, notAnAnswer(err)
	}
	return items, nil
}

func notAnAnswer(err error) error {
	return fmt.Errorf("%w: what it sent is no answer of its API: %w", webshop.ErrRefused, err)
}

// orderPath refuses an id that is not one: it would lead to another address of the API.
func orderPath(id string, below ...string) (string, error) {
	if !isID(id) {
		return "", fmt.Errorf("%w: %.40q is no id of an order", webshop.ErrNotFound, id)
	}
	return strings.Join(append([]string{"orders", id}, below...), "/"), nil
}

func isID(text string) bool {
	const longest = 19 // digits of 2^63-1
	return text != "" && len(text) <= longest && strings.Trim(text, "0123456789") == ""
}
