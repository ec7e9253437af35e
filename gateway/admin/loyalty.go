package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/voucher"
)

// loyaltyPath is where the programme of bonus points is.
const loyaltyPath = "/v1/admin/loyalty"

// loyalty adds what the office decides about bonus points.
func (a *admin) loyalty(to huma.API) {
	huma.Register(to, get("loyalty", loyaltyPath, "The programme of bonus points in force"), a.programme)
	put := managing(operation(http.MethodPut, "put-loyalty", loyaltyPath, "Put a programme of bonus points in force"))
	put.Description = "The whole programme, in place of the version that was read: 409 changed_meanwhile when another is in force by now. " +
		"What is left out is not ruled. The same again changes nothing. What was earned stays as it was earned, and what is set aside keeps its rate. " +
		"Days are those of the merchant's zone. What points are worth is rounded down to the smallest coin, once, and nothing else is rounded: of 3 points " +
		"at 100 points for 1.50, 4 øre are covered, by 3 points. An order, a reward and a quote take the fewest points that are worth what they cover; what is " +
		"less than a coin's worth stays with the customer. What an order earns is rounded down to whole points, once for the order."
	huma.Register(to, put, a.putProgramme)
	huma.Register(to, get("loyalty-versions", loyaltyPath+"/versions", "The versions of the programme, the newest first; the 200 newest are listed"), a.programmeVersions)
	huma.Register(to, get("standing", loyaltyPath+"/customers/{id}", "How the programme treats a customer"), a.standing)
	huma.Register(to, managing(operation(http.MethodPut, "set-standing", loyaltyPath+"/customers/{id}", "Say how the programme treats a customer from now on")), a.setStanding)
	huma.Register(to, get("order-points", loyaltyPath+"/orders", "What an order earned, and what points paid of it"), a.orderPoints)
	huma.Register(to, get("rewards", loyaltyPath+"/rewards", "What points were exchanged for that the merchant hands over himself"), a.rewards)
	hand := post("hand-over-reward", loyaltyPath+"/rewards/{id}/hand-over", "Say that a reward was handed over")
	hand.Description = "From then on its points can't be taken back. Again, it changes nothing. One whose points were taken back is 409 already_settled."
	huma.Register(to, hand, a.handOver)
	huma.Register(to, get("faq", loyaltyPath+"/faq", "Questions and answers about points, with what each lacks to be shown"), a.faq)
	answer := managing(operation(http.MethodPut, "put-faq", loyaltyPath+"/faq/{language}/{entry}", "Give a question another text, or approve it"))
	answer.Description = "Only what is approved is shown; a text that is put without approval is a draft again. The same again changes nothing."
	huma.Register(to, answer, a.putFAQ)
	huma.Register(to, get("loyalty-variables", loyaltyPath+"/variables", "What templates of a shop may show of points, by place, and what answers may use"), a.loyaltyVariables)
	lint := post("lint-loyalty", loyaltyPath+"/lint", "Compare a shop's own template with what points have to say at its place; nothing is stored")
	lint.Description = "Reads {{ name }}, {{{name}}}, {name}, {$name}, {!! $name !!} and <%= name %>, with filters behind the name or an object before it. Comments are not read."
	huma.Register(to, lint, a.lint)
}

// refuseLoyalty is the problem of a refusal; a fault is passed on as it is.
func refuseLoyalty(err error) error {
	if changed, ok := errors.AsType[*retail.ProgrammeChangedError](err); ok {
		return edge.Refuse(edge.ChangedMeanwhile, "Another version of the programme is in force by now.", edge.With("version", changed.Version))
	}
	if errors.Is(err, retail.ErrNoEntry) {
		return edge.Refuse(edge.NotFound, "There is no such question.")
	}
	if errors.Is(err, retail.ErrNotExternal) {
		return edge.Refuse(edge.NotFound, "No reward has this id.")
	}
	return refuseTrade(err)
}

// programmeOut is a version of the programme.
type programmeOut struct {
	Version int64      `json:"version" doc:"0 before there is a programme"`
	By      *string    `json:"by" doc:"Who put it in force, as the audit trail names him; null before there is one"`
	At      *time.Time `json:"at" doc:"When; null before there is one"`
	ProgrammeBody
}

// showProgramme renders a version of the programme.
func showProgramme(v retail.ProgrammeVersion) programmeOut {
	out := programmeOut{Version: v.Number, ProgrammeBody: showRulesOf(v.Programme)}
	if v.Number > 0 {
		out.By, out.At = &v.By, utc(&v.At)
	}
	return out
}

func (a *admin) programme(ctx context.Context, _ *struct{}) (*body[programmeOut], error) {
	v, err := a.office.Programme(ctx)
	if err != nil {
		return nil, refuseLoyalty(err)
	}
	return ok(showProgramme(v)), nil
}

func (a *admin) programmeVersions(ctx context.Context, in *SmallPageIn) (*body[pageOut[programmeOut]], error) {
	all, err := a.office.ProgrammeVersions(ctx)
	if err != nil {
		return nil, refuseLoyalty(err)
	}
	return showSmall(*in, all, func(v retail.ProgrammeVersion) string { return fmt.Sprint(v.Number) }, showProgramme)
}

// putProgrammeIn asks for another programme.
type putProgrammeIn struct {
	Body struct {
		Version int64 `json:"version" minimum:"0" doc:"The one that was read; 0 for none"`
		ProgrammeBody
	}
}

