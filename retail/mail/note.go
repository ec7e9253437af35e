package mail

import (
	"fmt"
	"slices"
	"strings"
)

// RenderNote fills in the text of the letter's own layout for the second mail, for a shop that sends it itself (E10): neither subject
// nor HTML, and nothing in it is a file. The letter needs no addresses. Errors: ErrCode for a text in which a reader would not find
// exactly the voucher's code; ErrLayout when the layout can't be filled in.
func RenderNote(letter Letter, v Voucher) (string, error) {
	letter.Shop, letter.Sender = CleanLine(letter.Shop), cleanLine(letter.Sender, maxSender)
	if err := checkLink(letter.PrivacyURL); err != nil {
		return "", err
	}
	v = v.cleaned()
	v.QR, v.PDF = nil, nil
	filled, err := letter.Layout.render(v.values(letter))
	if err != nil {
		return "", err
	}
	if found := codesIn(filled.text); !slices.Equal(found, ours([]string{v.Code})) || !strings.Contains(filled.text, v.Code) {
		return "", fmt.Errorf("%w: %d found", ErrCode, len(found))
	}
	return filled.text, nil
}
