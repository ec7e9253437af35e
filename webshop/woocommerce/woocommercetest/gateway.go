package woocommercetest

import (
	"net/http"
	"slices"
)

// usualGateways are the means of payment that buyers are offered unless a test says otherwise.
func usualGateways() []string { return []string{"bacs", "stripe"} }

// allGateways are all that the shop knows of.
func allGateways() []string { return []string{"bacs", "cheque", "cod", "stripe"} }

// Offers makes these the means of payment that buyers are offered.
func (s *Shop) Offers(gateways ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateways = gateways
}

type gatewayBody struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Order   string `json:"order"`
	Enabled bool   `json:"enabled"`
}

// listGateways tells of all, whether they are switched on or not.
func (s *Shop) listGateways(call) (int, any) {
	bodies := []gatewayBody{}
	for _, id := range allGateways() {
		bodies = append(bodies, gatewayBody{ID: id, Title: "Pay by " + id, Enabled: slices.Contains(s.gateways, id)})
	}
	return http.StatusOK, bodies
}
