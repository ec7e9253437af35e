package admin

import (
	"context"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
	"vouchsafe/retail/voucher"
)

// idIn names a voucher.
type idIn struct {
	ID string `path:"id" doc:"Id of the voucher"`
}

// findCodeIn asks for the voucher of a code.
type findCodeIn struct {
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"128"`
		// Buyer is taken wherever a code is looked up, and counts for shops alone.
		Buyer *struct {
			IP      string `json:"ip,omitempty" maxLength:"64"`
			Session string `json:"session,omitempty" maxLength:"128"`
		} `json:"buyer,omitempty"`
	}
}

func (a *admin) find(ctx context.Context, in *findCodeIn) (*body[sheetOut], error) {
	return show(a.office.Find(ctx, counter.Caller(ctx), retail.Typed{Code: in.Body.Code}))
}

func (a *admin) voucher(ctx context.Context, in *idIn) (*body[sheetOut], error) {
	return show(a.office.Voucher(ctx, in.ID))
}

// show renders a voucher, or its refusal.
func show(s retail.Sheet, err error) (*body[sheetOut], error) {
	if err != nil {
		return nil, counter.Refuse(err)
	}
	return ok(showVoucher(s)), nil
}

// after answers what was done to a voucher: the voucher as it is now.
func (a *admin) after(ctx context.Context, id string, err error) (*body[sheetOut], error) {
	if err != nil {
		return nil, counter.Refuse(err)
	}
	return show(a.office.Voucher(ctx, id))
}

// mayReasonIn names a voucher, and perhaps says why.
type mayReasonIn struct {
	ID   string `path:"id" doc:"Id of the voucher"`
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"500" doc:"For the audit trail"`
	}
}

// reason is what was said, if anything was.
func (in *mayReasonIn) reason() string {
	if in.Body == nil {
		return ""
	}
	return in.Body.Reason
}

func (a *admin) activate(ctx context.Context, in *mayReasonIn) (*body[sheetOut], error) {
	_, err := a.office.Activate(ctx, counter.Caller(ctx), in.ID, in.reason())
	return a.after(ctx, in.ID, err)
}

func (a *admin) block(ctx context.Context, in *mayReasonIn) (*body[sheetOut], error) {
	_, err := a.office.Block(ctx, counter.Caller(ctx), in.ID, in.reason())
	return a.after(ctx, in.ID, err)
}

func (a *admin) unblock(ctx context.Context, in *mayReasonIn) (*body[sheetOut], error) {
	_, err := a.office.Unblock(ctx, counter.Caller(ctx), in.ID, in.reason())
	return a.after(ctx, in.ID, err)
}

// invalidateIn asks for a voucher to be ended.
type invalidateIn struct {
	ID   string `path:"id" doc:"Id of the voucher"`
	Body struct {
		Reason      string `json:"reason" minLength:"1" maxLength:"500"`
		ConfirmLive *bool  `json:"confirm_live,omitempty" nullable:"false" doc:"False asks first: of a reserved voucher the refusal says by whom, and how much of an order it would leave uncovered. Without it, and with true, the reservation ends too"`
	}
}

func (a *admin) invalidate(ctx context.Context, in *invalidateIn) (*body[sheetOut], error) {
	spare := voucher.SpareNothing
	if in.Body.ConfirmLive != nil && !*in.Body.ConfirmLive {
		spare = voucher.SpareReserved
	}
	_, err := a.office.Invalidate(ctx, counter.Caller(ctx), in.ID, in.Body.Reason, spare)
	return a.after(ctx, in.ID, err)
}

// extendIn asks for a later last day.
type extendIn struct {
	ID   string `path:"id" doc:"Id of the voucher"`
	Body struct {
		ExpiresOn string `json:"expires_on" format:"date" doc:"The new last day of validity, later than the present one and not after 9000-12-31"`
		Reason    string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

func (a *admin) extend(ctx context.Context, in *extendIn) (*body[sheetOut], error) {
	last, err := voucher.ParseDate(in.Body.ExpiresOn)
	if err != nil {
		return nil, counter.Invalid("expires_on", "must be a day such as 2030-12-31, not after "+voucher.LastDay)
	}
	_, err = a.office.Extend(ctx, counter.Caller(ctx), in.ID, last, in.Body.Reason)
	return a.after(ctx, in.ID, err)
}

// reasonIn names a voucher and says why.
type reasonIn struct {
	ID   string `path:"id" doc:"Id of the voucher"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

func (a *admin) lift(ctx context.Context, in *reasonIn) (*body[sheetOut], error) {
	_, err := a.office.Lift(ctx, counter.Caller(ctx), in.ID, in.Body.Reason)
	return a.after(ctx, in.ID, err)
}
