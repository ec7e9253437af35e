package admin

import (
	"context"
	"time"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
)

// keysIn asks for API keys.
type keysIn struct {
	PageIn
	Q     string `query:"q" maxLength:"200" doc:"Within id, name, shop or register. Never a code"`
	Scope string `query:"scope" enum:"shop,till,admin"`
	Shop  string `query:"shop" maxLength:"63" doc:"Bound to this shop"`
	State string `query:"state" enum:"live,revoked"`
	Sort  string `query:"sort" enum:"created_at,-created_at" default:"created_at" doc:"A minus turns it around"`
}

// KeyBody is what a key is made for.
type KeyBody struct {
	Scope      string `json:"scope" enum:"shop,till,admin" doc:"What it may do"`
	Shop       string `json:"shop,omitempty" maxLength:"63" doc:"The shop that it is bound to: needed for a shop's key, possible for a till's"`
	Register   string `json:"register,omitempty" maxLength:"64" doc:"The register that it is bound to, for a till's key alone"`
	MayRelease bool   `json:"may_release,omitempty" doc:"The register may free a webshop's reservation while the customer stands there"`
	Name       string `json:"name,omitempty" maxLength:"64" doc:"How people tell keys apart"`
}

// KeyOut is what is known of a key; never its text.
type KeyOut struct {
	ID string `json:"id"`
	KeyBody
	State      string     `json:"state" enum:"live,revoked"`
	CreatedAt  time.Time  `json:"created_at"`
	LastUsedAt *time.Time `json:"last_used_at" doc:"To the minute; null when never"`
	RevokedAt  *time.Time `json:"revoked_at"`
}

func (t *trade) listKeys(ctx context.Context, in *keysIn) (*body[pageOut[KeyOut]], error) {
	from, to, err := t.span(in.PageIn)
	if err != nil {
		return nil, err
	}
	page, next, err := t.keys.List(ctx, retail.KeyFilter{
		Page: in.stretch(in.Sort), Scope: in.Scope, Shop: in.Shop, State: in.State, Text: in.Q, From: from, To: to,
	})
	if err != nil {
		return nil, refuseTrade(err)
	}
	return showPage(page, next, showKey), nil
}

// showKey renders a key.
func showKey(k retail.Key) KeyOut {
	out := KeyOut{
		ID: k.KeyID, State: "live", CreatedAt: k.CreatedAt.UTC(), LastUsedAt: unlessZero(k.LastUsed), RevokedAt: unlessZero(k.RevokedAt),
		KeyBody: KeyBody{Scope: string(k.Scope), Shop: k.Shop, Register: k.Register, MayRelease: bool(k.MayRelease), Name: k.Name},
	}
	if out.RevokedAt != nil {
		out.State = "revoked"
	}
	return out
}

// addKeyIn asks for a key.
type addKeyIn struct {
	Body KeyBody
}

// newKeyOut is a key that was just made.
type newKeyOut struct {
	KeyOut
	Key string `json:"key" doc:"What to send as Authorization: Bearer. It is told this once and can't be had again"`
}

func (t *trade) addKey(ctx context.Context, in *addKeyIn) (*body[newKeyOut], error) {
	b := in.Body
	key, text, err := t.keys.Add(ctx, counter.Caller(ctx), retail.NewKey{
		Scope: b.Scope, Shop: b.Shop, Register: b.Register, MayRelease: b.MayRelease, Name: b.Name,
	})
	if err != nil {
		return nil, refuseTrade(err)
	}
	return made(newKeyOut{showKey(key), text}), nil
}

// revokeKeyIn names a key.
type revokeKeyIn struct {
	ID string `path:"id" doc:"Id of the key; never its text"`
}

// revokedOut is what came of ending a key.
type revokedOut struct {
	Outcome string `json:"outcome" enum:"revoked,unchanged" doc:"unchanged: it was revoked before"`
	Key     KeyOut `json:"key"`
}

func (t *trade) revokeKey(ctx context.Context, in *revokeKeyIn) (*body[revokedOut], error) {
	key, changed, err := t.keys.Revoke(ctx, counter.Caller(ctx), in.ID)
	if err != nil {
		return nil, refuseTrade(err)
	}
	out := revokedOut{"unchanged", showKey(key)}
	if changed {
		out.Outcome = "revoked"
	}
	return ok(out), nil
}
