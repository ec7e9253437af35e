package admin

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
)

// people holds what the handlers about people need.
type people struct {
	door *retail.People
}

// RegisterPeople adds the operations of people: the sign-in, which asks for no key, at the front, the others where a key or a
// session is asked for.
func RegisterPeople(front, to huma.API, door *retail.People) {
	p := &people{door}
	enter := making("sign-in", "/v1/admin/sessions", "Sign in to the office; the token is told this once")
	enter.Security, enter.Middlewares = []map[string][]string{{}}, nil
	enter.Description = "The token is sent as Authorization: Bearer, like a key. It ends after 15 minutes without a request, and after 8 hours at the latest. " +
		"With an initial password new_password is needed too, and takes its place."
	huma.Register(front, enter, p.signIn)
	leave := operation(http.MethodDelete, "sign-out", "/v1/admin/sessions/current", "End the session that is shown")
	huma.Register(to, leave, p.signOut)

	huma.Register(to, get("people", "/v1/admin/people", "Who may sign in to the office"), p.list)
	huma.Register(to, making("add-person", "/v1/admin/people", "Let somebody sign in; what opens the first sign-in is told this once"), p.add)
	huma.Register(to, post("disable-person", "/v1/admin/people/{id}/disable", "Keep somebody from signing in, and end the sessions"), p.disable)
	huma.Register(to, post("reset-person", "/v1/admin/people/{id}/reset", "Give somebody a new initial password and new codes"), p.reset)
	huma.Register(to, post("change-password", "/v1/admin/people/me/password", "Choose another password, and end the other sessions"), p.changePassword)
}

// refusePerson is the problem of a refusal about people; a fault is passed on as it is.
func refusePerson(err error) error {
	if limited, ok := errors.AsType[*retail.SlowDownError](err); ok {
		return edge.Refuse(edge.RateLimited, "Too many failed sign-ins from this address.").After(limited.RetryAfter)
	}
	switch {
	case errors.Is(err, retail.ErrSignIn):
		return edge.Refuse(edge.Unauthorized, "The e-mail address, the password or the code is wrong, or the code was used before.")
	case errors.Is(err, retail.ErrInitialPassword):
		return edge.Refuse(edge.PasswordChange, "Sign in once more with new_password: the initial one opens no session.", edge.With("field", "new_password"))
	case errors.Is(err, retail.ErrWeakPassword):
		_, why, _ := strings.Cut(err.Error(), ": ")
		return counter.Invalid("new_password", why)
	case errors.Is(err, retail.ErrNoPerson):
		return edge.Refuse(edge.NotFound, "Nobody has this id.")
	case errors.Is(err, retail.ErrPersonExists):
		return edge.Refuse(edge.AlreadyExists, "Somebody has this e-mail address already. Nothing was changed.")
	case errors.Is(err, retail.ErrOneself):
		return edge.Refuse(edge.Forbidden, "Nobody does this to himself: another manager does, or vouchsafed person reset.")
	case errors.Is(err, retail.ErrNotSignedIn):
		return edge.Refuse(edge.Forbidden, "This is for people who have signed in; an API key has no session.")
	}
	return refuseTrade(err)
}

// signInIn is what somebody signs in with.
type signInIn struct {
	Body struct {
		Email       string `json:"email" minLength:"1" maxLength:"254"`
		Password    string `json:"password" minLength:"1" maxLength:"256"`
		OTP         string `json:"otp" pattern:"^[0-9]{6}$" doc:"The present code of the authenticator app; each works once"`
		NewPassword string `json:"new_password,omitempty" maxLength:"256" doc:"Takes the place of an initial password: at least 12 characters"`
	}
}

// PersonOut is somebody who may sign in.
type PersonOut struct {
	ID    string `json:"id" format:"uuid" doc:"Opaque: the audit trail names people by it"`
	Name  string `json:"name"`
	Email string `json:"email"`
	Role  string `json:"role" enum:"clerk,manager" doc:"A clerk acts up to the set amount; a manager also approves, and looks after people, keys and shops"`
}

// sessionOut is a session that was just opened.
type sessionOut struct {
	Token     string    `json:"token" doc:"What to send as Authorization: Bearer. It is told this once"`
	Person    PersonOut `json:"person"`
	ExpiresAt time.Time `json:"expires_at" doc:"At the latest; it ends earlier when nobody uses it for 15 minutes"`
}

func (p *people) signIn(ctx context.Context, in *signInIn) (*body[sessionOut], error) {
	session, err := p.door.SignIn(ctx, edge.Source(ctx), retail.Credentials{
		Email: in.Body.Email, Password: retail.Secret(in.Body.Password), OTP: in.Body.OTP, New: retail.Secret(in.Body.NewPassword),
	})
	if err != nil {
		return nil, refusePerson(err)
	}
	return made(sessionOut{session.Token.Reveal(), showPerson(session.Person), session.ExpiresAt.UTC()}), nil
}

// showPerson renders a person.
func showPerson(who retail.Person) PersonOut {
	return PersonOut{ID: who.ID, Name: who.Name, Email: who.Email, Role: string(who.Role)}
}

