package edge

import (
	"net/http"
	"time"
)

// Code names a problem for programs. Clients build on it, so that none is ever renamed.
type Code string

// The codes.
const (
	InvalidRequest        Code = "invalid_request"
	Unauthorized          Code = "unauthorized"
	Forbidden             Code = "forbidden"
	BadSignature          Code = "bad_signature"
	NotFound              Code = "not_found"
	MethodNotAllowed      Code = "method_not_allowed"
	TooLarge              Code = "too_large"
	UnsupportedMediaType  Code = "unsupported_media_type"
	Internal              Code = "internal"
	VoucherNotFound       Code = "voucher_not_found"
	NotActive             Code = "not_active"
	Blocked               Code = "blocked"
	Invalidated           Code = "invalidated"
	Expired               Code = "expired"
	Claimed               Code = "claimed"
	Quarantined           Code = "quarantined"
	ClaimRequired         Code = "claim_required"
	ModeMismatch          Code = "mode_mismatch"
	KindMismatch          Code = "kind_mismatch"
	CannotBeApplied       Code = "cannot_be_applied"
	HeldElsewhere         Code = "held_elsewhere"
	InsufficientBalance   Code = "insufficient_balance"
	BalanceChanged        Code = "balance_changed"
	ChangedMeanwhile      Code = "changed_meanwhile"
	CurrencyMismatch      Code = "currency_mismatch"
	AboveLimit            Code = "above_limit"
	NotReversible         Code = "not_reversible"
	NeedsAddress          Code = "needs_address"
	CodeGone              Code = "code_gone"
	AlreadySold           Code = "already_sold"
	OtherProduct          Code = "other_product"
	Guessable             Code = "guessable_code"
	DeliveryUnderWay      Code = "delivery_under_way"
	StillToDeliver        Code = "still_to_deliver"
	AlreadyExists         Code = "already_exists"
	AlreadySettled        Code = "already_settled"
	NoCopyLeft            Code = "no_copy_left"
	CannotPublish         Code = "cannot_publish"
	ClosesItself          Code = "closes_itself"
	ChannelNotAllowed     Code = "channel_not_allowed"
	ReservationExpired    Code = "reservation_expired"
	ReservationEnded      Code = "reservation_ended"
	ReservationSuperseded Code = "reservation_superseded"
	ReservationNotFound   Code = "reservation_not_found"
	TooManyVouchers       Code = "too_many_vouchers"
	MembershipRequired    Code = "membership_required"
	CashOutNotAllowed     Code = "cash_out_not_allowed"
	TokenTaken            Code = "token_taken"
	NotPaidOnline         Code = "not_paid_online"
	ApprovalRequired      Code = "approval_required"
	AwaitingApproval      Code = "awaiting_approval"
	PasswordChange        Code = "password_change_required"
	OtherAmount           Code = "other_amount"
	KeyReused             Code = "key_reused"
	InProgress            Code = "in_progress"
	Prevented             Code = "prevented"
	RateLimited           Code = "rate_limited"
	Unavailable           Code = "unavailable"
	SettingsMissing       Code = "settings_missing"
)

// retrySoon is what Retry-After says where nothing better is known: long enough for a twin or a fail-over to end.
const retrySoon = 2 * time.Second

// kind is what is said about a code: its row in the table.
type kind struct {
	Code    Code
	Status  int
	Title   string
	Meaning string        // what happened
	Remedy  string        // what to do
	Retry   time.Duration // what Retry-After says unless the problem says better; 0 is no such header
}

