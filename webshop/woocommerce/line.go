package woocommerce

import (
	"fmt"
	"strconv"
	"strings"

	"vouchsafe/webshop"
)

func readLines(o webshop.Object, order *webshop.Order, fields webshop.Fields) {
	for _, l := range o.Objects("line_items") {
		line := webshop.Line{
			ID:   serial(l, "id"),
			SKU:  l.Loose("sku"), // null once the product is deleted
			Name: l.Loose("name"),
			Paid: webshop.Decimal(paid(l), order.Currency),
			Net:  webshop.Decimal(l.Decimal("total"), order.Currency),
		}
		line.Quantity = quantity(l, order)
		readWishes(l, &line, fields)
		order.Lines = append(order.Lines, line)
	}
}

// paid is the line's total with its tax. The field "price" is not looked at: it is a quotient that PHP computed in
// floating point.
func paid(l webshop.Object) string {
	tax := "0"
	if l.Loose("total_tax") != "" {
		tax = l.Decimal("total_tax")
	}
	return addDecimals(l.Decimal("total"), tax)
}

// quantity is 0 for a line that is sold by weight or length, so that the vouchers beside it are not held up.
func quantity(l webshop.Object, order *webshop.Order) int {
	text := l.Decimal("quantity")
	whole, fraction, _ := strings.Cut(text, ".")
	if strings.Trim(fraction, "0") != "" {
		order.Doubts = append(order.Doubts, fmt.Sprintf("line %s has the quantity %s, which is no number of units", l.Loose("id"), text))
		return 0
	}
	n, err := strconv.Atoi(whole)
	if err != nil || n < 0 {
		l.Fail("quantity", "a number of units was expected, not %.40q", text)
	}
	return n
}

// readWishes reads what the buyer asked for.
func readWishes(l webshop.Object, line *webshop.Line, fields webshop.Fields) {
	meta := l.Objects("meta_data")
	line.Recipient.Email = wish(meta, fields.RecipientEmail)
	line.Recipient.Name = wish(meta, fields.RecipientName)
	line.Message = wish(meta, fields.Message)
	line.OneMail = isYes(wish(meta, fields.OneMail))
	line.DeliverOn = wish(meta, fields.DeliverOn)
}

// isYes reads a ticked box, as shop plugins write it in the languages of their forms.
func isYes(text string) bool {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "1", "on", "true", "yes", "ja", "y", "x":
		return true
	}
	return false
}

// wish finds the first text under a key, which a merchant may have read from the screen: then it is the display key.
// The raw value is preferred, since the displayed one has lost its line breaks and may carry markup; where it is a list
// or an object, only the displayed one is text.
func wish(meta []webshop.Object, key string) string {
	if key == "" {
		return ""
	}
	for _, name := range []string{"key", "display_key"} {
		for _, m := range meta {
			if m.Loose(name) != key {
				continue
			}
			if text := m.Loose("value"); text != "" {
				return text
			}
			if text := m.Loose("display_value"); text != "" {
				return text
			}
		}
	}
	return ""
}
