package scale

import (
	"context"
	"io"
	"net/http"
	"slices"
	"time"
)

// Look is how long the office waits for something to look at, in milliseconds.
type Look struct {
	Name   string  `json:"name"`
	Path   string  `json:"path"`
	Status int     `json:"status"` // of the last time; 404 is a page that this vouchsafed doesn't have
	Median float64 `json:"median_ms"`
	Worst  float64 `json:"worst_ms"`
}

// How often something is looked at: often, unless that takes too long.
const (
	looksMost = 20
	looksFor  = 3 * time.Second
)

// looks are the pages that are opened, with the ids of a voucher and of one with a long past.
func looks(sample, long string, now time.Time) []Look {
	day := func(back int) string { return now.AddDate(0, 0, -back).Format(time.DateOnly) }
	return []Look{
		{Name: "vouchers, first page", Path: "/v1/admin/vouchers"},
		{Name: "vouchers, 500 of them", Path: "/v1/admin/vouchers?limit=500"},
		{Name: "vouchers of a month", Path: "/v1/admin/vouchers?from=" + day(400) + "&to=" + day(370)},
		{Name: "vouchers by the end of a code", Path: "/v1/admin/vouchers?q=Z9Z9"},
		{Name: "vouchers of a product", Path: "/v1/admin/vouchers?q=GIFT"},
		{Name: "vouchers of a shop", Path: "/v1/admin/vouchers?shop=bench"},
		{Name: "vouchers of no shop", Path: "/v1/admin/vouchers?shop=nobody"},
		{Name: "vouchers, active", Path: "/v1/admin/vouchers?state=active"},
		{Name: "vouchers, reserved", Path: "/v1/admin/vouchers?state=reserved"},
		{Name: "vouchers, used in part", Path: "/v1/admin/vouchers?state=rest"},
		{Name: "vouchers, blocked (none)", Path: "/v1/admin/vouchers?state=blocked"},
		{Name: "vouchers, expired (none)", Path: "/v1/admin/vouchers?state=expired"},
		{Name: "vouchers, quarantined (none)", Path: "/v1/admin/vouchers?state=quarantined"},
		{Name: "vouchers, depleted (none)", Path: "/v1/admin/vouchers?state=depleted"},
		{Name: "vouchers by validity", Path: "/v1/admin/vouchers?sort=expires_on"},
		{Name: "vouchers by balance", Path: "/v1/admin/vouchers?sort=-balance"},
		{Name: "a voucher", Path: "/v1/admin/vouchers/" + sample},
		{Name: "a voucher's history", Path: "/v1/admin/vouchers/" + sample + "/history"},
		{Name: "a voucher's history of 500 lines", Path: "/v1/admin/vouchers/" + long + "/history"},
		{Name: "reserved now", Path: "/v1/admin/reservations"},
		{Name: "reserved now, 500 of them", Path: "/v1/admin/reservations?limit=500"},
		{Name: "reserved now, the last first", Path: "/v1/admin/reservations?sort=-held_until"},
		{Name: "reserved now, of a customer", Path: "/v1/admin/reservations?q=c0"},
		{Name: "reserved now, by text", Path: "/v1/admin/reservations?q=nobody"},
		{Name: "used in part", Path: "/v1/admin/reservations?filter=rest"},
		{Name: "purchases", Path: "/v1/admin/purchases"},
		{Name: "deliveries", Path: "/v1/admin/deliveries"},
		{Name: "tasks", Path: "/v1/admin/tasks"},
		{Name: "audit", Path: "/v1/admin/audit"},
		{Name: "batches", Path: "/v1/admin/batches"},
		{Name: "turnover of a month", Path: "/v1/admin/turnover?from=" + day(60) + "&to=" + day(30)},
		{Name: "turnover of a year", Path: "/v1/admin/turnover?from=" + day(365) + "&to=" + day(0)},
		{Name: "metrics", Path: "/metrics"},
		{Name: "readiness", Path: "/readyz"},
	}
}

// look opens each page some times.
func (s *site) look(ctx context.Context, row *Row) error {
	for _, l := range looks(s.sample, s.long, time.Now()) {
		if err := s.open(ctx, &l); err != nil {
			return err
		}
		row.Looks = append(row.Looks, l)
	}
	return nil
}

func (s *site) open(ctx context.Context, l *Look) error {
	var took []time.Duration
	begun := time.Now()
	for len(took) < looksMost && (len(took) < 3 || time.Since(begun) < looksFor) {
		at := time.Now()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.gateway.URL()+l.Path, nil)
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+s.stack.AdminKey)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, answer.Body)
		if err := answer.Body.Close(); err != nil {
			return err
		}
		if err != nil {
			return err
		}
		l.Status = answer.StatusCode
		took = append(took, time.Since(at))
	}
	slices.Sort(took)
	l.Median, l.Worst = milliseconds(took[len(took)/2]), milliseconds(took[len(took)-1])
	return nil
}
