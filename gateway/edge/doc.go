// Package edge is the outer wall of every HTTP door: who asks, how much they may send, and what an answer that is
// not a success looks like.
//
// An Edge promises, for every route on it: a request id in the answer and in the log; one log line without bodies,
// queries or raw paths; a limit on the body before anything reads it; a panic becomes a 500 without a word about its
// cause; every error is a problem of RFC 9457 whose code stands in the one table of codes.go. Routes of API ask for a
// key first, and take strict JSON alone.
//
// Domain errors become problems in one place, the Mapper that package counter gives; what it doesn't know is internal,
// and its cause is told to the log and to nobody else. The actor and the request id travel in the context, under
// private keys: ActorFrom and RequestID read them.
//
// Prepare turns the switches that gin and huma keep for a whole process; cmd calls it once, before anything else here.
package edge
