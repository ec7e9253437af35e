package orders_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
	"vouchsafe/retail/retailtest"
)

func TestMain(m *testing.M) { retailtest.Main(m) }

// inTx commits fn or fails the test.
func inTx(t *testing.T, pool *pgxpool.Pool, fn func(tx outbox.Tx) error) {
	t.Helper()
	if err := outbox.InTx(t.Context(), pool, fn); err != nil {
		t.Fatal(err)
	}
}

func TestShopsAndProductsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	pool := retailtest.Database(t)
	store := orders.NewStore(pool)
	shop := orders.Shop{
		ID: "demo", Platform: "woocommerce", Name: "Demo", Secrets: [][]byte{{1}, {2}}, URL: "https://shop.example/",
		APIKey: []byte{3}, APISecret: []byte{4}, Language: "da", Sender: "shop@example.dk", Confirmation: orders.Vouchsafe,
		CodesBy: orders.TheShop, OnlineTenders: []string{"quickpay"}, Fields: orders.Fields{RecipientEmail: "Til"},
		DuplicateLogins: true, Zone: "Europe/Vienna", Country: "AT", Holder: "card", PrivacyURL: "https://shop.example/privacy",
	}
	product := purchase.Product{
		SKU: "OPEN", Name: "Gift card", Currency: "DKK", Open: &purchase.Range{Min: 1, Max: 200}, Facilities: []string{"Pool"},
	}.Complete()
	inTx(t, pool, func(tx outbox.Tx) error {
		return errors.Join(orders.AddShop(t.Context(), tx, shop), orders.AddProduct(t.Context(), tx, product))
	})
	gotShop, err := store.Shop(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(shop, gotShop, cmpopts.IgnoreFields(orders.Shop{}, "CreatedAt")); diff != "" {
		t.Errorf("shop (-want +got):\n%s", diff)
	}
	gotProduct, err := store.Product(t.Context(), "OPEN")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(product, gotProduct); diff != "" {
		t.Errorf("product (-want +got):\n%s", diff)
	}
	err = outbox.InTx(t.Context(), pool, func(tx outbox.Tx) error { return orders.AddShop(t.Context(), tx, shop) })
	if !errors.Is(err, orders.ErrExists) {
		t.Errorf("the same shop again: got %v, want %v", err, orders.ErrExists)
	}
	if _, err := store.Shop(t.Context(), "none"); !errors.Is(err, orders.ErrNotFound) {
		t.Errorf("an unknown shop: got %v, want %v", err, orders.ErrNotFound)
	}
}

