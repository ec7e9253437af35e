package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

// problemType is the media type of RFC 9457.
const problemType = "application/problem+json"

// Problem is an answer that is not a success, after RFC 9457. It is an error, so that handlers return it.
type Problem struct {
	Type      string `json:"type" example:"/problems/held_elsewhere" doc:"Where the code is explained."`
	Title     string `json:"title" example:"The code is reserved elsewhere" doc:"The code in words, always the same."`
	Status    int    `json:"status" example:"409" doc:"The HTTP status again."`
	Detail    string `json:"detail" doc:"What happened here."`
	Code      Code   `json:"code" example:"held_elsewhere" doc:"What happened, for programs."`
	RequestID string `json:"request_id" doc:"What to tell the operator: the log knows it."`

	members []Member
	retry   time.Duration
}

// Member is one more member of a problem: held_until, available, field.
type Member struct {
	Name  string
	Value any
}

// With names a member for Refuse.
func With(name string, value any) Member { return Member{name, value} }

// Refuse makes the problem of a code. detail says what happened here, in a sentence, and never repeats a code, a key
// or an address. It panics when the table doesn't know the code.
func Refuse(code Code, detail string, members ...Member) *Problem {
	k, known := kinds[code]
	if !known {
		panic(fmt.Sprintf("edge: no problem has the code %q", code))
	}
	return &Problem{
		Type: "/problems/" + string(code), Title: k.Title, Status: k.Status, Detail: detail, Code: code,
		members: members, retry: k.Retry,
	}
}

// After says in Retry-After when to come back: whole seconds, rounded up.
func (p *Problem) After(wait time.Duration) *Problem {
	p.retry = wait
	return p
}

// Error tells code and detail.
func (p *Problem) Error() string { return string(p.Code) + ": " + p.Detail }

// GetStatus tells huma the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType tells huma the media type.
func (p *Problem) ContentType(string) string { return problemType }

// MarshalJSON writes the members beside the fixed ones.
func (p *Problem) MarshalJSON() ([]byte, error) {
	type fixed Problem
	text, err := json.Marshal((*fixed)(p))
	if err != nil {
		return nil, err
	}
	out := bytes.NewBuffer(text[:len(text)-1])
	for _, m := range p.members {
		value, err := json.Marshal(m.Value)
		if err != nil {
			return nil, fmt.Errorf("member %s: %w", m.Name, err)
		}
		out.WriteString("," + strconv.Quote(m.Name) + ":")
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// TransformSchema says in the OpenAPI document that there are further members.
func (p *Problem) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.AdditionalProperties = true
	s.Description = "A problem after RFC 9457. Some codes have further members; type leads to a page that explains the code."
	return s
}

// headers writes what a problem says beside its body.
func (p *Problem) headers(set func(name, value string)) {
	if p.retry > 0 {
		seconds := (p.retry + time.Second - 1) / time.Second
		set("Retry-After", strconv.FormatInt(int64(seconds), 10))
	}
	if p.Code == Unauthorized {
		set("WWW-Authenticate", "Bearer")
	}
}

// Mapper makes the problem of a domain error, or nil when it doesn't know it. It is asked for every error of a
// handler that is no Problem.
type Mapper func(err error) *Problem

// Fail answers a plain gin request with the problem of err, and ends its chain. Handlers of API just return err.
func Fail(c *gin.Context, err error) {
	p := problemOf(c.Request.Context(), err)
	p.headers(c.Header)
	c.Header("Content-Type", problemType)
	c.AbortWithStatus(p.Status)
	if c.Request.Method == http.MethodHead {
		return
	}
	// The status is out: an answer that can't be written now has nobody left to read it.
	_ = json.NewEncoder(c.Writer).Encode(p)
}

// problemOf finds the problem of an error, gives it the request's id, and notes for the log what is a fault.
func problemOf(ctx context.Context, err error) *Problem {
	s := stateOf(ctx)
	p := s.classify(ctx, err)
	if p.Status >= http.StatusInternalServerError && s.fault == nil {
		s.fault = err
	}
	return p.in(s)
}

// in is the problem as it happened in one request.
func (p *Problem) in(s *state) *Problem {
	mine := *p
	mine.RequestID, s.said = s.id, p.Code
	return &mine
}

// classify asks, in this order: is it a problem already, did the client leave, does the mapper know it.
func (s *state) classify(ctx context.Context, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return Refuse(TooLarge, "The body is larger than this address takes.")
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return Refuse(Unavailable, "The request was given up.")
	}
	if s.mapper != nil {
		if p := s.mapper(err); p != nil {
			return p
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Refuse(Unavailable, "It took too long.")
	}
	return Refuse(Internal, "Something went wrong. The log tells more under the request id.")
}
