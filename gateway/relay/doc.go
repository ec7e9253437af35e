// Package relay stands between webshops and the back office: the only place that knows both the shops' words and ours.
//
// A webhook comes in through [Relay.Routes]: its signature is checked over the raw bytes, the bytes are stored, and the shop has its
// 200 before anything is read. The back office then lets [Relay.Read] make an order of the stored bytes: parsed by the platform's
// own package, fetched from the shop where the body carries only an id, completed by what only the shop's API tells, and with every
// amount turned from text into minor units, exactly or not at all. The back office decides what follows.
//
// Shops lose webhooks and switch them off, so the relay also asks: [Relay.Poll] for what changed, [Relay.CheckWebhooks] whether the
// webhook still lives. And it hands codes to shops that send them themselves.
//
// It promises that nothing is stored of a body that its shop did not sign, and that what is signed always gets its 200. It refuses
// to guess: what can't be read is set aside for a person.
package relay