func TestTheSameBytesAreKeptOnceHoweverManyArriveAtOnce(t *testing.T) {
	t.Parallel()
	pool := retailtest.Database(t)
	digest := sha256.Sum256([]byte("body"))
	item := orders.Item{Shop: "demo", Digest: digest[:], Message: "msg_1", Body: []byte("sealed"), Headers: map[string]string{"A": "b"}}
	var firsts, ids sync.Map
	var running sync.WaitGroup
	for range 20 {
		running.Go(func() {
			err := outbox.InTx(context.Background(), pool, func(tx outbox.Tx) error {
				kept, err := orders.Keep(context.Background(), tx, item)
				if err != nil {
					return err
				}
				ids.Store(kept[0].ID, true)
				if !kept[0].Duplicate {
					firsts.Store(kept[0].Received, true)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	if n := size(&firsts); n != 1 {
		t.Errorf("W1 got %d first ones, want 1", n)
	}
	if n := size(&ids); n != 1 {
		t.Errorf("got %d rows, want 1", n)
	}
}

func size(m *sync.Map) (n int) {
	m.Range(func(any, any) bool { n++; return true })
	return n
}

func stored() *orders.Purchase {
	key := purchase.Key{Line: "1", N: 1}
	late := purchase.Key{Line: "2", N: 1}
	return &orders.Purchase{
		ID: uuid.NewString(), Shop: "demo", Order: "15", Tender: "quickpay", Total: money.Of(500_00, "DKK"), Language: "da",
		Buyer: []byte("sealed"),
		Decided: purchase.Purchase{
			Number: "B-15", Source: "https://shop.example/", Created: time.Unix(1, 0).UTC(), Modified: time.Unix(2, 0).UTC(),
			Status: purchase.Paid, Confirmed: true, Fixed: true, Doubts: []string{"odd"},
			Units: []purchase.Unit{
				{Line: "1", N: 1, SKU: "A", State: purchase.Issued, Value: money.Of(500_00, "DKK"), Paid: money.Of(500_00, "DKK")},
				{Line: "2", N: 1, SKU: "A", State: purchase.Waiting, Reason: purchase.AddedLater, Value: money.Of(1, "DKK"), Paid: money.Of(1, "DKK")},
			},
			Refunds: []purchase.Counted{{ID: "r1", Amount: money.Of(1, "DKK"), Problem: purchase.NamesNoLines}},
		},
		Units: map[purchase.Key]orders.Unit{
			key:  {ID: uuid.NewString(), Title: "Card", Wishes: []byte("sealed"), DeliverOn: "2026-12-24", ForSelf: true, Voucher: uuid.NewString()},
			late: {ID: uuid.NewString(), Title: "Card"},
		},
	}
}

func TestAPurchaseComesBackAsItWas(t *testing.T) {
	t.Parallel()
	pool := retailtest.Database(t)
	want := stored()
	inTx(t, pool, func(tx outbox.Tx) error { return orders.Save(t.Context(), tx, want) })
	read := func() *orders.Purchase {
		got, err := orders.NewStore(pool).Purchase(t.Context(), "demo", "15")
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	ignore := cmp.Options{cmpopts.IgnoreUnexported(orders.Purchase{}), cmpopts.IgnoreFields(orders.Purchase{}, "StoredAt"), cmpopts.EquateEmpty()}
	if diff := cmp.Diff(want, read(), ignore); diff != "" {
		t.Errorf("purchase (-want +got):\n%s", diff)
	}
	inTx(t, pool, func(tx outbox.Tx) error {
		locked, err := orders.Lock(t.Context(), tx, want.Key())
		if err != nil {
			return err
		}
		p := locked[want.Key()]
		p.Decided.Units = p.Decided.Units[:1]
		p.Decided.Refunds[0].Settled, p.Decided.Refunds[0].Problem = true, ""
		return orders.Save(t.Context(), tx, p)
	})
	if got := read(); len(got.Decided.Units) != 1 || !got.Decided.Refunds[0].Settled {
		t.Errorf("a dropped unit or a settled refund was not stored: %+v", got.Decided)
	}
}

func TestANewPurchaseIsMadeByOneTransactionAlone(t *testing.T) {
	t.Parallel()
	pool := retailtest.Database(t)
	inTx(t, pool, func(tx outbox.Tx) error { return orders.Save(t.Context(), tx, stored()) })
	err := outbox.InTx(t.Context(), pool, func(tx outbox.Tx) error { return orders.Save(t.Context(), tx, stored()) })
	if !errors.Is(err, orders.ErrOvertaken) {
		t.Errorf("got %v, want %v", err, orders.ErrOvertaken)
	}
}

func TestPurchasesAreListedPageByPage(t *testing.T) {
	t.Parallel()
	pool := retailtest.Database(t)
	store := orders.NewStore(pool)
	for i := range 5 {
		p := stored()
		p.Order = fmt.Sprint(i)
		for key, unit := range p.Units {
			unit.ID = uuid.NewString()
			p.Units[key] = unit
		}
		inTx(t, pool, func(tx outbox.Tx) error { return orders.Save(t.Context(), tx, p) })
	}
	var seen []string
	for more := ""; ; {
		page, next, err := store.Purchases(t.Context(), orders.Filter{
			Shop: "demo", State: "waiting", Page: orders.Page{Cursor: more, Limit: 2},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page {
			seen = append(seen, p.Order)
		}
		if more = next; more == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"4", "3", "2", "1", "0"}, seen); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
}
