package admin

import (
	"time"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// LineOut is a voucher in a list; never its code.
type LineOut struct {
	ID          string       `json:"id" format:"uuid"`
	Last4       string       `json:"last4" doc:"The last symbols of the code"`
	Kind        string       `json:"kind" enum:"money,punches,credit,store_credit"`
	State       string       `json:"state" enum:"inventory,issued,active,claimed,depleted,expired,invalidated"`
	Mode        string       `json:"mode" enum:"card,customer"`
	Product     string       `json:"product" doc:"SKU of the product it was sold as"`
	ExpiresOn   *string      `json:"expires_on" format:"date" doc:"Last day of validity in the merchant's zone; null if it never expires"`
	IssuedAt    time.Time    `json:"issued_at"`
	Issued      money.Amount `json:"issued" doc:"What it was issued for"`
	Balance     money.Amount `json:"balance"`
	Reserved    money.Amount `json:"reserved"`
	Available   money.Amount `json:"available"`
	BlockedBy   []string     `json:"blocked_by" nullable:"false" enum:"order,office,refund" doc:"Whose blocks lie on it; each is lifted only by its own kind. refund: a refund of its purchase waits for it"`
	Quarantined bool         `json:"quarantined"`
	VATBody
	Order *boughtOut `json:"order" doc:"The order it was bought in; null when no webshop sold it"`
}

// boughtOut is the order that a voucher was bought in, with what a link to it needs (A13).
type boughtOut struct {
	Shop     string     `json:"shop"`
	Platform string     `json:"platform"`
	ShopURL  string     `json:"shop_url,omitempty"`
	ID       string     `json:"id" doc:"The shop's own id of the order"`
	Number   string     `json:"number" doc:"As people call the order"`
	Title    string     `json:"title" doc:"What the order's line is called"`
	Status   string     `json:"status" enum:"placed,paid,cancelled,refunded"`
	Tender   string     `json:"tender,omitempty"`
	PaidAt   *time.Time `json:"paid_at,omitempty"`
	Purchase string     `json:"purchase" format:"uuid" doc:"The purchase here"`
	Customer string     `json:"customer,omitempty" doc:"The shop's id of who bought it; not in lists"`

	Line        string       `json:"line" doc:"The shop's own id of the order's line. One voucher is one unit of it"`
	Unit        int          `json:"unit" doc:"Of the line: 1, 2, 3 …"`
	OrderedAt   *time.Time   `json:"ordered_at,omitempty" doc:"When the order was placed, as the shop says"`
	Paid        money.Amount `json:"paid" doc:"For this unit"`
	OrderURL    string       `json:"order_url,omitempty" doc:"The order in the shop's own administration; absent where the platform has no such address"`
	CustomerURL string       `json:"customer_url,omitempty" doc:"Who bought it, there; not in lists"`
}

// showLine renders a voucher with its figures.
func showLine(l retail.Listed, sold *retail.Sold) LineOut {
	v := l.Voucher
	out := LineOut{
		ID: v.ID, Last4: v.Last4, Kind: string(v.Kind), State: string(v.StateAt(l.At)), Mode: string(v.Mode), Product: v.Product,
		IssuedAt: v.IssuedAt.UTC(), Issued: money.Of(l.Issued, v.Currency), Balance: money.Of(v.Balance, v.Currency),
		Reserved: money.Of(l.Reserved, v.Currency), Available: money.Of(v.Balance-l.Reserved, v.Currency),
		BlockedBy: blocks(v), Quarantined: v.Quarantined, Order: showOrder(sold), VATBody: VATBody{string(v.VAT), v.VATRate},
	}
	if !v.ExpiresOn.Zero() {
		day := v.ExpiresOn.String()
		out.ExpiresOn = &day
	}
	return out
}

// blocks are whose blocks lie on a voucher.
func blocks(v voucher.Voucher) []string {
	by := []string{}
	if v.BlockedByOrder {
		by = append(by, string(voucher.OrderBlock))
	}
	if v.BlockedByOffice {
		by = append(by, string(voucher.OfficeBlock))
	}
	if v.Awaited() {
		by = append(by, "refund")
	}
	return by
}

// showOrder renders the order of a voucher.
func showOrder(sold *retail.Sold) *boughtOut {
	if sold == nil {
		return nil
	}
	return &boughtOut{
		Shop: sold.Shop, Platform: sold.Platform, ShopURL: sold.URL, ID: sold.Order, Number: sold.Number, Title: sold.Title,
		Status: sold.Status, Tender: sold.Tender, PaidAt: utc(sold.PaidAt), Purchase: sold.Purchase,
		Line: sold.Line, Unit: sold.Unit, OrderedAt: utc(sold.Placed), Paid: money.Of(sold.Paid, money.Currency(sold.PaidIn)),
		OrderURL: orderURL(sold.Platform, sold.URL, sold.Order),
	}
}

// sheetOut is all that is known of a voucher.
type sheetOut struct {
	LineOut
	RulesBody
	TimeZone    string         `json:"time_zone" doc:"Whose days its validity counts"`
	LastAt      time.Time      `json:"last_at" doc:"When it last changed"`
	Version     int64          `json:"version" doc:"Rises with every change"`
	Reservation *grantOut      `json:"reservation" doc:"Who has the code now, and what frees it; null when nobody has"`
	Quarantine  *quarantineOut `json:"quarantine" doc:"Null when it is not in quarantine"`
	Owner       *whoseOut      `json:"owner" doc:"Who bought it for himself; null for nobody. It binds nobody"`
}

// quarantineOut is why a voucher is in quarantine: a change was acknowledged that the database has lost.
type quarantineOut struct {
	Version int64 `json:"version" doc:"The version that the database knows"`
	Witness int64 `json:"witness" doc:"The highest version that was acknowledged"`
}

// showVoucher renders all that is known of a voucher.
func showVoucher(s retail.Sheet) sheetOut {
	v := s.Seen.Voucher
	out := sheetOut{
		LineOut:   showLine(retail.Listed{Voucher: v, Issued: s.Issued, Reserved: s.Reserved(), At: s.At}, s.Sold),
		RulesBody: showRules(s),
		TimeZone:  v.Zone.String(), LastAt: v.LastAt.UTC(), Version: v.Version, Owner: showWhose(s.Owner),
	}
	if out.Order != nil {
		out.Order.Customer = s.Customer
		out.Order.CustomerURL = customerURL(s.Sold.Platform, s.Sold.URL, s.Customer)
	}
	if s.Live != nil {
		live := showReservation(*s.Live, v, s.At)
		out.Reservation = &live
	}
	if v.Quarantined {
		out.Quarantine = &quarantineOut{Version: v.Version, Witness: s.Witness}
	}
	return out
}

// grantOut is a reservation as staff see it (X04).
type grantOut struct {
	ID         string         `json:"id" format:"uuid"`
	Key        string         `json:"key" doc:"The first key that its owner reserved under"`
	Owner      string         `json:"owner" doc:"shop:ID or till:NAME"`
	HeldBy     counter.HeldBy `json:"held_by"`
	State      string         `json:"state" enum:"active,captured,released,expired,voided"`
	Amount     money.Amount   `json:"amount"`
	Due        money.Amount   `json:"due" doc:"What the holder has to pay in all; of points, in points"`
	HeldUntil  time.Time      `json:"held_until"`
	EndedAt    *time.Time     `json:"ended_at" doc:"Null while it is live"`
	ReleasedBy string         `json:"released_by,omitempty" doc:"What frees the code; of a live one"`
}

// showReservation renders a reservation of a voucher.
func showReservation(r voucher.Reservation, v voucher.Voucher, at time.Time) grantOut {
	out := grantOut{
		ID: r.ID, Key: r.Key, Owner: r.Owner, HeldBy: counter.WhoHolds(r.Owner, r.HolderHint, r.GrantedAt), State: string(r.StateAt(at)),
		Amount: money.Of(r.Amount, v.Currency), Due: money.Of(r.Due, v.Currency), HeldUntil: r.ExpiresAt.UTC(),
	}
	if !r.EndedAt.IsZero() {
		ended := r.EndedAt.UTC()
		out.EndedAt = &ended
	}
	if r.LiveAt(at) {
		out.ReleasedBy = counter.ReleasedBy
	}
	return out
}

// utc is an instant in UTC, if there is one.
func utc(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	shown := at.UTC()
	return &shown
}

// pageOut is a page of a list.
type pageOut[T any] struct {
	Items      []T     `json:"items" nullable:"false"`
	NextCursor *string `json:"next_cursor" doc:"For the page after this one; null on the last"`
}

// showPage renders a page.
func showPage[T, S any](page []S, next string, show func(S) T) *body[pageOut[T]] {
	out := pageOut[T]{Items: make([]T, len(page))}
	for i, item := range page {
		out.Items[i] = show(item)
	}
	if next != "" {
		out.NextCursor = &next
	}
	return ok(out)
}
