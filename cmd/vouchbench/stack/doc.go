// Package stack is what vouchbench works on: a merchant's whole installation on this machine, with a private PostgreSQL, a private
// Redis, a mail server, and one or more gateways as processes of their own, set up through the commands and the API as any merchant
// would. Its parts can be hurt: killed, stopped for a while, started again, put back to an earlier day.
//
// It does not measure and does not judge; packages load, torture and scale do.
package stack
