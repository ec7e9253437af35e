package staff

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"vouchsafe/retail/keyring"
	"vouchsafe/retail/keyset"
	"vouchsafe/retail/retailtest"
)

// entrance is an office that people sign in to, with a cheap look at passwords.
type entrance struct {
	*People
	t     *testing.T
	watch *watch
	pool  *pgxpool.Pool
}

func opens(t *testing.T) *entrance {
	t.Helper()
	ring, err := keyring.New(rand.Reader, keyring.Master{ID: "k1", Key: [32]byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	e := &entrance{t: t, watch: newWatch(), pool: retailtest.Database(t)}
	e.People = NewPeople(PeopleConfig{
		Pool: e.pool, Ring: ring, Random: rand.Reader, Now: e.watch.now, Cost: Cost{KiB: 64, Passes: 1, Lanes: 1}, Issuer: "Vouchsafe",
	})
	return e
}

// operator is the command line.
func operator() Maker { return Maker{Actor: "command line"} }

// guest is a person with what a test knows of the access.
type guest struct {
	Person
	told SetUp
	seed string
}

// anna is added by somebody.
func (e *entrance) anna(by Maker) guest { return e.adds("Anna Holm", "anna@example.dk", by) }

func (e *entrance) adds(name, email string, by Maker) guest {
	e.t.Helper()
	who, told, err := e.Add(e.t.Context(), NewPerson{name, email, Manager}, by)
	if err != nil {
		e.t.Fatal(err)
	}
	return guest{who, told, seedOf(e.t, told)}
}

// seedOf reads the otpauth address as an authenticator app does.
func seedOf(t *testing.T, told SetUp) string {
	t.Helper()
	key, err := otp.NewKeyFromURL(told.OTPAuth.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	return key.Secret()
}

// code is what the app shows now.
func (e *entrance) code(g guest) string {
	e.t.Helper()
	code, err := totp.GenerateCode(g.seed, e.watch.now())
	if err != nil {
		e.t.Fatal(err)
	}
	return code
}

const chosen = Secret("a long walk on the beach")

// enters signs somebody in for the first time, and returns the session.
func (e *entrance) enters(g guest) Session {
	e.t.Helper()
	session, err := e.SignIn(e.t.Context(), Credentials{g.Email, g.told.Password, e.code(g), chosen})
	if err != nil {
		e.t.Fatal(err)
	}
	e.watch.pass(30 * time.Second)
	return session
}

func (e *entrance) refuses(c Credentials, want error) {
	e.t.Helper()
	if s, err := e.SignIn(e.t.Context(), c); !errors.Is(err, want) || s != (Session{}) {
		e.t.Errorf("signing in as %s: %v, want %v", c.Email, err, want)
	}
}

func TestAnInitialPasswordOnlyServesToChooseAnother(t *testing.T) {
	t.Parallel()
	e := opens(t)
	g := e.anna(operator())
	first := Credentials{g.Email, g.told.Password, e.code(g), ""}
	e.refuses(first, ErrInitialPassword)
	for _, weak := range []Secret{"short", "aaaaaaaaaaaaaaaa", "ANNA@example.dk", "anna holm", g.told.Password, Secret(strings.Repeat("x", 257))} {
		first.New = weak
		e.refuses(first, ErrWeakPassword)
	}
	session := e.enters(g)
	if session.Person.Name != "Anna Holm" || session.Person.Invited || session.Person.Role != Manager {
		t.Errorf("signed in as %+v", session)
	}
	e.refuses(Credentials{g.Email, g.told.Password, e.code(g), chosen}, ErrSignIn)
	if _, err := e.SignIn(t.Context(), Credentials{" ANNA@Example.dk", chosen, e.code(g), ""}); err != nil {
		t.Errorf("with the password of her own: %v", err)
	}
}

func TestAnInitialPasswordServesForThreeDays(t *testing.T) {
	t.Parallel()
	e := opens(t)
	g := e.anna(operator())
	retailtest.ShiftClock(t, e.pool, InitialFor)
	e.refuses(Credentials{g.Email, g.told.Password, e.code(g), chosen}, ErrSignIn)
	_, told, err := e.Reset(t.Context(), g.ID, operator())
	if err != nil {
		t.Fatal(err)
	}
	e.enters(guest{g.Person, told, seedOf(t, told)})
}

func TestWhoeverIsWrongIsToldNothing(t *testing.T) {
	t.Parallel()
	e := opens(t)
	g := e.anna(operator())
	e.enters(g)
	for name, c := range map[string]Credentials{
		"nobody":               {"bo@example.dk", chosen, e.code(g), ""},
		"no address":           {"", chosen, e.code(g), ""},
		"a wrong password":     {g.Email, "a long walk on the bench", e.code(g), ""},
		"no password":          {g.Email, "", e.code(g), ""},
		"a wrong code":         {g.Email, chosen, "000000", ""},
		"no code":              {g.Email, chosen, "", ""},
		"a code with a letter": {g.Email, chosen, "00000O", ""},
	} {
		t.Run(name, func(t *testing.T) { e.refuses(c, ErrSignIn) })
	}
}

func TestACodeIsUsedOnce(t *testing.T) {
	t.Parallel()
	e := opens(t)
	g := e.anna(operator())
	e.enters(g)
	with := Credentials{g.Email, chosen, e.code(g), ""}
	var guard sync.Mutex
	var all, ready sync.WaitGroup
	const at = 6
	ready.Add(at)
	e.now = func() time.Time { // each has read which code was used last
		ready.Done()
		ready.Wait()
		return e.watch.now()
	}
	entered := 0
	for range at {
		all.Go(func() {
			_, err := e.SignIn(t.Context(), with)
			guard.Lock()
			defer guard.Unlock()
			switch {
			case err == nil:
				entered++
			case !errors.Is(err, ErrSecondFactor):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if entered != 1 {
		t.Errorf("%d entered with one code", entered)
	}
	e.now = e.watch.now
	e.watch.pass(30 * time.Second)
	e.refuses(with, ErrSecondFactor)
	e.watch.pass(90 * time.Second)
	if step, right := stepOf(Secret(g.seed), e.code(g), e.watch.now().Add(30*time.Second), 0); !right {
		t.Errorf("a code of the step before is refused: %d", step)
	}
	if _, right := stepOf(Secret(g.seed), e.code(g), e.watch.now().Add(60*time.Second), 0); right {
		t.Error("a code of two steps before is taken")
	}
}

func TestADisabledPersonStaysOutUntilAReset(t *testing.T) {
	t.Parallel()
	e := opens(t)
	g := e.anna(operator())
	e.enters(g)
	if _, changed, err := e.Disable(t.Context(), g.ID, operator()); err != nil || !changed {
		t.Fatal(changed, err)
	}
	if _, changed, err := e.Disable(t.Context(), strings.ToUpper(g.ID), operator()); err != nil || changed {
		t.Errorf("disabled twice: %t, %v", changed, err)
	}
	e.refuses(Credentials{g.Email, chosen, e.code(g), ""}, ErrSignIn)
	_, told, err := e.Reset(t.Context(), g.ID, operator())
	if err != nil {
		t.Fatal(err)
	}
	e.refuses(Credentials{g.Email, chosen, e.code(g), ""}, ErrSignIn)
	e.enters(guest{g.Person, told, seedOf(t, told)})
	for _, id := range []string{"", "none", "01890a5d-ac96-774b-bcce-b302099a8057", "urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057"} {
		if _, _, err := e.Disable(t.Context(), id, operator()); !errors.Is(err, ErrNoPerson) {
			t.Errorf("disable %q: %v", id, err)
		}
	}
}

func TestAPersonThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	e := opens(t)
	e.anna(operator())
	for _, n := range []NewPerson{
		{"", "bo@example.dk", Clerk}, {" Bo", "bo@example.dk", Clerk}, {"Bo\n", "bo@example.dk", Clerk},
		{"Bo", "bo", Clerk}, {"Bo", "Bo <bo@example.dk>", Clerk}, {"Bo", "bo@example.dk", "root"}, {"Bo", "bo@example.dk", ""},
	} {
		if _, _, err := e.Add(t.Context(), n, operator()); !errors.Is(err, ErrPerson) {
			t.Errorf("%+v: %v", n, err)
		}
	}
	if _, _, err := e.Add(t.Context(), NewPerson{"Another Anna", "ANNA@example.dk", Clerk}, operator()); !errors.Is(err, ErrPersonExists) {
		t.Errorf("a second of one address: %v", err)
	}
}

func TestPeopleAreListedAPageAtATime(t *testing.T) {
	t.Parallel()
	e := opens(t)
	want := []string{e.anna(operator()).ID, e.adds("Bo", "bo@example.dk", operator()).ID, e.adds("Cia", "cia@example.dk", operator()).ID}
	var got []string
	for asked := (keyset.Page{Limit: 2}); len(got) < 10; {
		page, next, err := e.Page(t.Context(), PersonFilter{Page: asked})
		if err != nil {
			t.Fatal(err)
		}
		for _, who := range page {
			got = append(got, who.ID)
		}
		if asked.Cursor = next; next == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	forged := base64.RawURLEncoding.EncodeToString([]byte("people\x00created_at\x00yesterday week\x00none"))
	if _, _, err := e.Page(t.Context(), PersonFilter{Page: keyset.Page{Cursor: forged}}); !errors.Is(err, ErrCursor) {
		t.Errorf("a cursor that nobody was given: %v", err)
	}
}

// X13: who may decide on what somebody asked for.
func TestNobodyDecidesForWhoeverSetHimUp(t *testing.T) {
	t.Parallel()
	e := opens(t)
	first, second := e.anna(operator()), e.adds("Bo", "bo@example.dk", operator())
	third := e.adds("Cia", "cia@example.dk", Maker{Person: first.ID, Actor: "first"})
	fourth := e.adds("Dan", "dan@example.dk", Maker{Person: third.ID, Actor: "third"})
	fifth := e.adds("Eva", "eva@example.dk", Maker{Person: first.ID, Actor: "first"})
	for _, tt := range []struct {
		name            string
		approver, asker guest
		want            bool
	}{
		{"oneself", first, first, false},
		{"another", second, first, true},
		{"set up by the asker", third, first, false},
		{"set up by one whom the asker set up", fourth, first, false},
		{"whoever set the asker up", first, third, false},
		{"set up by the same", fifth, third, false},
		{"of another line", fourth, second, true},
	} {
		err := pgx.BeginFunc(t.Context(), e.pool, func(tx pgx.Tx) error {
			got, err := Independent(t.Context(), tx, tt.approver.ID, tt.asker.ID)
			if got != tt.want {
				t.Errorf("%s: %t, want %t", tt.name, got, tt.want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// I13: neither the database nor a log knows who a person is, or what opens the door.
func TestNothingTellsWhoAPersonIsOrWhatOpensTheDoor(t *testing.T) {
	t.Parallel()
	e := opens(t)
	g := e.anna(operator())
	session := e.enters(g)
	token := session.Token.Reveal()
	secrets := []string{
		"Anna", "anna@", g.told.Password.Reveal(), g.seed, chosen.Reveal(), token[strings.LastIndex(token, "_")+1:],
	}
	var dump string
	err := e.pool.QueryRow(t.Context(), `SELECT concat(
		(SELECT string_agg(p::text, ' ') FROM person p), (SELECT string_agg(s::text, ' ') FROM session s), (SELECT string_agg(a::text, ' ') FROM audit a))`).Scan(&dump)
	if err != nil || !strings.Contains(dump, g.ID) {
		t.Fatal(dump, err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("said", "session", session, "told", g.told, "token", session.Token, "person", session.Person)
	encoded, err := json.Marshal(g.told)
	if err != nil {
		t.Fatal(err)
	}
	printed := fmt.Sprintf("%v %+v %#v %s %q %x %s", session.Token, g.told, g.told, session.Token, session.Token, session.Token, encoded)
	for _, secret := range secrets {
		if strings.Contains(dump, secret) || strings.Contains(printed, secret) || strings.Contains(log.String(), secret) {
			t.Errorf("%.4s… is told", secret)
		}
	}
}
