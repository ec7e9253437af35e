// Package standard speaks for every shop that has no package of its own: a plug-in of the shop sends an order in the
// neutral form, signed as Standard Webhooks lays down (https://www.standardwebhooks.com).
//
//	webhook-id: msg_2KWPBgLlAfxdpx2AI54pPJ85f4W
//	webhook-timestamp: 1674087231
//	webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=
//
//	{"type": "order.paid", "data": {"order": {
//	  "id": "1001", "number": "1001", "status": "paid", "updated_at": "2026-11-22T01:38:05Z",
//	  "currency": "DKK", "language": "da", "customer": {"id": "7", "email": "a@example.dk", "name": "Åse"},
//	  "payment": {"method": "quickpay", "paid_at": "2026-11-22T01:38:05Z"},
//	  "total": {"amount": 100000, "currency": "DKK"},
//	  "lines": [{"id": "1", "sku": "GIFT-500", "name": "Gift card", "quantity": 2,
//	    "unit_price": {"amount": 50000, "currency": "DKK"}, "total": {"amount": 100000, "currency": "DKK"},
//	    "recipient": {"name": "Bo", "email": "bo@example.dk"}, "message": "Tillykke!",
//	    "deliver_on": "2026-12-24", "for_self": false, "one_mail": false}],
//	  "refunds": [{"id": "r1", "amount": {"amount": 50000, "currency": "DKK"},
//	    "lines": [{"id": "1", "quantity": 1, "amount": {"amount": 50000, "currency": "DKK"}}]}]
//	}}}
//
// The order is a state, sent whole each time. Amounts are integers in minor units. The type is a hint for people: status
// decides, and follows from the type only when it is missing. A line's total follows from quantity and unit price, the
// order's from its lines, its currency from its total, and updated_at from the time stamp of the message, which is a worse
// answer: a message that is sent again would look newer than it is. Names that are not in this form are ignored, since
// shops add some; a wrong value under a name that is in it is refused.
//
// A day of delivery that nobody can be sure of keeps its voucher's mail back until the office names one, and nothing else. Of a message
// 500 characters are mailed.
//
// There is no API to ask, so what a message leaves out stays unknown.
package standard
