// Package conformance is the kit for those who write a shop plugin, a register, or a server that speaks as Vouchsafe does (X18). It
// goes in two directions, and ends with a sheet: one line for each rule, ok or NOT ok or not tried, with the evidence.
//
// # A plugin or a register
//
//	vouchbench conformance client
//
// starts a private installation and stands before it as a gateway that misbehaves on plan. It prints an address, keys and codes. Point
// the client under test to the address, let it sell, redeem, cancel and refund for a while (seven turns of each kind meet everything),
// and press Ctrl-C for the sheet. With --url it stands before an installation of yours.
//
// What it does to the first try of an act, in turn: the answer is lost after the act was executed; 503 with Retry-After; the answer
// comes after --slow; 409 in_progress; the connection is cut before anything was executed; the act is delivered twice; nothing. What a
// client must do then is the same in all cases, and short:
//
//  1. Name the act before it is first sent, from what survives a crash: the order, the receipt.
//  2. No answer, 5xx, 429, 409 in_progress: wait for Retry-After, send the same again under the same key. A key is never given to
//     something else, and something that was tried never gets another key.
//  3. Enough of it: DELETE under the same key, until that is answered. Then another tender may be asked for.
//  4. Release what is not captured. Capture a reservation for one order.
//  5. A code is in the body. A shop says with it whose browser it came from (buyer).
//
// # A register, worked out
//
// It redeems 125.50 kr. for receipt 4711. The answer does not come:
//
//	curl --max-time 10 -X PUT http://127.0.0.1:8099/v1/redemptions/till2:4711:1 \
//	  -H "Authorization: Bearer $TILL_KEY" -H "Content-Type: application/json" \
//	  -d '{"code": "ABCD-EFGH-JKLM-NPQR", "amount": {"amount": 12550, "currency": "DKK"}, "receipt": "4711"}'
//	curl: (52) Empty reply from server
//
// The same again is right, whatever had become of the first: 200 if it was executed, 201 if not, and one redemption in both cases.
//
//	{"redemption": {"key": "till2:4711:1", "id": "01a2…", "amount": {"amount": 12550, "currency": "DKK"}},
//	 "balance": {"amount": 37450, "currency": "DKK"}, "remaining_due": {"amount": 0, "currency": "DKK"}}
//
// The customer wants to pay cash instead: the register takes the act back first, and asks for cash when it is answered.
//
//	curl -X DELETE http://127.0.0.1:8099/v1/redemptions/till2:4711:1 -H "Authorization: Bearer $TILL_KEY"
//	{"outcome": "reversed"}
//
// "prevented" means that it had never arrived; it can't arrive any more. On the sheet the line take-back is ok. A register that sends
// PUT /v1/redemptions/till2:4711:2 instead redeems twice, and finds that on the line same-key.
//
// # A shop, worked out
//
// At the checkout the cart 9f3c reserves what the code covers; the order gets its number later.
//
//	curl -X PUT http://127.0.0.1:8099/v1/reservations/woo:9f3c:1 \
//	  -H "Authorization: Bearer $SHOP_KEY" -H "Content-Type: application/json" \
//	  -d '{"code": "ABCD-EFGH-JKLM-NPQR", "holder": "9f3c", "due": {"amount": 39900, "currency": "DKK"},
//	       "buyer": {"ip": "192.0.2.7", "session": "5e1f"}}'
//	{"key": "woo:9f3c:1", "state": "active", "amount": {"amount": 39900, "currency": "DKK"}, "payment_required": false, …}
//
// A reservation is a state: the same PUT when the cart changes, when a second tab is opened, when nobody knows whether the first one
// arrived. A browser that crashed finds its reservations again with POST /v1/reservations/find {"holder": "9f3c"}. Then the order is
// paid, or it is cancelled:
//
//	curl -X POST http://127.0.0.1:8099/v1/reservations/woo:9f3c:1/capture \
//	  -H "Authorization: Bearer $SHOP_KEY" -H "Content-Type: application/json" -d '{"order": "1042"}'
//	curl -X POST http://127.0.0.1:8099/v1/reservations/woo:9f3c:1/release -H "Authorization: Bearer $SHOP_KEY"
//
// A capture is repeated like any act: for the same order it is always answered alike. Webhooks are signed as Standard Webhooks lays
// down and sent until they are answered 200, under the same webhook-id.
//
// # A server
//
//	vouchbench conformance server --url https://vouchers.example.com --shop-key … --till-key … --code … \
//	  --shop butik --secret whsec_… --admin-key … --product GIFT
//
// plays a webshop and a register. It needs one voucher with a few crowns on it that nobody else uses meanwhile, takes back whatever it
// does, and looks after each rule whether the balance is what it was. Without --shop no webhook is tried, without --admin-key not what
// became of them: that takes a test order, which it cancels before it is ever paid. While a webhook secret is being changed, give both.
// A reservation is captured late if it runs out within --patience.
package conformance
