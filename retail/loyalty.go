package retail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"vouchsafe/retail/ledger"
	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/points"
	"vouchsafe/retail/voucher"
)

// Errors about bonus points.
var (
	// ErrGuest refuses points to somebody without an account (P23).
	ErrGuest = errors.New("a guest has no account: points are for customers who are logged in")
	// ErrGuestOrder refuses points for the order of a guest, as its shop has told of it (P23).
	ErrGuestOrder = errors.New("the order was bought by a guest: points are for customers who are logged in")
	// ErrOtherBuyer refuses points to somebody for what another customer has bought, as his shop has told.
	ErrOtherBuyer = errors.New("the order was bought by another customer")
	// ErrNotInProgramme refuses to spend points of somebody who takes no part, or while points are worth nothing.
	ErrNotInProgramme = errors.New("points can't be used here")
	// ErrSelfReferred refuses points to somebody for referring himself.
	ErrSelfReferred = errors.New("nobody refers himself")
	// ErrGuestReferred refuses points for referring somebody who has opened no account.
	ErrGuestReferred = errors.New("name the account that was opened: a guest is no new customer")
	// ErrNotNew refuses points to somebody for referring who was a customer before.
	ErrNotNew = errors.New("a referral is of a new customer: this one was here before")
	// ErrNoReward says that the programme has no such reward.
	ErrNoReward = errors.New("the programme has no such reward")
	// ErrRewardPoints says that a reward costs another number of points.
	ErrRewardPoints = errors.New("the reward costs another number of points")
	// ErrLinesNeeded asks for the lines of an order, since only some products may be paid with points.
	ErrLinesNeeded = errors.New("only some products may be paid with points: name the lines of the order")
)

// didEarn is the audit trail's name for points that the office gives.
const didEarn = "grant_points"

// Loyalty is the counter for bonus points (P01 to P23): they are earned here, and exchanged for rewards; an order is paid with them as
// it is with money of an account. How many there are is the merchant's programme to say. It is safe for concurrent use and keeps no
// state of its own.
type Loyalty struct {
	accounts *Accounts
	stock    *Stockroom
}

// NewLoyalty opens the counter on that of customers' accounts.
func NewLoyalty(accounts *Accounts) *Loyalty {
	return &Loyalty{accounts: accounts, stock: NewStockroom(accounts.desk, accounts.sales)}
}

// Earning is a request to give points for something that a customer did.
type Earning struct {
	Key      string
	Shop     string // of the customer; a shop's own is known
	Customer string // the shop's id of the customer; for the office also our own id or a wallet id
	Event    loyalty.Event
	Order    EarningOrder
	About    loyalty.Line // what was reviewed, of a review; the zero Line: what the key is for
	Referred string       // the shop's id of the customer who was referred, of a referral; "": whom the key is for
	Points   int64        // of a manual grant
	Reason   string       // likewise
	Email    string       `json:"-"` // where to welcome whoever opens an account, or ""; not of what a repeat is known by
}

// EarningOrder is an order that earns points.
type EarningOrder struct {
	ID       string
	NetGoods money.Amount // of what earns: without VAT and freight (P06)
	Total    money.Amount // what it comes to in all; the zero Amount where the shop does not say
	Lines    []loyalty.Line
}

// PointsEarned is what an event earned.
type PointsEarned struct {
	Record   voucher.Record
	Customer Customer
	Created  bool
}

