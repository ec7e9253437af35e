package window

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/language"
	"vouchsafe/retail/link"
	"vouchsafe/retail/money"
)

// buyPage shows what is for sale.
type buyPage struct {
	page
	Chosen []string // what the address narrows the offers to, for people
	Offers []offer
}

// offer is a product on the page.
type offer struct {
	SKU    string
	Name   string
	Value  string
	Notice string
	Carts  []cart
}

// cart leads to the sale.
type cart struct{ URL, Label string }

// buy shows the products that a link chooses, each with its way into the shop (B01, B18, B23).
func (w *window) buy(c *gin.Context) {
	p := buyPage{page: w.pageOf(c.Request, func(w words) string { return w.BuyTitle })}
	choice := choiceOf(c.Request)
	offers, err := w.Links.Show(within(c), choice, p.Lang)
	if err != nil {
		edge.Fail(c, err)
		return
	}
	if len(offers) > 0 { // whatever else an address may say is not repeated
		p.choose(choice)
	}
	for _, o := range offers {
		p.Offers = append(p.Offers, w.offer(o, p))
	}
	w.show(c, http.StatusOK, "buy", p)
}

// choose says what the page is narrowed to: words of the merchant's, since products have them.
func (p *buyPage) choose(choice link.Choice) {
	p.keeps(choice)
	for _, narrowed := range []string{choice.Category, choice.Facility} {
		if narrowed != "" {
			p.Chosen = append(p.Chosen, narrowed)
		}
	}
}

// offer renders a product.
func (w *window) offer(o retail.Offer, p buyPage) offer {
	shown := offer{SKU: o.Product.SKU, Name: o.Product.Name, Value: w.value(o, p.Lang, p.Words), Notice: o.Notice}
	for _, way := range o.Carts {
		label := p.Words.Buy
		if len(o.Carts) > 1 {
			label += ": " + way.Name
		}
		shown.Carts = append(shown.Carts, cart{way.URL, label})
	}
	return shown
}

// value is what a product is worth, in the words of a language.
func (w *window) value(o retail.Offer, lang language.Tag, words words) string {
	amount := func(minor int64) string {
		return w.amount(lang, money.Of(minor, o.Product.Currency).Decimal(), string(o.Product.Currency), o.Country)
	}
	switch open := o.Product.Open; {
	case open == nil:
		return amount(o.Product.Amount)
	case open.Max == 0:
		return words.AnyValue
	case open.Min <= 1:
		return words.UpTo + " " + amount(open.Max)
	default:
		return amount(open.Min) + " – " + amount(open.Max)
	}
}
