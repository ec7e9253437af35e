package loyalty

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Variable is something that points have to say at a place in the shop, or in an answer to a question (P11). Every value is a text,
// ready to be shown in the reader's language; "" when there is nothing to say.
type Variable struct {
	Name    string
	Meaning string
	Example string
}

// Variables lists what a template may show at a place, in the order in which it is usually shown; nothing for a place that is none.
func Variables(place Context) []Variable {
	balance := Variable{"points_balance", "the points that the customer has", "1,250 points"}
	worth := Variable{"points_worth", "what the points of this place are worth now", "£12.50"}
	earned := func(by string) Variable {
		return Variable{"points_earned", "the points that " + by + " earns", "40 points"}
	}
	switch place {
	case Account:
		return []Variable{
			balance, worth,
			{"points_reserved", "of the balance, the points that are set aside for orders", "200 points"},
			{"points_ending", "the points that end next", "300 points"},
			{"points_ending_on", "the last day on which those can be used", "31 December 2026"},
			{"points_rate", "what points are worth, as a rate", "100 points = £1.00"},
		}
	case Product:
		return []Variable{earned("this product"), worth}
	case Review:
		return []Variable{earned("a review of it")}
	case Checkout:
		return []Variable{balance, {"points_usable", "the most points that may be used on this order", "500 points"}, worth, earned("this order")}
	case Confirmation:
		return []Variable{
			earned("this order"), {"points_redeemed", "the points that paid for this order", "500 points"},
			{"points_redeemed_worth", "how much of this order they paid", "£5.00"}, balance,
		}
	}
	return nil
}

// The ways in which themes write a variable: {{ name }}, {{{name}}}, {{ $name }}, {{ .name }}, {{ customer.name }} and filters behind
// them; {!! $name !!}; {$name}; {name}; <%= name %>. What stands in a comment is not shown.
var (
	shownAs = regexp.MustCompile(`(?:(\{\{)\{?[-~&]?\s*|(\{!!)\s*|(<%)[=-]\s*@?|(\{))[$.]?((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*)`)
	hidden  = regexp.MustCompile(`(?s)<!--.*?-->|\{\{!--.*?--\}\}|\{\{!.*?\}\}|\{\{--.*?--\}\}|\{\*.*?\*\}|\{#.*?#\}|<%#.*?%>`)
)

// closings end what each way of shownAs begins. What is never ended is shown to nobody as what it stands for.
var closings = [...]struct{ opens, closes string }{{"{{", "}}"}, {"{!!", "!!}"}, {"<%", "%>"}, {"{", "}"}}

// shownIn are the names of what a template shows.
func shownIn(template string) (names []string) {
	template = hidden.ReplaceAllString(template, " ") // a space, so that what stands before it and after it is not one name
	for _, at := range shownAs.FindAllStringSubmatchIndex(template, -1) {
		for i, way := range closings {
			if at[2*i+2] < 0 {
				continue
			}
			rest := template[at[1]:]
			if end := strings.Index(rest, way.closes); end >= 0 && !strings.Contains(rest[:end], way.opens) {
				name := template[at[10]:at[11]]
				names = append(names, name[strings.LastIndex(name, ".")+1:])
			}
		}
	}
	return names
}

// ours is how every variable of points begins; a name like that which is none was mistyped, or is of another place.
const ours = "point"

// Lint compares a shop's own template with what points have to say at its place (P12): the variables that it lacks, and those names
// in it that look like variables of points and are none there. The shop's other variables are its own business.
func Lint(place Context, template string) (lacks []Variable, unknown []string) {
	used := map[string]bool{}
	for _, name := range shownIn(template) {
		if !used[name] && strings.HasPrefix(strings.ToLower(name), ours) && !isOneOf(Variables(place), name) {
			unknown = append(unknown, name)
		}
		used[name] = true
	}
	for _, v := range Variables(place) {
		if !used[v.Name] {
			lacks = append(lacks, v)
		}
	}
	return lacks, unknown
}

func isOneOf(variables []Variable, name string) bool {
	return slices.ContainsFunc(variables, func(v Variable) bool { return v.Name == name })
}

// AnswerVariables lists what an answer to a question about points may use, as {{name}} (P22). What the programme doesn't rule has no
// value.
func AnswerVariables() []Variable {
	return []Variable{
		{"shop_name", "name of the shop", "The shop"},
		{"signup_points", "what a new account earns", "100 points"},
		{"order_points", "what an order earns for every order_per", "1 point"},
		{"order_per", "for how much of the goods, without VAT, an order earns order_points", "£1.00"},
		{"review_product_points", "what a review of a product earns", "25 points"},
		{"review_article_points", "what a review of an article earns", "25 points"},
		{"referral_points", "what a new customer whom one has referred earns", "200 points"},
		{"rate_points", "so many points are worth rate_amount", "100 points"},
		{"rate_amount", "what rate_points are worth now", "£1.00"},
		{"max_points_per_order", "the most points that may be used on one order", "5,000 points"},
		{"points_lifetime", "how long points live", "365 days"},
		{"rewards", "what points are exchanged for, by name", "gift voucher, cinema ticket"},
	}
}

// ErrAnswer says what is wrong with an answer.
var ErrAnswer = errors.New("an answer can't be filled in like that")

var placeholder = regexp.MustCompile(`\{\{\s*([A-Za-z_]\w*)\s*\}\}`)

// CheckAnswer refuses a text with a variable that is none, or with braces that are no variable. Error: ErrAnswer.
func CheckAnswer(text string) error {
	for _, found := range placeholder.FindAllStringSubmatch(text, -1) {
		if !isOneOf(AnswerVariables(), found[1]) {
			return fmt.Errorf("%w: there is no variable {{%s}}", ErrAnswer, found[1])
		}
	}
	if rest := placeholder.ReplaceAllString(text, ""); strings.Contains(rest, "{{") || strings.Contains(rest, "}}") {
		return fmt.Errorf("%w: {{ and }} enclose the name of a variable", ErrAnswer)
	}
	return nil
}

// Fill puts values in the place of a text's variables. Missing are those without one, for each of which nothing is put.
func Fill(text string, values map[string]string) (filled string, missing []string) {
	filled = placeholder.ReplaceAllStringFunc(text, func(found string) string {
		name := placeholder.FindStringSubmatch(found)[1]
		if values[name] == "" && !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
		return values[name]
	})
	return filled, missing
}
