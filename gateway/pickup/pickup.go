// Package pickup is the page that a link leads to which the office gave to a customer who lost his voucher.
//
// Following the link shows no code and counts nothing: scanners of mails follow links before people do. The code is behind a button,
// which sends a form. The page loads nothing, runs nothing, is kept by nobody on the way, is in no search engine, and tells no other site
// where the reader came from. A link that works no more looks like one that never was.
package pickup

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"html/template"
	"net/http"

	"github.com/gin-gonic/gin"

	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/language"
)

var (
	//go:embed pickup.css
	style string
	//go:embed pickup.html
	source string

	looks = template.Must(template.New("pickup").Parse(source))
)

// pages are the pages of links.
type pages struct {
	links   *retail.Pickups
	country string
	policy  string
}

// Routes adds the pages. The country's language is that of a reader who asks for none that there is.
func Routes(to gin.IRouter, links *retail.Pickups, country string) {
	sum := sha256.Sum256([]byte(style))
	p := &pages{links: links, country: country, policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"}
	path := retail.PickupPath + ":token"
	to.GET(path, p.ask)
	to.POST(path, p.show)
	to.POST(path+"/voucher.pdf", p.print)
}

// page is what is shown.
type page struct {
	Lang   language.Tag
	Words  words
	Style  template.CSS
	Token  string
	Shown  *retail.PickedUp
	Symbol template.URL
	Gone   bool
}

// begin begins a page: nobody keeps it, lists it, frames it, or learns its address.
func (p *pages) begin(c *gin.Context) page {
	c.Header("X-Robots-Tag", "noindex, nofollow, noarchive")
	c.Header("Referrer-Policy", "no-referrer")
	c.Header("Content-Security-Policy", p.policy)
	c.Header("Vary", "Accept-Language")
	lang := language.Choose(firstOf(c.GetHeader("Accept-Language")), p.country)
	return page{Lang: lang, Words: wordsOf(lang), Style: template.CSS(style), Token: c.Param("token")}
}

// ask shows a button, if the link works.
func (p *pages) ask(c *gin.Context) {
	shown := p.begin(c)
	if err := p.links.Works(c.Request.Context(), shown.Token); err != nil {
		p.fail(c, shown, err)
		return
	}
	render(c, http.StatusOK, shown)
}

// show shows the voucher.
func (p *pages) show(c *gin.Context) {
	shown := p.begin(c)
	found, err := p.links.View(c.Request.Context(), shown.Token)
	if err != nil {
		p.fail(c, shown, err)
		return
	}
	symbol, err := p.links.Symbol(found)
	if err != nil {
		edge.Fail(c, err)
		return
	}
	shown.Shown, shown.Lang, shown.Words = &found, found.Language, wordsOf(found.Language)
	shown.Symbol = template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(symbol))
	render(c, http.StatusOK, shown)
}

// print sends the voucher as PDF.
func (p *pages) print(c *gin.Context) {
	shown := p.begin(c)
	pdf, err := p.links.Print(c.Request.Context(), shown.Token)
	if err != nil {
		p.fail(c, shown, err)
		return
	}
	c.Header("Content-Disposition", `inline; filename="voucher.pdf"`)
	c.Data(http.StatusOK, "application/pdf", pdf)
}

// fail says that a link leads nowhere, or that something went wrong.
func (p *pages) fail(c *gin.Context, shown page, err error) {
	if !errors.Is(err, retail.ErrNoPickup) {
		edge.Fail(c, err)
		return
	}
	shown.Gone = true
	render(c, http.StatusNotFound, shown)
}

func render(c *gin.Context, status int, shown page) {
	var out bytes.Buffer
	if err := looks.Execute(&out, shown); err != nil {
		edge.Fail(c, err)
		return
	}
	c.Data(status, "text/html; charset=utf-8", out.Bytes())
}
