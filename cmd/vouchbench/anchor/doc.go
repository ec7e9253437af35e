// Package anchor is what the gateway is measured against, since machines differ: the same HTTP, and behind it the least that any
// such program must do. An empty handler; one script in Redis that reserves; one SQL statement that takes value, writes a line and an
// act; one SELECT; one statement that issues. No rules, no authorisation, no logging, no second gateway: what it reaches is a
// ceiling, not an alternative.
package anchor