// Earn gives a customer the points that an event earns him, each event once: what was told before under another key earns nothing more,
// and the act is written all the same. What the office grants by hand waits for a second person above the set amount; what it tells of
// otherwise is refused above it, since its shop can tell of it (X13). Errors: ErrGuest, ErrGuestOrder, ErrOtherBuyer, ErrGuestReferred,
// ErrSelfReferred, ErrNotNew, ErrNoAddress, ErrChannel, ErrLogin, ErrUnknownShop, ErrSharedLogins, voucher.ErrCurrency for an order in another currency
// than the programme's, *AwaitingError, the refusals.
func (l *Loyalty) Earn(ctx context.Context, by Actor, e Earning) (PointsEarned, error) {
	if by.Channel == Till || e.Event == loyalty.Manual && by.Channel != Office {
		return PointsEarned{}, fmt.Errorf("earn points: %w", ErrChannel)
	}
	if isGuest(e.Customer) {
		return PointsEarned{}, ErrGuest
	}
	if _, err := mail.ParseAddress(e.Email); err != nil && e.Email != "" {
		return PointsEarned{}, ErrNoAddress
	}
	shop, login, err := l.accounts.claimant(ctx, by, Claim{Shop: e.Shop, Customer: e.Customer}, "")
	if err != nil {
		return PointsEarned{}, err
	}
	switch {
	case e.Event == loyalty.Manual:
		return l.grant(ctx, by, e, shop, login)
	case e.Referred != "" && (isGuest(e.Referred) || !isLogin(e.Referred)):
		return PointsEarned{}, ErrGuestReferred
	case e.Referred == login:
		return PointsEarned{}, ErrSelfReferred
	}
	id, err := l.accounts.desk.ledger.NewID()
	if err != nil {
		return PointsEarned{}, err
	}
	act := voucher.Earn{
		ID: id, Ref: by.ref(voucher.Earnings, e.Key), Asked: e.asked(shop.ID, login), Event: string(e.Event),
		Detail: voucher.Detail{Order: e.Order.ID, Reason: e.Reason},
	}
	_, err = l.accounts.desk.ledger.Find(ctx, act.Ref)
	if err != nil && !errors.Is(err, voucher.ErrActNotFound) {
		return PointsEarned{}, err
	}
	return l.earn(ctx, by, &earning{Earning: e, counter: l, shop: shop, login: login, act: act, told: err == nil})
}

// guestLogin is the id of nobody, as shops write it.
const guestLogin = "0"

// isGuest tells that nobody is named.
func isGuest(customer string) bool { return customer == "" || customer == guestLogin }

// called makes sure that a customer is named at all. Errors: ErrGuest, ErrLogin.
func called(customer string) error {
	switch {
	case isGuest(customer):
		return ErrGuest
	case !isLogin(customer):
		return ErrLogin
	}
	return nil
}

// asked is what the caller said, by which a repeat is known.
func (e Earning) asked(shop, login string) string {
	e.Key, e.Shop, e.Customer = "", shop, login
	said, err := json.Marshal(e)
	if err != nil {
		panic("retail: an earning has no JSON: " + err.Error())
	}
	return string(said)
}

// earning is an event about to earn points.
type earning struct {
	Earning
	counter *Loyalty
	shop    orders.Shop
	login   string
	act     voucher.Earn
	told    bool // before, under this very key: it is answered as it was, whatever it would earn now

	who    Customer
	notes  *points.Earning // of what earns something
	waits  *points.Earning // of an order that has earned points for somebody else
	counts counting        // of the office
}

// earn settles the act with what it was for, in one transaction.
func (l *Loyalty) earn(ctx context.Context, by Actor, e *earning) (PointsEarned, error) {
	applied, err := l.accounts.desk.ledger.ApplyWhole(ctx, func(tx outbox.Tx) ([]ledger.Aimed, error) {
		aimed, err := e.prepare(ctx, tx)
		if err != nil {
			return nil, err
		}
		if by.Channel == Office {
			if e.counts, err = l.accounts.desk.counts(ctx, tx, by, aimed); err != nil {
				return nil, err
			}
			aimed.Act, _ = voucher.Answerable(aimed.Act, e.counts.approval)
		}
		return []ledger.Aimed{aimed}, nil
	}, func(tx outbox.Tx, applied *ledger.Applied) error {
		answer := applied.Answers[0]
		if !answer.Created {
			return nil
		}
		if e.notes != nil {
			if err := points.AddEarning(ctx, tx, *e.notes); err != nil {
				return err
			}
		}
		if e.waits != nil {
			if err := points.Wait(ctx, tx, *e.waits); err != nil {
				return err
			}
		}
		if e.Event == loyalty.Signup {
			greeted := Welcome{Customer: e.who, Email: e.Email, Points: answer.Record.Amount, EarnedAt: answer.Record.At, Days: e.act.Days}
			if err := l.accounts.sales.QueueWelcome(ctx, tx, greeted); err != nil {
				return err
			}
		}
		if by.Channel != Office {
			return nil
		}
		if err := e.counts.gave(ctx, tx, by, answer, e.act.Full); err != nil {
			return err
		}
		return l.accounts.desk.audit(ctx, tx, by, didEarn, answer.Voucher.ID, map[string]any{
			"customer": e.who.ID, "event": e.Event, "points": answer.Record.Amount, "act": answer.Record.ID,
		})
	})
	if explain("earn points", &err); err != nil {
		return PointsEarned{}, err
	}
	return PointsEarned{Record: *applied.Answers[0].Record, Customer: e.who, Created: applied.Answers[0].Created}, nil
}

