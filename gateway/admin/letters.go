package admin

import (
	"context"
	"errors"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
	"vouchsafe/retail/voucher"
)

// madeOut names a delivery of a code.
type madeOut struct {
	ID     string `json:"id" format:"uuid"`
	Kind   string `json:"kind" enum:"code,handover" doc:"Mailed from here, or handed to the shop to send"`
	State  string `json:"state" enum:"waiting,pending,sending,in_doubt,done,bounced,failed,cancelled"`
	Reason string `json:"reason,omitempty" doc:"What it waits for, or what was said last"`
}

// deliveredOut is a voucher whose code was sent on its way.
type deliveredOut struct {
	Voucher  sheetOut `json:"voucher"`
	Delivery *madeOut `json:"delivery" doc:"Null for a voucher that no webshop sold: print its document"`
	Code     *string  `json:"code,omitempty" doc:"Of a replacement that nobody is mailed: the new code, for 24 hours"`
}

// delivered answers with the voucher as it is now, and the delivery.
func (a *admin) delivered(ctx context.Context, id string, made *retail.Delivery, err error) (*body[deliveredOut], error) {
	if err != nil {
		return nil, counter.Refuse(err)
	}
	sheet, err := a.office.Voucher(ctx, id)
	if err != nil {
		return nil, counter.Refuse(err)
	}
	out := deliveredOut{Voucher: showVoucher(sheet)}
	if made != nil {
		out.Delivery = &madeOut{ID: made.ID, Kind: string(made.Kind), State: string(made.State), Reason: made.Reason}
	}
	return ok(out), nil
}

// resendIn asks for a code to be mailed once more.
type resendIn struct {
	ID   string `path:"id" doc:"Id of the voucher"`
	Body *struct {
		Recipient string `json:"recipient,omitempty" format:"email" maxLength:"254" doc:"Default: whom it was meant for. A voucher that no webshop sold needs one"`
		Reason    string `json:"reason,omitempty" maxLength:"500" doc:"For the audit trail"`
	}
}

func (a *admin) resend(ctx context.Context, in *resendIn) (*body[deliveredOut], error) {
	recipient, reason := "", ""
	if in.Body != nil {
		recipient, reason = in.Body.Recipient, in.Body.Reason
	}
	if recipient != "" && !retail.IsAddress(recipient) {
		return nil, badAddress("recipient")
	}
	made, err := a.office.Resend(ctx, counter.Caller(ctx), in.ID, recipient, reason)
	return a.delivered(ctx, in.ID, &made, err)
}

// badAddress refuses what nothing can be mailed to.
func badAddress(field string) error {
	return counter.Invalid(field, "is no address that can be mailed to")
}

// recipientIn says whom a voucher is for.
type recipientIn struct {
	ID   string `path:"id" doc:"Id of the voucher"`
	Body struct {
		Email  string `json:"email" format:"email" minLength:"1" maxLength:"254"`
		Name   string `json:"name,omitempty" maxLength:"200" doc:"Default: as it was; none for a voucher that no webshop sold"`
		Reason string `json:"reason,omitempty" maxLength:"500" doc:"For the audit trail"`
	}
}

func (a *admin) recipient(ctx context.Context, in *recipientIn) (*body[deliveredOut], error) {
	if !retail.IsAddress(in.Body.Email) {
		return nil, badAddress("email")
	}
	made, err := a.office.ChangeRecipient(ctx, counter.Caller(ctx), in.ID, retail.Recipient{Email: in.Body.Email, Name: in.Body.Name}, in.Body.Reason)
	if errors.Is(err, retail.ErrNoName) {
		return nil, counter.Invalid("name", "can't be kept: no webshop sold the voucher. Leave it out")
	}
	return a.delivered(ctx, in.ID, &made, err)
}

// replaceIn asks for another code.
type replaceIn struct {
	ID   string `path:"id" doc:"Id of the voucher"`
	Body struct {
		Reason           string `json:"reason" minLength:"1" maxLength:"500"`
		Key              string `json:"key,omitempty" pattern:"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$" doc:"Your name for it: the same again is told what came of it, and gives no other code. Without it a repeat is another replacement"`
		Code             string `json:"code,omitempty" maxLength:"64" doc:"A text of your choice, such as TILLYKKE-ANNA: at least 10 letters and digits, 6 of them different. Without it a code is drawn"`
		ConfirmGuessable bool   `json:"confirm_guessable,omitempty" doc:"Give a chosen code to a voucher of more than 500.00 all the same"`
	}
}

func (a *admin) replace(ctx context.Context, in *replaceIn) (*body[deliveredOut], error) {
	r := retail.Replacement{Voucher: in.ID, Key: in.Body.Key, Reason: in.Body.Reason, Code: in.Body.Code, Text: voucher.ChosenSmall}
	if in.Body.ConfirmGuessable {
		r.Text = voucher.ChosenInSpite
	}
	done, err := a.office.Replace(ctx, counter.Caller(ctx), r)
	for _, refusal := range []error{voucher.ErrWeak, voucher.ErrCode} {
		if errors.Is(err, refusal) {
			return nil, counter.Invalid("code", err.Error())
		}
	}
	out, err := a.delivered(ctx, in.ID, done.Delivery, err)
	if err == nil && !done.Code.Zero() {
		text := done.Code.Reveal()
		out.Body.Code = &text
	}
	return out, err
}

// documentOut is a printed voucher.
type documentOut struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

func (a *admin) document(ctx context.Context, in *idIn) (*documentOut, error) {
	printed, err := a.office.Document(ctx, counter.Caller(ctx), in.ID)
	if err != nil {
		return nil, counter.Refuse(err)
	}
	return &documentOut{pdf, printed}, nil
}
