// Package admin is the HTTP API of the office: it finds vouchers, shows all that is known of them but
// their codes, and cares for them. Every route takes a key of scope admin, or the session of a person who
// has signed in; only the sign-in itself takes none.
//
// The lists take filters in the query, a page at a time, and answer {items, next_cursor}. What is done to
// a voucher is a POST that says what shall be: the same again changes nothing, and the answer is the
// voucher as it is now. What moves value is named by its caller as everywhere: PUT /v1/adjustments/{key}.
//
// Cards that registers sell are printed in batches: PUT /v1/admin/batches/{key} makes vouchers that are worth nothing yet, and the
// printer's list is the one answer of the office with codes in it, until the batch is closed.
//
// Beside the vouchers stand what webshops sold (purchases), what is mailed (deliveries), what waits for a
// person (tasks), and what trade rests on: products, shops and API keys. A task names the calls that settle
// it; secrets and texts of keys are never shown again, and recipients are masked.
//
// What gives more than one alone may waits for a second person: the act is answered 202, and happens under its
// own key when a manager approves it who can't be acting for whoever asked (approvals).
//
// A handler takes a typed request, asks the back office and renders the answer; it decides nothing.
// Refusals become problems in package counter. For checkout and till see package api.
package admin