// prepare reads what the event earns under the lock of its order, if it is one.
func (e *earning) prepare(ctx context.Context, tx outbox.Tx) (aimed ledger.Aimed, err error) {
	var order *tally
	e.notes, e.waits = nil, nil
	if e.Event == loyalty.Order {
		if order, err = openEarning(ctx, tx, e.counter.accounts.desk.ledger, e.shop.ID, e.Order.ID); err != nil {
			return aimed, err
		}
	}
	who, account, err := e.counter.accounts.sales.openAccount(ctx, tx, e.shop, e.login, money.Point)
	if err != nil {
		return aimed, err
	}
	e.who = who
	if !e.told {
		if err := e.buys(ctx, tx, order); err != nil {
			return aimed, err
		}
		if err := e.earns(ctx, tx, account, order); err != nil {
			return aimed, err
		}
	}
	return ledger.Aimed{Voucher: account, Account: true, Act: e.act}, nil
}

// earns says how many points the act brings to an account, and notes what they are for. An order earns by what has become of it, which
// may be anything by now.
func (e *earning) earns(ctx context.Context, tx outbox.Tx, account string, order *tally) error {
	version, programme, err := points.Programme(ctx, tx)
	if err != nil {
		return err
	}
	terms, earned, err := e.reckon(ctx, tx, programme, order)
	if err != nil {
		return err
	}
	subjects, err := e.subjects(ctx, tx, order)
	if err != nil {
		return err
	}
	before, err := points.EarnedFor(ctx, tx, e.shop.ID, e.Event, subjects...)
	if err != nil && !errors.Is(err, points.ErrNotEarned) {
		return err
	}
	note := &points.Earning{Act: e.act.ID, Account: account, Shop: e.shop.ID, Event: e.Event, Subject: subjects[0], Version: version, Terms: terms}
	e.act.Detail.Before = ""
	if again := err == nil && !before.Over; again { // told before under another key, or this very act
		return e.earnsAgain(ctx, tx, note, before, earned, order)
	}
	if err := e.newcomer(ctx, tx); err != nil {
		return err
	}
	if earned > 0 {
		e.notes = note
	}
	e.act.Full = earned
	if earned > 0 && order != nil {
		if earned, err = order.deserves(ctx, tx, terms); err != nil {
			return err
		}
	}
	e.act.Days, e.act.Points = programme.Lifetime, earned
	return order.lookAgain(ctx, tx)
}

// earnsAgain says that the act brings nothing, since the event has earned before. Where that was somebody else's, and it would bring
// something for an order, it waits: the other's points may be taken back.
func (e *earning) earnsAgain(ctx context.Context, tx outbox.Tx, note *points.Earning, before points.Earned, would int64, order *tally) error {
	place, err := ledger.PlaceOf(ctx, tx, before.Account)
	if err != nil {
		return err
	}
	e.act.Points, e.act.Full, e.act.Detail.Before = 0, 0, voucher.BeforeByCustomer
	if place != note.Account {
		e.act.Detail.Before = voucher.BeforeByAnother
		if order != nil && would > 0 {
			e.waits, e.act.Full = note, would
		}
	}
	return order.lookAgain(ctx, tx)
}

