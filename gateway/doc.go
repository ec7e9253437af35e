// Package gateway stands between webshops and tills on one side and the back office on the other.
// Its rooms are edge (who asks, how errors look, limits), api (checkout and till), relay (webhooks
// in, the only room that knows the shops' own words) and schedule (what happens by the clock). This
// package puts them together and adds what an operator asks: is it alive, is it ready, how much does
// it do.
package gateway
