package admin

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
)

// past adds what is about the past: its seals, and what is held on a person.
func (a *admin) past(to huma.API) {
	huma.Register(to, get("seals", "/v1/admin/audit/seals", "The seals of history; keep the latest outside, and vouchsafed verify --head proves that nothing was cut off"), a.seals)
	huma.Register(to, post("export-data-subject", "/v1/admin/data-subjects/export", "Everything that is held on a mail address"), a.exportSubject)
	huma.Register(to, post("erase-data-subject", "/v1/admin/data-subjects/erase", "Erase what is held on a mail address"), a.eraseSubject)
}

// sealOut is a seal.
type sealOut struct {
	Number     int64     `json:"number" doc:"1, 2, 3 …"`
	At         time.Time `json:"at"`
	Hash       string    `json:"hash" doc:"Number and hash are what to keep: they fix all that was before"`
	MAC        string    `json:"mac" doc:"Fingerprint of the hash, under a key derived from the master key"`
	Key        string    `json:"key" doc:"Id of that master key"`
	AuditLines int64     `json:"audit_lines" doc:"How many lines of the audit trail it seals"`
	Accounts   int64     `json:"accounts" doc:"How many vouchers' journals had grown since the seal before"`
}

func (a *admin) seals(ctx context.Context, in *ShortPageIn) (*body[pageOut[sealOut]], error) {
	page, next, err := a.office.Seals(ctx, in.stretch())
	if err != nil {
		return nil, counter.Refuse(err)
	}
	return showPage(page, next, showSeal), nil
}

func showSeal(s retail.Seal) sealOut {
	return sealOut{
		Number: s.Number, At: s.At.UTC(), Hash: hex.EncodeToString(s.Hash), MAC: hex.EncodeToString(s.MAC), Key: s.Key,
		AuditLines: s.AuditLines, Accounts: s.Accounts,
	}
}

// subjectIn names a person.
type subjectIn struct {
	Body struct {
		Email string `json:"email" minLength:"3" maxLength:"254" doc:"The mail address; its domain in upper or lower case, all else exactly as it was given"`
	}
}

// subjectOut is everything that is held on a mail address.
type subjectOut struct {
	Email      string           `json:"email"`
	Orders     []subjectOrder   `json:"orders" nullable:"false" doc:"That the person placed"`
	Gifts      []subjectGift    `json:"gifts" nullable:"false" doc:"Vouchers that were bought for the person"`
	Deliveries []subjectMail    `json:"deliveries" nullable:"false" doc:"Mails to the address"`
	Webhooks   []subjectWebhook `json:"webhooks" nullable:"false" doc:"What shops sent that names the address, and is still kept"`
	Customers  []customerLine   `json:"customers" nullable:"false" doc:"Log-ins of the person at shops, and what he has there"`
	Standings  []standingOut    `json:"points_standings" nullable:"false" doc:"How the programme of bonus points treats them"`
	Consents   []string         `json:"consents" nullable:"false" doc:"None are kept: mails go out because somebody bought"`
}

// subjectOrder is an order of the person.
type subjectOrder struct {
	Purchase  string           `json:"purchase" format:"uuid"`
	Shop      string           `json:"shop"`
	ID        string           `json:"id" doc:"The shop's own id of the order"`
	Number    string           `json:"number"`
	Status    string           `json:"status" enum:"placed,paid,cancelled,refunded"`
	OrderedAt time.Time        `json:"ordered_at"`
	Total     money.Amount     `json:"total"`
	Language  string           `json:"language,omitempty"`
	Name      string           `json:"name,omitempty"`
	Customer  string           `json:"customer,omitempty" doc:"The shop's id of the person"`
	Messages  []string         `json:"messages" nullable:"false" doc:"That the person wrote to recipients"`
	Vouchers  []subjectVoucher `json:"vouchers" nullable:"false"`
	ErasedAt  *time.Time       `json:"erased_at" doc:"Since when nothing personal is in it; null while it is"`
}