// reckon is what an event earns now, and by which terms: an order as it was bought, and the most that it may earn.
func (e *earning) reckon(ctx context.Context, tx outbox.Tx, p loyalty.Programme, order *tally) (terms points.Terms, earned int64, err error) {
	at, err := ledger.Instant(ctx, tx)
	if err != nil {
		return terms, 0, err
	}
	if terms.Standing, _, err = points.Standing(ctx, tx, holderOf(e.who)); err != nil {
		return terms, 0, err
	}
	terms.Rule, _ = p.Rule(e.Event)
	did := loyalty.Did{Event: e.Event, About: e.About}
	if e.Event == loyalty.Order {
		if currency := p.Currency(); currency != "" && e.Order.NetGoods.Currency != currency {
			return terms, 0, voucher.ErrCurrency
		}
		if terms.Bought, err = e.bought(ctx, tx); err != nil {
			return terms, 0, err
		}
		terms.Currency, terms.Days, did.Bought = e.Order.NetGoods.Currency, p.Lifetime, terms.Bought.AtMost()
		if goods := order.known.Goods.Worth; goods.Currency == terms.Currency {
			terms.Bought.Before = goods.Minor
		}
	}
	return terms, p.Earn(did, terms.Standing, at), nil
}

// bought is the order as the shop tells it; what it sells of our products is a stored value, whether the shop says so or not (X17).
func (e *earning) bought(ctx context.Context, tx outbox.Tx) (loyalty.Bought, error) {
	o := e.Order
	if len(o.Lines) == 0 {
		return loyalty.Unlisted(o.NetGoods, o.Total.Minor), nil
	}
	skus := make([]string, len(o.Lines))
	for i, line := range o.Lines {
		skus[i] = line.SKU
	}
	ours, err := orders.Catalogue(ctx, tx, skus)
	if err != nil {
		return loyalty.Bought{}, err
	}
	return loyalty.Basket(marked(o.Lines, ours, o.NetGoods.Currency), o.NetGoods.Minor, o.Total.Minor), nil
}

// Earned finds what an event earned by its key. Error: voucher.ErrActNotFound.
func (l *Loyalty) Earned(ctx context.Context, by Actor, key string) (voucher.Record, error) {
	return l.accounts.desk.Recover(ctx, by, voucher.Earnings, key)
}

// Unearn takes back what an event earned, or makes sure that it never earns anything (X02). What was spent of it can't be. Nobody is
// welcomed to an account that was none.
func (l *Loyalty) Unearn(ctx context.Context, by Actor, key string) (voucher.Answer, error) {
	answer, err := l.accounts.desk.Reverse(ctx, by, voucher.Earnings, key)
	if err != nil || answer.Outcome != voucher.OutcomeReversed || answer.Record.Detail.Earned != string(loyalty.Signup) {
		return answer, err
	}
	whose, err := l.accounts.sales.customersOf(ctx, answer.Record.Voucher)
	if err != nil {
		return voucher.Answer{}, err
	}
	err = l.accounts.desk.ledger.InTx(ctx, func(tx outbox.Tx) error {
		return l.accounts.sales.StopWelcome(ctx, tx, whose[answer.Record.Voucher].ID)
	})
	explain("stop a welcome", &err)
	return answer, err
}

// programme is the one in force with how it treats a customer, at an instant of the database.
type programme struct {
	loyalty.Programme
	standing loyalty.Standing
	group    string
	who      Customer
	at       time.Time // of the database
}

// programmeFor reads it; the zero Customer is somebody who is not known yet.
func (s *Sales) programmeFor(ctx context.Context, who Customer) (p programme, err error) {
	pool := s.orders.Pool()
	if _, p.Programme, err = points.Programme(ctx, pool); err != nil {
		return p, err
	}
	p.who = who
	if p.at, err = s.orders.Now(ctx); err != nil || who.ID == "" {
		return p, err
	}
	p.standing, p.group, err = points.Standing(ctx, pool, holderOf(who))
	return p, err
}
