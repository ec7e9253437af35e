package admin

import (
	"encoding/base64"
	"slices"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
)

// SmallPageIn is what a list takes that is short by its nature, and told whole unless less is asked for.
type SmallPageIn struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"500" doc:"Items of a page"`
	Cursor string `query:"cursor" maxLength:"2000" doc:"next_cursor of the page before"`
}

// showSmall renders a page of a short list, whose items are told apart by a key. It goes on after the item that ended the page before; a
// cursor whose item is gone is none any more.
func showSmall[T, S any](in SmallPageIn, all []S, key func(S) string, show func(S) T) (*body[pageOut[T]], error) {
	if in.Cursor != "" {
		last, err := base64.RawURLEncoding.DecodeString(in.Cursor)
		at := slices.IndexFunc(all, func(item S) bool { return key(item) == string(last) })
		if err != nil || at < 0 {
			return nil, counter.Refuse(retail.ErrCursor)
		}
		all = all[at+1:]
	}
	next := ""
	if len(all) > in.Limit {
		all = all[:in.Limit]
		next = base64.RawURLEncoding.EncodeToString([]byte(key(all[in.Limit-1])))
	}
	return showPage(all, next, show), nil
}