// signedOutOut is what came of ending a session.
type signedOutOut struct {
	Outcome string `json:"outcome" enum:"ended"`
}

func (p *people) signOut(ctx context.Context, _ *struct{}) (*body[signedOutOut], error) {
	if err := p.door.SignOut(ctx, counter.Caller(ctx)); err != nil {
		return nil, refusePerson(err)
	}
	return ok(signedOutOut{"ended"}), nil
}

// listedPersonOut is a person in the list.
type listedPersonOut struct {
	PersonOut
	State      string     `json:"state" enum:"invited,active,disabled" doc:"invited: no password of one's own yet"`
	CreatedAt  time.Time  `json:"created_at"`
	SignedInAt *time.Time `json:"signed_in_at" doc:"Last; null when never"`
	DisabledAt *time.Time `json:"disabled_at"`
}

// showListed renders a person in the list.
func showListed(who retail.Person) listedPersonOut {
	return listedPersonOut{
		PersonOut: showPerson(who), State: string(who.State()), CreatedAt: who.CreatedAt.UTC(), SignedInAt: unlessZero(who.SignedInAt),
		DisabledAt: unlessZero(who.DisabledAt),
	}
}

// peopleIn asks for people.
type peopleIn struct {
	ShortPageIn
	State string `query:"state" enum:"invited,active,disabled"`
	Sort  string `query:"sort" enum:"created_at,-created_at" default:"created_at" doc:"A minus turns it around"`
}

func (p *people) list(ctx context.Context, in *peopleIn) (*body[pageOut[listedPersonOut]], error) {
	asked := in.stretch()
	asked.Sort = in.Sort
	page, next, err := p.door.List(ctx, retail.PersonFilter{Page: asked, State: retail.PersonState(in.State)})
	if err != nil {
		return nil, refusePerson(err)
	}
	return showPage(page, next, showListed), nil
}

// addPersonIn asks for somebody to be let in.
type addPersonIn struct {
	Body struct {
		Name  string `json:"name" minLength:"1" maxLength:"100"`
		Email string `json:"email" minLength:"3" maxLength:"254" format:"email"`
		Role  string `json:"role,omitempty" enum:"clerk,manager" default:"clerk"`
	}
}

// setUpOut is a person with what opens the first sign-in.
type setUpOut struct {
	listedPersonOut
	InitialPassword string    `json:"initial_password" doc:"It is told this once, and only serves to choose another at the first sign-in"`
	OTPAuth         string    `json:"otpauth" doc:"otpauth://… for an authenticator app, as a QR code or by hand. It is told this once"`
	InitialUntil    time.Time `json:"initial_until" doc:"Until when the initial password serves"`
}

// showSetUp renders a person who was just set up.
func showSetUp(who retail.Person, told retail.SetUp) setUpOut {
	return setUpOut{showListed(who), told.Password.Reveal(), told.OTPAuth.Reveal(), told.Until.UTC()}
}

func (p *people) add(ctx context.Context, in *addPersonIn) (*body[setUpOut], error) {
	who, told, err := p.door.Add(ctx, counter.Caller(ctx), retail.NewPerson{
		Name: in.Body.Name, Email: in.Body.Email, Role: retail.Role(in.Body.Role),
	})
	if err != nil {
		return nil, refusePerson(err)
	}
	return made(showSetUp(who, told)), nil
}

// personIn names a person.
type personIn struct {
	ID string `path:"id" doc:"Id of the person"`
}

// disabledOut is what came of keeping somebody out.
type disabledOut struct {
	Outcome string          `json:"outcome" enum:"disabled,unchanged" doc:"unchanged: was so before"`
	Person  listedPersonOut `json:"person"`
}

func (p *people) disable(ctx context.Context, in *personIn) (*body[disabledOut], error) {
	who, changed, err := p.door.Disable(ctx, counter.Caller(ctx), in.ID)
	if err != nil {
		return nil, refusePerson(err)
	}
	out := disabledOut{"unchanged", showListed(who)}
	if changed {
		out.Outcome = "disabled"
	}
	return ok(out), nil
}

func (p *people) reset(ctx context.Context, in *personIn) (*body[setUpOut], error) {
	who, told, err := p.door.Reset(ctx, counter.Caller(ctx), in.ID)
	if err != nil {
		return nil, refusePerson(err)
	}
	return ok(showSetUp(who, told)), nil
}

// changePasswordIn asks for another password.
type changePasswordIn struct {
	Body struct {
		Password    string `json:"password" minLength:"1" maxLength:"256" doc:"The present one"`
		NewPassword string `json:"new_password" minLength:"1" maxLength:"256" doc:"At least 12 characters"`
	}
}

// changedOut is what came of changing a password.
type changedOut struct {
	Outcome string `json:"outcome" enum:"changed"`
}

func (p *people) changePassword(ctx context.Context, in *changePasswordIn) (*body[changedOut], error) {
	err := p.door.ChangePassword(ctx, counter.Caller(ctx), retail.Secret(in.Body.Password), retail.Secret(in.Body.NewPassword))
	if err != nil {
		return nil, refusePerson(err)
	}
	return ok(changedOut{"changed"}), nil
}