// subjectVoucher is a voucher of the person; never its code.
type subjectVoucher struct {
	ID      string       `json:"id" format:"uuid"`
	Last4   string       `json:"last4"`
	State   string       `json:"state"`
	Balance money.Amount `json:"balance"`
}

// subjectGift is what somebody bought for the person.
type subjectGift struct {
	Purchase  string          `json:"purchase" format:"uuid"`
	Shop      string          `json:"shop"`
	Number    string          `json:"number" doc:"Of the giver's order"`
	Title     string          `json:"title"`
	Value     money.Amount    `json:"value"`
	Name      string          `json:"name,omitempty"`
	Message   string          `json:"message,omitempty"`
	DeliverOn string          `json:"deliver_on,omitempty"`
	Voucher   *subjectVoucher `json:"voucher" doc:"Null until it is issued"`
}

// subjectMail is a mail to the person.
type subjectMail struct {
	ID         string     `json:"id" format:"uuid"`
	Kind       string     `json:"kind"`
	State      string     `json:"state"`
	Recipient  bool       `json:"recipient" doc:"The address is still kept with it"`
	CreatedAt  time.Time  `json:"created_at"`
	FinishedAt *time.Time `json:"finished_at"`
}

// subjectWebhook is a body that a shop sent.
type subjectWebhook struct {
	ID         string    `json:"id" format:"uuid"`
	Shop       string    `json:"shop"`
	State      string    `json:"state"`
	ReceivedAt time.Time `json:"received_at"`
}

func (a *admin) exportSubject(ctx context.Context, in *subjectIn) (*body[subjectOut], error) {
	data, err := a.office.ExportSubject(ctx, counter.Caller(ctx), in.Body.Email)
	if err != nil {
		return nil, refuseSubject(err)
	}
	out := subjectOut{
		Email: data.Email, Orders: []subjectOrder{}, Gifts: []subjectGift{}, Deliveries: []subjectMail{}, Webhooks: []subjectWebhook{}, Consents: []string{},
	}
	for _, o := range data.Orders {
		out.Orders = append(out.Orders, showSubjectOrder(o))
	}
	out.Customers, out.Standings = make([]customerLine, len(data.Customers)), make([]standingOut, len(data.Standings))
	for i, s := range data.Standings {
		out.Standings[i] = showStanding(s)
	}
	for i, c := range data.Customers {
		out.Customers[i] = showCustomerLine(retail.CustomerLine(c))
	}
	for _, g := range data.Gifts {
		out.Gifts = append(out.Gifts, showSubjectGift(g))
	}
	for _, d := range data.Deliveries {
		out.Deliveries = append(out.Deliveries, subjectMail{
			ID: d.ID, Kind: string(d.Kind), State: string(d.State), Recipient: d.Recipient != nil, CreatedAt: d.CreatedAt.UTC(), FinishedAt: utc(d.FinishedAt),
		})
	}
	for _, b := range data.Bodies {
		out.Webhooks = append(out.Webhooks, subjectWebhook{ID: b.ID, Shop: b.Shop, State: string(b.State), ReceivedAt: b.ReceivedAt.UTC()})
	}
	return ok(out), nil
}

func showSubjectOrder(o retail.SubjectOrder) subjectOrder {
	out := subjectOrder{
		Purchase: o.ID, Shop: o.Shop, ID: o.Order, Number: o.Decided.Number, Status: o.Decided.Status.String(), OrderedAt: o.Ordered().UTC(),
		Total: o.Total, Language: o.Language, Name: o.Name, Customer: o.Customer, Messages: append([]string{}, o.Messages...), Vouchers: []subjectVoucher{},
	}
	for _, v := range o.Vouchers {
		out.Vouchers = append(out.Vouchers, subjectVoucher{v.ID, v.Last4, string(v.State), money.Of(v.Balance, v.Currency)})
	}
	if !o.ErasedAt.IsZero() {
		out.ErasedAt = utc(&o.ErasedAt)
	}
	return out
}

