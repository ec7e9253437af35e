package window

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/language"
	"vouchsafe/retail/link"
)

// Config is what the pages show.
type Config struct {
	Links   *retail.Links
	Desk    *retail.Desk
	Sales   *retail.Sales
	Glances retail.Glances // of which codes /balance tells; "" is no such page
	Country string         // ISO 3166: its language is the page's where the reader asks for none that there is
}

// window holds what the pages need.
type window struct {
	Config
	policy string
}

//go:embed pages.html
var pages embed.FS

//go:embed pages.css
var style string

// looks are the pages, parsed once.
var looks = template.Must(template.ParseFS(pages, "pages.html"))

// Routes adds the pages.
func Routes(to gin.IRouter, cfg Config) {
	w := &window{Config: cfg, policy: policyOf(style)}
	to.GET("/buy", w.buy)
	to.GET("/faq", w.faq)
	if cfg.Glances != "" {
		to.GET("/balance", w.ask)
		to.POST("/balance", edge.BodyLimit(formBytes), w.look)
	}
}

// policyOf lets the browser use the pages' own style and send a form back here, and fetch, run and frame nothing.
func policyOf(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}

// tongues are the languages of the pages, in the order in which a reader finds them.
func tongues() []language.Tag {
	return []language.Tag{language.Danish, language.Swedish, language.Norwegian, language.German, language.English}
}

// tongueOf is the language that a reader asks for: in the address, else by the browser, else that of the merchant's country.
func (w *window) tongueOf(r *http.Request) language.Tag {
	asked := cmp.Or(r.URL.Query().Get("lang"), r.URL.Query().Get("language"))
	if _, err := language.Parse(asked); err != nil {
		asked = preferred(r.Header.Get("Accept-Language"))
	}
	return language.Choose(asked, w.Country)
}

// acceptMost is how much of a browser's wishes is read.
const acceptMost = 500

// preferred is the first language of a browser's wishes that there is, by their weights; "" for none.
func preferred(accept string) string {
	best, weight := "", 0.0
	for wish := range strings.SplitSeq(accept[:min(len(accept), acceptMost)], ",") {
		name, parameters, _ := strings.Cut(strings.TrimSpace(wish), ";")
		q := 1.0
		if text, given := strings.CutPrefix(strings.TrimSpace(parameters), "q="); given {
			q, _ = strconv.ParseFloat(text, 64) // what is no weight weighs nothing
		}
		if _, err := language.Parse(name); err == nil && q > weight {
			best, weight = name, q
		}
	}
	return best
}

// page is what every page has.
type page struct {
	Lang    language.Tag
	Words   words
	Style   template.CSS
	Title   string
	Tongues []tongue
}

// tongue leads to the same page in another language.
type tongue struct {
	Lang    language.Tag
	Name    string
	Address string
	Current bool
}

// pageOf begins a page of a title, in the language that the reader asks for.
func (w *window) pageOf(r *http.Request, title func(words) string) page {
	p := w.pageIn(r, w.tongueOf(r), tongues())
	p.Title = title(p.Words)
	return p
}

// pageIn begins a page in one of its languages.
func (w *window) pageIn(r *http.Request, lang language.Tag, of []language.Tag) page {
	p := page{Lang: lang, Words: wordsOf(lang), Style: template.CSS(style)}
	for _, other := range of {
		p.Tongues = append(p.Tongues, tongue{
			Lang: other, Name: wordsOf(other).Itself, Address: r.URL.Path + "?lang=" + string(other), Current: wordsOf(other) == p.Words,
		})
	}
	return p
}

// keeps lets a choice stay in the addresses of the other languages.
func (p *page) keeps(choice link.Choice) {
	for i := range p.Tongues {
		p.Tongues[i].Address += strings.TrimSuffix("&"+choice.Query().Encode(), "&")
	}
}

// choiceOf is what an address chooses.
func choiceOf(r *http.Request) link.Choice {
	query := r.URL.Query()
	return link.Choice{Product: query.Get(link.Product), Category: query.Get(link.Category), Facility: query.Get(link.Facility)}
}

// show renders a page.
func (w *window) show(c *gin.Context, status int, name string, data any) {
	var out bytes.Buffer
	if err := looks.ExecuteTemplate(&out, name, data); err != nil {
		edge.Fail(c, err)
		return
	}
	c.Header("Content-Security-Policy", w.policy)
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("Vary", "Accept-Language")
	c.Data(status, "text/html; charset=utf-8", out.Bytes())
}

// amount writes a value as readers of the language do.
func (w *window) amount(lang language.Tag, decimal, unit, country string) string {
	if country == "" {
		country = w.Country
	}
	return lang.Amount(decimal, unit, country)
}

// within is the context of a request.
func within(c *gin.Context) context.Context { return c.Request.Context() }
