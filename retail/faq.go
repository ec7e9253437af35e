package retail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vouchsafe/retail/language"
	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/points"
)

// The audit trail's names for what the office does about answers.
const (
	didPutAnswer     = "put_faq_answer"
	didApproveAnswer = "approve_faq_answer"
)

// ErrNoEntry says that there is no such question, or none in this language.
var ErrNoEntry = points.ErrNoEntry

// PointsAnswer is a question about points with its answer, as the merchant keeps it (P22).
type PointsAnswer struct {
	points.Answer
	// Missing are the variables that the programme gives no value: while there are any, the answer is not shown.
	Missing []string
}

// Shown tells whether a reader sees it.
func (a PointsAnswer) Shown() bool { return a.Approved && len(a.Missing) == 0 }

// FAQ are the questions and answers about points that a reader sees.
type FAQ struct {
	Language language.Tag // one of FAQTongues
	Items    []Explained
}

// Explained is a question with its answer, both filled in.
type Explained struct{ Entry, Question, Answer string }

// FAQTongues lists the languages that the questions are kept in.
func FAQTongues() []language.Tag { return points.Tongues() }

// FAQ is what the merchant tells of his points: the answers that he has approved, filled in from the programme in force. Without a
// programme there are none. The shop is whose name stands in them, "" for the installation's. A language that they are not kept in
// is answered in English.
func (s *Sales) FAQ(ctx context.Context, shop string, tag language.Tag) (FAQ, error) {
	if !slices.Contains(points.Tongues(), tag) {
		tag = language.English
	}
	told := FAQ{Language: tag}
	of, err := s.said(ctx, shop, tag)
	if err != nil || of.version == 0 {
		return told, settled("read what is said of points", err)
	}
	all, err := s.answers(ctx, of, tag)
	for _, a := range all {
		if a.Shown() {
			question, _ := loyalty.Fill(a.Question, of.values)
			answer, _ := loyalty.Fill(a.Answer.Answer, of.values)
			told.Items = append(told.Items, Explained{a.Entry, question, answer})
		}
	}
	return told, settled("read what is said of points", err)
}

// Tongue is the language for whoever asks a shop and names none.
func (s *Sales) Tongue(ctx context.Context, shop string) (language.Tag, error) {
	front, err := s.front(ctx, shop)
	return s.tongue(front, ""), settled("read the language of a shop", err)
}

// front is a shop; the zero Shop for the installation.
func (s *Sales) front(ctx context.Context, shop string) (orders.Shop, error) {
	if shop == "" {
		return orders.Shop{}, nil
	}
	return s.shop(ctx, shop)
}

// answers are all that are kept in a language.
func (s *Sales) answers(ctx context.Context, of saying, tag language.Tag) ([]PointsAnswer, error) {
	kept, err := points.New(s.orders.Pool()).Answers(ctx, tag)
	all := make([]PointsAnswer, len(kept))
	for i, a := range kept {
		all[i] = of.looksAt(a)
	}
	return all, err
}

// saying is what there is to say of points.
type saying struct {
	version int64 // of the programme; 0 for none
	values  map[string]string
}

// looksAt finds out what an answer lacks.
func (of saying) looksAt(a points.Answer) PointsAnswer {
	_, missing := loyalty.Fill(a.Question+"\n"+a.Answer, of.values)
	return PointsAnswer{a, missing}
}

// said reads what there is to say of points in a language: a value for each of loyalty.AnswerVariables that the programme rules.
func (s *Sales) said(ctx context.Context, shop string, tag language.Tag) (saying, error) {
	version, p, err := points.Programme(ctx, s.orders.Pool())
	if err != nil {
		return saying{}, err
	}
	front, err := s.front(ctx, shop)
	if err != nil {
		return saying{}, err
	}
	at, err := s.orders.Now(ctx)
	if err != nil {
		return saying{}, err
	}
	t := telling{tag, s.country(front)}
	values := t.spent(p, at)
	if p.Open(at) {
		t.earned(p, values)
	}
	values["shop_name"], err = s.nameOf(ctx, front)
	return saying{version, values}, err
}

// nameOf is the shop as its buyers know it; of the installation the name of its only shop, or else of the sender of its mails.
func (s *Sales) nameOf(ctx context.Context, shop orders.Shop) (string, error) {
	sender, _, _ := senderOf(s.defaults.From) // without a sender there is no name of his
	if shop.ID != "" {
		return shopName(shop, sender), nil
	}
	all, err := s.orders.Shops(ctx)
	if err == nil && len(all) == 1 {
		sender = shopName(all[0], sender)
	}
	return sender, err
}

