package mail

import (
	"fmt"
	"slices"
	"strings"

	"vouchsafe/retail/language"
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
	v.Recipient, v.Giver, v.Message = tagless(v.Recipient), tagless(v.Giver), tagless(v.Message)
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

// Present is what an order says of a voucher that was bought for somebody else.
type Present struct {
	Name    string // of who is to have it, or ""
	Address string // his mail address, or ""
	Message string // the buyer's words to him, or ""
}

// WithPresent adds to a note, in plain lines, for whom its voucher is and what the buyer says to him, unless the note says that already:
// without it neither shop nor buyer could tell which of several codes is for whom. What a buyer typed is as harmless as in a mail.
func WithPresent(note string, tag language.Tag, p Present) string {
	lines := []string{note}
	name := CleanName(p.Name)
	if plain, err := ParseAddress(p.Address); name == "" && err == nil {
		name = CleanLine(plain)
	}
	if name != "" {
		lines = append(lines, tag.Say(language.MeantFor, language.Values{"name": tagless(name)}))
	}
	if message := tagless(CleanMessage(p.Message)); message != "" && !strings.Contains(note, message) {
		lines = append(lines, tag.Say(language.Message, nil)+":", message)
	}
	return strings.Join(lines, "\n")
}

// tagless takes from a stranger's words what a shop that puts a note into HTML as it is would read as a tag.
func tagless(text string) string { return strings.NewReplacer("<", "‹", ">", "›").Replace(text) }