// kinds is the one table of codes. It never changes.
var kinds = index([]kind{
	{
		InvalidRequest, http.StatusBadRequest, "The request is not valid",
		"A field is missing, unknown, there twice, of the wrong type, over its limit or below its least value; or the body is not JSON in UTF-8.",
		"Correct the field that the problem names. Sending the same again gives the same answer.", 0,
	},
	{
		Unauthorized, http.StatusUnauthorized, "A valid key is needed",
		"The request shows no API key, or one that is not valid.",
		"Send Authorization: Bearer and a key. Keys are made with vouchsafed key add, and by the office.", 0,
	},
	{
		Forbidden, http.StatusForbidden, "This key may not do that",
		"The key is valid, and its scope does not reach this.",
		"Use a key of the right scope.", 0,
	},
	{
		BadSignature, http.StatusUnauthorized, "The signature is wrong",
		"The webhook's signature is missing or doesn't match its body and the shop's secret, or its time is too far off. Nothing was stored.",
		"Compare the secret in the shop with the one registered here, and the clock of the sender.", 0,
	},
	{
		NotFound, http.StatusNotFound, "There is nothing here",
		"Nothing bears this address or name, or it belongs to somebody else.",
		"Check the address and the key.", 0,
	},
	{
		MethodNotAllowed, http.StatusMethodNotAllowed, "This method is not allowed here",
		"The address exists and takes other methods.",
		"Use a method that the Allow header names.", 0,
	},
	{
		TooLarge, http.StatusRequestEntityTooLarge, "The body is too large",
		"Bodies may have 64 KiB, webhooks 1 MiB.",
		"Send less.", 0,
	},
	{
		UnsupportedMediaType, http.StatusUnsupportedMediaType, "JSON is needed",
		"The body says that it is something else than JSON in UTF-8, or it is compressed.",
		"Send Content-Type: application/json and no Content-Encoding.", 0,
	},
	{
		Internal, http.StatusInternalServerError, "Something went wrong here",
		"A fault of Vouchsafe itself. Its log tells more under the request id.",
		"Repeat the request under the same key: that is always safe. If it fails again, tell the operator the request id.", 0,
	},
	{
		VoucherNotFound, http.StatusNotFound, "No voucher has this code",
		"The code is well formed or not, and unknown here.",
		"Read the code again, symbol by symbol.", 0,
	},
	{
		NotActive, http.StatusConflict, "The voucher is not active yet",
		"It has not been sold or activated.",
		"Activate it first; the office can.", 0,
	},
	{
		Blocked, http.StatusConflict, "The voucher is blocked",
		"The office or a cancelled order blocked it, or a refund of its purchase waits for it: whoever has reserved it already may go on.",
		"The office can see why, and lift the block; a refund's by closing its task.", 0,
	},
	{
		Invalidated, http.StatusConflict, "The voucher was invalidated",
		"It was ended for good, by a refund of its purchase or by the office.",
		"Nothing makes it valid again. The office can see why.", 0,
	},
	{
		Expired, http.StatusConflict, "The voucher has expired",
		"Its last day is over where the merchant is.",
		"The office can extend it.", 0,
	},
	{
		Claimed, http.StatusConflict, "The voucher has moved to an account",
		"A customer claimed it: its value lies on their account, and the code is finished.",
		"Use the customer's account.", 0,
	},
	{
		Quarantined, http.StatusConflict, "The voucher is being looked at",
		"The stores disagree about it after a loss of data, so that it can't be spent until a person has looked.",
		"The office has a task for it.", 0,
	},
	{
		ClaimRequired, http.StatusConflict, "The voucher must be claimed first",
		"Its value is spent from a customer's account only.",
		"Claim it for a customer, then use the account.", 0,
	},
	{
		ModeMismatch, http.StatusConflict, "The voucher works in another way",
		"Card vouchers are spent by code, customer vouchers by account.",
		"Use the way that fits this voucher.", 0,
	},
	{
		KindMismatch, http.StatusConflict, "The two hold value of another kind",
		"Value moves between places of one kind that are taxed in one way; an account holds means of payment.",
		"Choose another place, or correct the balances one by one.", 0,
	},
	{
		CannotBeApplied, http.StatusUnprocessableEntity, "This code cannot be applied",
		"It is unknown, or its state doesn't let a webshop use it. Webshops are never told which.",
		"Let the customer read the code again, or ask the merchant, who can see the reason.", 0,
	},
	{
		HeldElsewhere, http.StatusConflict, "The code is reserved elsewhere",
		"Another holder has it reserved, until held_until at most.",
		"Wait, or let that holder release it. A register with the right, and the office, can release a webshop's reservation.", 0,
	},
	{
		InsufficientBalance, http.StatusConflict, "There is not enough on it",
		"The amount is above what is available. A capture is limited by what was reserved.",
		"Take at most what available says, and the rest by another tender.", 0,
	},
	{
		BalanceChanged, http.StatusConflict, "The balance has changed meanwhile",
		"The balance is no longer the expected one.",
		"Read it again, and decide anew.", 0,
	},
	{
		ChangedMeanwhile, http.StatusConflict, "Somebody has changed it meanwhile",
		"The version that was to be replaced is no longer the one in force.",
		"Read it again, and decide anew.", 0,
	},
	{
		CurrencyMismatch, http.StatusConflict, "The currencies differ",
		"The voucher or account is in another currency or unit.",
		"Use its own currency.", 0,
	},
	{
		AboveLimit, http.StatusConflict, "That is above the limit",
		"The voucher would hold more than the installation allows, or the order be paid with more points than the programme allows.",
		"Use a smaller amount, or a second voucher; take the rest of the order by another tender.", 0,
	},
	{
		NotReversible, http.StatusConflict, "That can't be taken back",
		"What the act gave is spent or refunded, or the time to take it back is over.",
		"The office can adjust or refund.", 0,
	},
	{
		NeedsAddress, http.StatusConflict, "There is no address to send to",
		"The delivery has no usable mail address.",
		"Give it a recipient.", 0,
	},
	{
		CodeGone, http.StatusConflict, "The code is no longer kept",
		"The voucher ended so long ago that its code was shredded.",
		"Use the voucher's id.", 0,
	},
	{
		AlreadySold, http.StatusConflict, "The voucher was sold before",
		"The code is of a voucher that is no longer in the inventory: somebody has bought it.",
		"Sell another card. If this one lies unsold in the shop, let the office look at the voucher's history.", 0,
	},
	{
		OtherProduct, http.StatusConflict, "The card is of another product",
		"The pre-printed voucher was made for another product than the one that is sold.",
		"Sell it as what it was printed as, or take another card.", 0,
	},
	{
		Guessable, http.StatusConflict, "The code could be guessed",
		"A code whose text somebody chose guards no large amount: whoever knows the person it was made for may guess it. Nothing was changed.",
		"Let a code be drawn; or repeat with confirm_guessable if you mean it.", 0,
	},
	{
		DeliveryUnderWay, http.StatusConflict, "A mail is under way",
		"A delivery of the code is being sent, or may have been sent: whom it goes to can't change now.",
		"Wait until it is settled. One in doubt is repeated once, and then waits as a task in the office.", 0,
	},
	{
		StillToDeliver, http.StatusConflict, "Something is still to be delivered",
		"The person whose data should be erased still waits for a mail, or something of his waits in the office. Nothing was erased.",
		"Wait for it or settle it; or repeat with cancel_deliveries, and what was bought is never mailed. Webhooks that are set aside are settled by their tasks.", 0,
	},
	{
		AlreadyExists, http.StatusConflict, "There is one of this name",
		"A shop of this id or a product with this SKU is registered already, a voucher has this code, or the file was imported before. Nothing was changed.",
		"Use the one that there is, or another name.", 0,
	},
	{
		AlreadySettled, http.StatusConflict, "It is settled already",
		"Nothing is left to decide: it is done, cancelled, closed, or replaced by something later. Nothing was changed.",
		"Look at it as it is now.", 0,
	},
	{
		NoCopyLeft, http.StatusConflict, "No further copy may leave",
		"Three copies of this message have left, or may have.",
		"Make a new delivery with a resend, if it is still wanted.", 0,
	},
	{
		CannotPublish, http.StatusConflict, "The product can't be published there",
		"The shop takes no products from here, or the product can't be sold there as it is. The detail says which. Nothing was changed.",
		"Mend what the detail names. In a shop that takes none, make the product by hand under the same SKU.", 0,
	},
	{
		ClosesItself, http.StatusConflict, "The task closes by itself",
		"Its cause still is, and the task ends with it: closing it would hide what waits.",
		"Settle the cause. The task names the calls that do.", 0,
	},
	{
		ChannelNotAllowed, http.StatusForbidden, "Not in this channel",
		"This act is for other channels: a webshop, for one, never reloads.",
		"Do it at a till or in the office.", 0,
	},
	{
		ReservationExpired, http.StatusConflict, "The reservation has expired",
		"It ran out and can't be captured any more. The problem says how much of the order is uncovered.",
		"Reserve again if the code is free, or take the uncovered amount by another tender.", 0,
	},
	{
		ReservationEnded, http.StatusConflict, "The reservation has ended",
		"It was captured for another order, released or, of a customer's account, freed by the office. The problem says how much of the order is uncovered.",
		"Reserve again if the code is free, or take the uncovered amount by another tender.", 0,
	},
	{
		ReservationSuperseded, http.StatusConflict, "The reservation made way for somebody else",
		"After this reservation ended another took the code, or what was set aside; or a register or the office freed the code for him. The problem says how much of the order is uncovered.",
		"Take the uncovered amount by another tender. The office has a task for this order.", 0,
	},
	{
		ReservationNotFound, http.StatusNotFound, "There is no such reservation",
		"No reservation of yours bears this key.",
		"Check the key, and that the API key is of the shop or register that reserved.", 0,
	},
	{
		TooManyVouchers, http.StatusConflict, "Too many vouchers on one order",
		"The merchant allows fewer codes on an order.",
		"Release one of the others first.", 0,
	},
	{
		MembershipRequired, http.StatusConflict, "This is for members",
		"The product needs a membership, which the customer has not.",
		"Tell the customer what the member notice of the problem says. Name a customer whose membership is registered, or let the till confirm it.", 0,
	},
	{
		CashOutNotAllowed, http.StatusConflict, "The balance is not paid out",
		"The voucher's country gives no right to its value in cash, and what is on it is above the limit that the merchant has set, or there is none.",
		"Let the customer spend it. The limit is VOUCHSAFE_CASH_OUT_LIMIT.", 0,
	},
	{
		TokenTaken, http.StatusConflict, "The token can't be bound",
		"Its number is some voucher's code, or it is bound to another voucher that is still in use.",
		"Use another token, or take the other binding back: DELETE it, or let the office unbind that voucher.", 0,
	},
	{
		NotPaidOnline, http.StatusConflict, "The purchase was not paid online",
		"Its tender is no online payment, so that a person must vouch for it.",
		"Make sure of the payment, and repeat with confirm_unpaid.", 0,
	},
	{
		ApprovalRequired, http.StatusForbidden, "A person must approve this",
		"The amount is above what an API key may do alone.",
		"Do it in the office, signed in.", 0,
	},
	{
		AwaitingApproval, http.StatusAccepted, "A second person must approve this",
		"The act is stored, and waits.",
		"Another person approves or refuses it in the office.", 0,
	},
	{
		PasswordChange, http.StatusForbidden, "A password of one's own is needed",
		"The e-mail address, the password and the code are right. The password is an initial one, which somebody else has seen, and opens no session.",
		"Sign in once more with the same, and with new_password.", 0,
	},
	{
		OtherAmount, http.StatusConflict, "The act would move another amount",
		"What was asked for would by now move another amount than the one that waits for approval. Nothing was moved.",
		"Reject it, and let it be asked for anew.", 0,
	},
	{
		KeyReused, http.StatusUnprocessableEntity, "The key names another act",
		"Under this key something with other content was done before. Nothing was done now.",
		"A new act needs a new key; a repeat needs the same content.", 0,
	},
	{
		InProgress, http.StatusConflict, "The same is under way",
		"The same act under the same key is running.",
		"Repeat after Retry-After: the answer will be that act's.", retrySoon,
	},
	{
		Prevented, http.StatusConflict, "The key was taken back",
		"A DELETE ended this key before or after its act.",
		"If it shall happen after all, use a new key.", 0,
	},
	{
		RateLimited, http.StatusTooManyRequests, "Too many wrong codes",
		"Too many codes that do not exist were asked for. Acts by key go on.",
		"Wait for Retry-After.", retrySoon,
	},
	{
		SettingsMissing, http.StatusConflict, "A setting is missing",
		"What was asked for needs settings that nobody has made yet; the problem names them.",
		"Make them, and repeat.", 0,
	},
	{
		Unavailable, http.StatusServiceUnavailable, "Not available at the moment",
		"A store can't be reached. Nothing was changed, or the repeat tells what was.",
		"Repeat under the same key after Retry-After.", retrySoon,
	},
})

func index(table []kind) map[Code]kind {
	rows := make(map[Code]kind, len(table))
	for _, k := range table {
		rows[k.Code] = k
	}
	return rows
}