// telling writes figures for readers of a language, in the merchant's country.
type telling struct {
	tag     language.Tag
	country string
}

// amount writes money or points; "" for none.
func (t telling) amount(a money.Amount) string {
	if a.Minor == 0 {
		return ""
	}
	return t.tag.Amount(a.Decimal(), string(a.Currency), t.country)
}

func (t telling) points(n int64) string { return t.amount(money.Of(n, money.Point)) }

// balance writes points of which there may be none.
func (t telling) balance(n int64) string {
	return t.tag.Amount(money.Of(n, money.Point).Decimal(), string(money.Point), t.country)
}

// worth is what points are worth at an instant; "" for nothing.
func (t telling) worth(p loyalty.Programme, n int64, at time.Time) string {
	rate, err := p.RateAt(at)
	if err != nil {
		return ""
	}
	return t.amount(money.Of(rate.Worth(n), rate.Value.Currency))
}

// earned adds what is earned.
func (t telling) earned(p loyalty.Programme, into map[string]string) {
	for event, name := range map[loyalty.Event]string{
		loyalty.Order: "order_points", loyalty.Signup: "signup_points", loyalty.Referral: "referral_points",
		loyalty.ReviewProduct: "review_product_points", loyalty.ReviewArticle: "review_article_points",
	} {
		rule, _ := p.Rule(event) // the zero Rule earns nothing
		into[name] = t.points(rule.Points)
		if event == loyalty.Order {
			into["order_per"] = t.amount(money.Of(rule.Per, p.Currency()))
		}
	}
}

// spent is what points are good for.
func (t telling) spent(p loyalty.Programme, at time.Time) map[string]string {
	values := map[string]string{"max_points_per_order": t.points(p.Spending.PerOrder)}
	if rate, err := p.RateAt(at); err == nil {
		values["rate_points"], values["rate_amount"] = t.points(rate.Units), t.amount(rate.Value)
	}
	if p.Lifetime > 0 {
		values["points_lifetime"] = t.tag.Days(p.Lifetime)
	}
	var rewards []string
	for _, r := range p.Rewards {
		rewards = append(rewards, r.Name)
	}
	values["rewards"] = strings.Join(rewards, ", ")
	return values
}

// PointsAnswers reads every question about points in a language, with what it lacks. Error: ErrNoEntry for a language that they are
// not kept in.
func (o *BackOffice) PointsAnswers(ctx context.Context, tag language.Tag) ([]PointsAnswer, error) {
	of, err := o.sales.said(ctx, "", tag)
	if err != nil {
		return nil, settled("read the answers about points", err)
	}
	all, err := o.sales.answers(ctx, of, tag)
	return all, settled("read the answers about points", err)
}

// PutAnswer is a text for a question about points: Language, Entry, Question, Answer and Approved.
type PutAnswer = points.Answer

// PutPointsAnswer gives a question another text, or the merchant's approval: what he approves is the text that he sends along. The
// same again changes nothing. Errors: ErrNoEntry; ErrInvalid, with the names of the fields.
func (o *BackOffice) PutPointsAnswer(ctx context.Context, by Actor, a PutAnswer) (PointsAnswer, error) {
	fault := errors.Join(sayable("question", a.Question), sayable("answer", a.Answer))
	if fault != nil {
		return PointsAnswer{}, errors.Join(ErrInvalid, fault)
	}
	a.PutBy = by.String()
	var now points.Answer
	err := outbox.InTx(ctx, o.sales.orders.Pool(), func(tx outbox.Tx) (err error) {
		var changed bool
		if now, changed, err = points.PutAnswer(ctx, tx, a); err != nil || !changed {
			return err
		}
		action := didPutAnswer
		if a.Approved {
			action = didApproveAnswer
		}
		object := fmt.Sprintf("faq %s/%s", a.Language, a.Entry)
		return o.desk.audit(ctx, tx, by, action, object, map[string]any{"version": now.Version})
	})
	if err != nil {
		return PointsAnswer{}, settled("put an answer about points", err)
	}
	of, err := o.sales.said(ctx, "", a.Language)
	return of.looksAt(now), settled("read what is said of points", err)
}

// sayable refuses a text that is empty, or whose variables are none.
func sayable(field, text string) error {
	if strings.TrimSpace(text) == "" {
		return fmt.Errorf("%s: is empty", field)
	}
	if err := loyalty.CheckAnswer(text); err != nil {
		return fmt.Errorf("%s: %w", field, err)
	}
	return nil
}