func (a *admin) putProgramme(ctx context.Context, in *putProgrammeIn) (*body[programmeOut], error) {
	asked, err := in.Body.programme(a.office.Zone())
	if err != nil {
		return nil, err
	}
	for i, r := range in.Body.Rates {
		if err := a.checkAmount(fmt.Sprintf("rates[%d].value", i), r.Value, r.Value.Minor > 0); err != nil {
			return nil, err
		}
	}
	v, err := a.office.PutProgramme(ctx, counter.Caller(ctx), in.Body.Version, asked)
	if err != nil {
		return nil, refuseLoyalty(err)
	}
	return ok(showProgramme(v)), nil
}

// standingOut is how the programme treats a customer.
type standingOut struct {
	ID       string `json:"id" format:"uuid" doc:"Ours"`
	Shop     string `json:"shop"`
	Customer string `json:"customer" doc:"The shop's id"`
	Excluded bool   `json:"excluded"`
	Percent  int64  `json:"percent"`
	Group    string `json:"group"`
}

// showsStanding renders how the programme treats a customer, or the refusal.
func showsStanding(s retail.CustomerStanding, err error) (*body[standingOut], error) {
	if err != nil {
		return nil, refuseLoyalty(err)
	}
	return ok(showStanding(s)), nil
}

func showStanding(s retail.CustomerStanding) standingOut {
	return standingOut{s.Customer.ID, s.Customer.Shop, s.Customer.Login, s.Standing.Excluded, s.Standing.Percent, s.Group}
}

func (a *admin) standing(ctx context.Context, in *profileIn) (*body[standingOut], error) {
	return showsStanding(a.office.Standing(ctx, in.Shop, in.ID))
}

// setStandingIn says how a customer shall be treated. What is left out is as for everybody.
type setStandingIn struct {
	ID   string `path:"id" minLength:"1" maxLength:"128" doc:"Our own id, a wallet id, or the shop's id of the customer"`
	Shop string `query:"shop" maxLength:"63" doc:"Whose customer is meant. With it somebody who is not known becomes so"`
	Body struct {
		Excluded bool   `json:"excluded,omitempty" doc:"Neither earns nor spends"`
		Percent  int64  `json:"percent,omitempty" minimum:"1" maximum:"1000" default:"100" doc:"Of what others earn"`
		Group    string `json:"group,omitempty" maxLength:"64" doc:"The customer group that he is in, as spending.groups names it"`
	}
}

func (a *admin) setStanding(ctx context.Context, in *setStandingIn) (*body[standingOut], error) {
	return showsStanding(a.office.SetStanding(ctx, counter.Caller(ctx), retail.StandingChange{
		Shop: in.Shop, Name: in.ID, Group: in.Body.Group, Standing: loyalty.Standing{Excluded: in.Body.Excluded, Percent: in.Body.Percent},
	}))
}

// loyaltyVariableOut is what a template or an answer may use.
type loyaltyVariableOut struct {
	Name    string `json:"name"`
	Meaning string `json:"meaning"`
	Example string `json:"example"`
}

func showLoyaltyVariables(of []loyalty.Variable) []loyaltyVariableOut {
	out := make([]loyaltyVariableOut, len(of))
	for i, v := range of {
		out[i] = loyaltyVariableOut(v)
	}
	return out
}

// placeOut is a place in the shop with what it may show.
type placeOut struct {
	Context   string               `json:"context" enum:"account,product,review,checkout,confirmation"`
	Variables []loyaltyVariableOut `json:"variables" nullable:"false"`
}

// loyaltyVariablesOut is all that may be said of points.
type loyaltyVariablesOut struct {
	Items   []placeOut           `json:"items" nullable:"false" doc:"As GET /v1/customers/{id}/points answers them for each context"`
	Answers []loyaltyVariableOut `json:"answers" nullable:"false" doc:"Of questions and answers, used as {{name}}"`
}

func (a *admin) loyaltyVariables(context.Context, *struct{}) (*body[loyaltyVariablesOut], error) {
	out := loyaltyVariablesOut{Items: []placeOut{}, Answers: showLoyaltyVariables(loyalty.AnswerVariables())}
	for _, place := range loyalty.Contexts() {
		out.Items = append(out.Items, placeOut{string(place), showLoyaltyVariables(loyalty.Variables(place))})
	}
	return ok(out), nil
}

// lintIn asks what a template of a shop lacks.
type lintIn struct {
	Body struct {
		Context  string `json:"context" enum:"account,product,review,checkout,confirmation"`
		Template string `json:"template" maxLength:"60000" doc:"As the shop's theme has it"`
	}
}

// lintOut is what a template of a shop lacks.
type lintOut struct {
	Missing []loyaltyVariableOut `json:"missing" nullable:"false" doc:"Variables of the place that it doesn't show"`
	Unknown []string             `json:"unknown" nullable:"false" doc:"Names in it that begin like variables of points and are none at this place"`
}

func (a *admin) lint(_ context.Context, in *lintIn) (*body[lintOut], error) {
	lacks, unknown := loyalty.Lint(loyalty.Context(in.Body.Context), in.Body.Template)
	return ok(lintOut{showLoyaltyVariables(lacks), append([]string{}, unknown...)}), nil
}

// day reads a day of the programme; the zero Date for none.
func day(field, text string) (voucher.Date, error) {
	if text == "" {
		return voucher.Date{}, nil
	}
	d, err := voucher.ParseDate(text)
	if err != nil || text < firstDay || text > lastDay {
		return voucher.Date{}, counter.Invalid(field, "must be a day such as 2026-12-31, from "+firstDay+" to "+lastDay)
	}
	return d, nil
}

// The days that a programme may name: others were mistyped.
const (
	firstDay = "2000-01-01"
	lastDay  = "2999-12-31"
)
