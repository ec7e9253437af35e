package document

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/goregular"

	"vouchsafe/retail/language"
	"vouchsafe/retail/voucher"
)

// Voucher is what a page says. All texts but the code may be empty; whatever they hold is printed, not obeyed.
type Voucher struct {
	Kind     voucher.Kind
	Language language.Tag
	Made     time.Time // the document's date: that of the delivery, so that a repeat is the same document

	Shop      string // the shop's name
	Sender    string // who answers for the voucher: name and address of the merchant, in one line
	Title     string // the product's name
	Value     string // as language.Tag.Amount writes it
	Code      string // as it is shown: XXXX-XXXX-XXXX-XXXX, or a foreign code's own pattern
	Expires   string // the last day, as language.Tag.Date writes it; "" never expires
	Inactive  bool   // the shop activates it before it can be used
	Gift      bool   // bought for somebody else: the page then greets the recipient and names the giver
	Recipient string
	Giver     string
	Message   string // at most 500 characters are printed
}

// maxCode is what a foreign code may be long and still fit its symbols. Both are ASCII.
const maxCode = 32

// PDF prints vouchers, each on a page of its own. An error means that a code can't be printed as a symbol; names and messages never
// cause one. It panics without a voucher.
func PDF(vouchers ...Voucher) ([]byte, error) {
	typeface, err := parseTypeface()
	if err != nil {
		return nil, err
	}
	pdf := newPDF(vouchers[0])
	for _, v := range vouchers {
		if err := checkCode(v.Code); err != nil {
			return nil, err
		}
		pdf.AddPage()
		p := &page{pdf: pdf, v: typeface.printable(v)}
		p.gift()
		if err := p.slip(); err != nil {
			return nil, err
		}
		p.instructions()
	}
	var out bytes.Buffer
	if err := pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("print vouchers: %w", err)
	}
	return out.Bytes(), nil
}

func checkCode(code string) error {
	if code == "" || len(code) > maxCode {
		return errors.New("print voucher: a code has 1 to 32 characters")
	}
	for _, r := range code {
		if r <= ' ' || r > '~' {
			return errors.New("print voucher: a code is printable ASCII")
		}
	}
	return nil
}

// The families of the page.
const (
	sans = "sans" // styles "", "B" and "I"
	mono = "mono" // style "B"
)

// newPDF is an empty document whose octets depend on the voucher alone.
func newPDF(v Voucher) *fpdf.Fpdf {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(v.Made.UTC())
	pdf.SetModificationDate(v.Made.UTC())
	pdf.SetProducer("Vouchsafe", true)
	pdf.SetLang(string(v.Language))
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetMargins(0, 0, 0)
	// Copies, since the library writes into the font that it is given, and these are shared by all pages.
	pdf.AddUTF8FontFromBytes(sans, "", bytes.Clone(goregular.TTF))
	pdf.AddUTF8FontFromBytes(sans, "B", bytes.Clone(gobold.TTF))
	pdf.AddUTF8FontFromBytes(sans, "I", bytes.Clone(goitalic.TTF))
	pdf.AddUTF8FontFromBytes(mono, "B", bytes.Clone(gomonobold.TTF))
	return pdf
}