func showSubjectGift(g retail.SubjectGift) subjectGift {
	out := subjectGift{
		Purchase: g.Purchase.ID, Shop: g.Purchase.Shop, Number: g.Purchase.Decided.Number, Title: g.Unit.Title, Value: g.Value,
		Name: g.Name, Message: g.Message, DeliverOn: g.Unit.DeliverOn,
	}
	if v := g.Voucher; v != nil {
		out.Voucher = &subjectVoucher{v.ID, v.Last4, string(v.State), money.Of(v.Balance, v.Currency)}
	}
	return out
}

// eraseIn names the person to erase, and says why.
type eraseIn struct {
	Body struct {
		Email  string `json:"email" minLength:"3" maxLength:"254" doc:"The mail address; its domain in upper or lower case, all else exactly as it was given"`
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"For the audit trail, which keeps it without the person's names"`
		Cancel bool   `json:"cancel_deliveries,omitempty" doc:"End what is still to be delivered to the person; otherwise that is a reason to refuse"`
	}
}

// erasedOut says what was erased and what stays.
type erasedOut struct {
	Subject string     `json:"subject" doc:"How the audit trail names the person from now on"`
	Erased  erasedNow  `json:"erased" doc:"All zero when there was nothing, or nothing any more"`
	Kept    []keptThat `json:"kept" nullable:"false"`
}

// erasedNow counts what was erased.
type erasedNow struct {
	Orders     int   `json:"orders" doc:"Name, address and customer id in orders of the person, with whom they were for and what was written to them"`
	Gifts      int   `json:"gifts" doc:"Name, address and message in orders of others"`
	Deliveries int64 `json:"deliveries" doc:"Recipients and texts of mails"`
	Webhooks   int64 `json:"webhooks" doc:"Bodies that shops sent"`
	Customers  int   `json:"customers" doc:"Addresses of log-ins at shops, and the log-ins that have nothing any more"`
	Texts      int64 `json:"texts" doc:"Reasons and tasks that named the person"`
	AuditLines int   `json:"audit_lines" doc:"Lines of the audit trail that named the person: what they said is gone, that they were is proven all the same"`
	Cancelled  int   `json:"cancelled" doc:"Deliveries that were ended"`
}

// keptThat is something that stays, and why.
type keptThat struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

func (a *admin) eraseSubject(ctx context.Context, in *eraseIn) (*body[erasedOut], error) {
	cancel := retail.CancelDeliveries(in.Body.Cancel)
	done, err := a.office.EraseSubject(ctx, counter.Caller(ctx), in.Body.Email, in.Body.Reason, cancel)
	if err != nil {
		return nil, refuseSubject(err)
	}
	out := erasedOut{Subject: done.Subject, Erased: erasedNow{
		Orders: done.Orders, Gifts: done.Gifts, Deliveries: done.Deliveries, Webhooks: done.Bodies, Texts: done.Texts,
		AuditLines: len(done.Lines), Cancelled: done.Cancelled, Customers: done.Customers,
	}}
	for _, k := range retail.KeptOfSubject() {
		out.Kept = append(out.Kept, keptThat(k))
	}
	return ok(out), nil
}

// refuseSubject is the problem of a refusal about a person; it never repeats the address.
func refuseSubject(err error) error {
	if still, ok := errors.AsType[*retail.StillToDeliverError](err); ok {
		return edge.Refuse(edge.StillToDeliver, "Something of the person's is not finished, so that nothing was erased.",
			edge.With("deliveries", still.Deliveries), edge.With("vouchers", still.Units), edge.With("webhooks", still.Bodies))
	}
	if errors.Is(err, retail.ErrNoAddress) {
		return counter.Invalid("email", "must be a mail address")
	}
	return counter.Refuse(err)
}
