package window

import (
	"errors"
	"math"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
	"vouchsafe/retail/voucher"
)

// formBytes is the most that the form may send: a code and the boundary around it.
const formBytes int64 = 4 << 10

// codeMost is the longest text that is looked at.
const codeMost = 128

// balancePage asks for a code, and tells what it holds.
type balancePage struct {
	page
	Address string // that the form goes to
	Message string // why nothing is told; "" while nothing was asked
	Found   *found
}

// found is what a code holds.
type found struct {
	Last4    string
	Balance  string
	Reserved string // "" when nothing is
	Expires  string
}

// balancePage begins the page. Nobody may list it, since it is for those who have a code.
func (w *window) balancePage(c *gin.Context) balancePage {
	c.Header("X-Robots-Tag", "noindex, nofollow")
	p := balancePage{page: w.pageOf(c.Request, func(w words) string { return w.BalanceTitle })}
	p.Address = "/balance?lang=" + string(p.Lang)
	return p
}

// ask shows the form.
func (w *window) ask(c *gin.Context) { w.show(c, http.StatusOK, "balance", w.balancePage(c)) }

// look tells what is on a voucher that can be used (X16). Whatever else there is to say of a code is one answer: same status, same body.
func (w *window) look(c *gin.Context) {
	p := w.balancePage(c)
	if err := c.Request.ParseForm(); err != nil {
		edge.Fail(c, edge.Refuse(edge.InvalidRequest, "The form can't be read."))
		return
	}
	code := c.Request.PostForm.Get("code")
	seen, err := w.Desk.Glance(within(c), retail.Visitor{IP: c.ClientIP()}, code[:min(len(code), codeMost)], w.Glances)
	slow, tooMany := errors.AsType[*retail.SlowDownError](err)
	switch {
	case err == nil:
		p.Found = w.found(seen, p)
		w.show(c, http.StatusOK, "balance", p)
	case tooMany:
		c.Header("Retry-After", strconv.Itoa(int(math.Ceil(slow.RetryAfter.Seconds()))))
		p.Message = p.Words.TooMany
		w.show(c, http.StatusTooManyRequests, "balance", p)
	case errors.Is(err, voucher.ErrNotFound):
		p.Message = p.Words.Nothing
		w.show(c, http.StatusOK, "balance", p)
	default:
		edge.Fail(c, err)
	}
}

// found renders what a code holds.
func (w *window) found(seen retail.Seen, p balancePage) *found {
	v := seen.Voucher
	amount := func(minor int64) string {
		return w.amount(p.Lang, money.Of(minor, v.Currency).Decimal(), string(v.Currency), v.Country)
	}
	shown := &found{Last4: v.Last4, Balance: amount(v.Balance), Expires: p.Words.Never}
	if seen.Reserved() > 0 {
		shown.Reserved = amount(seen.Reserved())
	}
	if !v.ExpiresOn.Zero() {
		shown.Expires = p.Lang.Date(v.ExpiresOn.Start(v.Zone))
	}
	return shown
}
