package scale

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"vouchsafe/cmd/vouchbench/stack"
)

const (
	// partsOf is how many codes carts have reserved for each part of a customer's account that one has.
	partsOf    = 10
	partsAsked = 16 // at once
)

// reserveParts lets customers with an account reserve a part of it, one each, as the office and the shop would.
func (s *site) reserveParts(ctx context.Context, row *Row) error {
	row.Parts = max(row.Reserved/partsOf, 1)
	faults := make([]error, partsAsked)
	var asking sync.WaitGroup
	for lane := range faults {
		asking.Go(func() {
			for n := s.parts + lane; n < row.Parts && faults[lane] == nil; n += partsAsked {
				faults[lane] = s.reservePart(ctx, n)
			}
		})
	}
	asking.Wait()
	s.parts = row.Parts
	return errors.Join(faults...)
}

// reservePart gives the n-th customer something, of which a cart reserves a part.
func (s *site) reservePart(ctx context.Context, n int) error {
	give := fmt.Sprintf(`{"customer": "c%d", "shop": %q, "delta": {"amount": %d, "currency": %q}, "reason": "scale"}`, n, stack.Shop, drawn, currency)
	take := fmt.Sprintf(`{"customer": "c%d", "holder": "cart-%[1]d", "due": {"amount": %d, "currency": %q}}`, n, drawn/2, currency)
	if err := s.puts(ctx, s.stack.AdminKey, fmt.Sprintf("/v1/adjustments/scale:%d", n), give); err != nil {
		return err
	}
	return s.puts(ctx, s.stack.ShopKey, fmt.Sprintf("/v1/reservations/scale:%d", n), take)
}

// puts does an act that must succeed.
func (s *site) puts(ctx context.Context, key, path, body string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, s.gateway.URL()+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	said, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusCreated {
		return fmt.Errorf("PUT %s: %d %s", path, answer.StatusCode, said)
	}
	return nil
}
