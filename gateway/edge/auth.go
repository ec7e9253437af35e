package edge

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
)

// keyBytes is the longest key that is looked at.
const keyBytes = 512

// authenticate lets nobody pass without a key. Whatever is wrong with it, the answer is the same.
func (e *Edge) authenticate(c *gin.Context) {
	if err := e.identify(c); err != nil {
		Fail(c, err)
	}
}

// identify finds out who asks and notes it.
func (e *Edge) identify(c *gin.Context) error {
	key, shown := bearer(c.Request.Header)
	if !shown {
		return unauthorized()
	}
	ctx := c.Request.Context()
	actor, err := e.options.Authenticate(ctx, key)
	if errors.Is(err, ErrUnauthorized) {
		return unauthorized()
	}
	if err != nil {
		return err
	}
	stateOf(ctx).actor = &actor
	return nil
}

func unauthorized() *Problem { return Refuse(Unauthorized, "The request needs a valid API key.") }

// bearer reads the one key of a request.
func bearer(header http.Header) (key string, shown bool) {
	values := header.Values("Authorization")
	if len(values) != 1 {
		return "", false
	}
	scheme, key, found := strings.Cut(values[0], " ")
	key = strings.TrimSpace(key)
	if !found || !strings.EqualFold(scheme, "Bearer") || key == "" || len(key) > keyBytes {
		return "", false
	}
	return key, true
}

// Permit is nil when the actor has one of the scopes. Otherwise it is forbidden where only the office may, and
// channel_not_allowed where other channels may.
func Permit(ctx context.Context, scopes ...Scope) error {
	actor, known := ActorFrom(ctx)
	switch {
	case !known:
		return unauthorized()
	case slices.Contains(scopes, actor.Scope):
		return nil
	case len(scopes) == 1 && scopes[0] == Admin:
		return Refuse(Forbidden, "This is for the office.")
	default:
		return Refuse(ChannelNotAllowed, "This act is for other channels than this key's.")
	}
}

// Require makes Permit a middleware of an operation of API.
func Require(scopes ...Scope) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if err := Permit(ctx.Context(), scopes...); err != nil {
			Fail(humagin.Unwrap(ctx), err)
			return
		}
		next(ctx)
	}
}

// RequireManager is a middleware of an operation of the office that clerks may not ask. An API key may: whoever holds
// one runs the office's machines.
func RequireManager(ctx huma.Context, next func(huma.Context)) {
	if actor, known := ActorFrom(ctx.Context()); known && actor.Person != "" && !actor.Manager {
		Fail(humagin.Unwrap(ctx), Refuse(Forbidden, "This is for managers."))
		return
	}
	next(ctx)
}

// Inside is a middleware for what the operator alone may read, as metrics: from the machine itself, or with an
// admin key. Whatever came through a proxy is not from the machine itself.
func (e *Edge) Inside(c *gin.Context) {
	if direct(c) {
		return
	}
	err := e.identify(c)
	if err == nil {
		err = Permit(c.Request.Context(), Admin)
	}
	if err != nil {
		Fail(c, err)
	}
}

// direct tells whether the request comes from this machine, with nobody between.
func direct(c *gin.Context) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if c.GetHeader(name) != "" {
			return false
		}
	}
	peer := net.ParseIP(c.RemoteIP())
	return peer != nil && peer.IsLoopback()
}
