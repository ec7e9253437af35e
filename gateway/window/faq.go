package window

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/language"
)

// faqPage answers questions about bonus points.
type faqPage struct {
	page
	Items []retail.Explained
	None  string // what stands where nothing is answered
}

// faq shows what the merchant tells of his points (P22), in one of the languages that he keeps it in.
func (w *window) faq(c *gin.Context) {
	lang := w.tongueOf(c.Request)
	if !slices.Contains(retail.FAQTongues(), lang) {
		lang = language.English
	}
	told, err := w.Sales.FAQ(within(c), "", lang)
	if err != nil {
		edge.Fail(c, err)
		return
	}
	title, none := faqWords(lang)
	p := faqPage{page: w.pageIn(c.Request, lang, retail.FAQTongues()), Items: told.Items, None: none}
	p.Title = title
	w.show(c, http.StatusOK, "faq", p)
}

// faqWords are the page's own texts.
func faqWords(lang language.Tag) (title, none string) {
	if lang == language.Danish {
		return "Bonuspoint: spørgsmål og svar", "Her er ingen svar endnu. Spørg i butikken."
	}
	return "Bonus points: questions and answers", "There are no answers here yet. Please ask in the shop."
}
