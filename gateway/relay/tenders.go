package relay

import (
	"context"

	"vouchsafe/retail"
)

// Tenders asks a shop which means of payment it offers to buyers, by what its orders call them. It changes nothing. Errors as for
// [Relay.Hooks].
func (r *Relay) Tenders(ctx context.Context, shop retail.Shopfront) ([]string, error) {
	client, err := r.client(shop)
	if err != nil {
		return nil, err
	}
	all, err := client.Gateways(ctx)
	if err != nil {
		return nil, err
	}
	var offered []string
	for _, gateway := range all {
		if gateway.Enabled {
			offered = append(offered, gateway.ID)
		}
	}
	return offered, nil
}
