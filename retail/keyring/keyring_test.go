package keyring

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// master makes a master key whose bytes all are fill.
func master(id string, fill byte) Master {
	return Master{ID: id, Key: [keyBytes]byte(bytes.Repeat([]byte{fill}, keyBytes))}
}

func ring(t testing.TB, masters ...Master) *Ring {
	t.Helper()
	r, err := New(rand.Reader, masters...)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return r
}

func seal(t testing.TB, r *Ring, purpose, plain, bound string) []byte {
	t.Helper()
	sealed, err := r.Seal(purpose, []byte(plain), []byte(bound))
	if err != nil {
		t.Fatalf("Seal: %v", err)
	}
	return sealed
}

func TestWhatIsSealedOpensAgain(t *testing.T) {
	t.Parallel()
	r := ring(t, master("one", 1))
	for _, plain := range []string{"", "7KQ4-M2XV-9TRD-0HNC", strings.Repeat("æøå", 50_000)} {
		sealed := seal(t, r, "code", plain, "voucher 1")
		got, err := r.Open("code", sealed, []byte("voucher 1"))
		if err != nil || string(got) != plain {
			t.Errorf("Open: %d bytes, %v; want %d bytes", len(got), err, len(plain))
		}
		if plain != "" && bytes.Contains(sealed, []byte(plain)) {
			t.Error("the sealed bytes show the plain ones")
		}
	}
}

func TestTheSameSealedTwiceLooksDifferent(t *testing.T) {
	t.Parallel()
	r := ring(t, master("one", 1))
	if bytes.Equal(seal(t, r, "code", "plain", ""), seal(t, r, "code", "plain", "")) {
		t.Error("two seals of one text are equal")
	}
}

func TestSealedBytesOpenOnlyWhereTheyBelong(t *testing.T) {
	t.Parallel()
	writer := ring(t, master("one", 1))
	sealed := seal(t, writer, "code", "plain", "voucher 1")
	tests := []struct {
		name    string
		ring    *Ring
		purpose string
		bound   string
		want    error
	}{
		{"another row", writer, "code", "voucher 2", ErrSealed},
		{"no row", writer, "code", "", ErrSealed},
		{"another purpose", writer, "recipient", "voucher 1", ErrSealed},
		{"a wrong key of the same id", ring(t, master("one", 2)), "code", "voucher 1", ErrSealed},
		{"a ring without its master", ring(t, master("two", 1)), "code", "voucher 1", ErrUnknownKey},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.ring.Open(tt.purpose, sealed, []byte(tt.bound))
			if !errors.Is(err, tt.want) || got != nil {
				t.Errorf("Open = %q, %v; want nothing and %v", got, err, tt.want)
			}
		})
	}
}

func TestAnyAlteredBitIsNoticed(t *testing.T) {
	t.Parallel()
	r := ring(t, master("one", 1), master("onf", 2))
	sealed := seal(t, r, "code", "plain", "voucher 1")
	for i := range len(sealed) * 8 {
		altered := bytes.Clone(sealed)
		altered[i/8] ^= 1 << (i % 8)
		if got, err := r.Open("code", altered, []byte("voucher 1")); err == nil {
			t.Fatalf("bit %d altered: Open = %q", i, got)
		}
	}
	for n := range len(sealed) {
		if got, err := r.Open("code", sealed[:n], []byte("voucher 1")); err == nil {
			t.Fatalf("cut after %d bytes: Open = %q", n, got)
		}
	}
}

func TestRotationKeepsWhatIsOldReadable(t *testing.T) {
	t.Parallel()
	before := ring(t, master("one", 1))
	after := ring(t, master("two", 2), master("one", 1))

	sealed := seal(t, before, "code", "plain", "v")
	if got, err := after.Open("code", sealed, []byte("v")); err != nil || string(got) != "plain" {
		t.Errorf("the new ring opens the old: %q, %v", got, err)
	}
	if _, err := before.Open("code", seal(t, after, "code", "plain", "v"), []byte("v")); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("the old ring opens the new: %v, want %v", err, ErrUnknownKey)
	}
	want := [][]byte{after.MAC("look-up", []byte("code")), before.MAC("look-up", []byte("code"))}
	if diff := cmp.Diff(want, after.MACs("look-up", []byte("code"))); diff != "" {
		t.Errorf("MACs (-want +got):\n%s", diff)
	}
}

func TestKeysAreStrangersToOneAnother(t *testing.T) {
	t.Parallel()
	one, two := ring(t, master("one", 1)), ring(t, master("two", 2))
	data := []byte("code")
	seen := map[string]string{}
	for name, mac := range map[string][]byte{
		"purpose a":         one.MAC("a", data),
		"purpose b":         one.MAC("b", data),
		"no purpose":        one.MAC("", data),
		"another master":    two.MAC("a", data),
		"other data":        one.MAC("a", []byte("codf")),
		"a check":           one.Checks()["one"],
		"the other's check": two.Checks()["two"],
	} {
		if other, twice := seen[string(mac)]; twice {
			t.Errorf("%s and %s are equal", name, other)
		}
		seen[string(mac)] = name
	}
}

// TestDerivedKeysStayAsTheyAre pins the derivation: whoever changes it can't read a single stored code.
func TestDerivedKeysStayAsTheyAre(t *testing.T) {
	t.Parallel()
	r := ring(t, master("one", 1))
	if got, want := hex.EncodeToString(r.MAC("look-up", []byte("code"))), "a41a6beea89c64fe954db7fe979b8648266ac04e2eeffad3cde37c51d63feb83"; got != want {
		t.Errorf("MAC = %s, want %s", got, want)
	}
	if got, want := hex.EncodeToString(r.Checks()["one"]), "6c7c8e8c4d98489e1464a6b732a986f960f90ac17540bff497a79068f077c79c"; got != want {
		t.Errorf("check = %s, want %s", got, want)
	}
	sealed, err := hex.DecodeString("01036f6e651e79df6b191d6eae960ffb7eeb5aa48c5cda44e4f11f590db3ad315a2d1d4dec49")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.Open("code", sealed, []byte("voucher 1")); err != nil || string(got) != "plain" {
		t.Errorf("Open = %q, %v", got, err)
	}
}

func TestChecksTellAWrongKey(t *testing.T) {
	t.Parallel()
	right := ring(t, master("two", 2), master("one", 1)).Checks()
	if diff := cmp.Diff(right, ring(t, master("one", 1), master("two", 2)).Checks()); diff != "" {
		t.Errorf("the order of the masters changes the checks:\n%s", diff)
	}
	if bytes.Equal(right["one"], ring(t, master("one", 3)).Checks()["one"]) {
		t.Error("a wrong key of the same id has the same check value")
	}
	if bytes.Contains(right["one"], bytes.Repeat([]byte{1}, 4)) {
		t.Error("the check value shows the key")
	}
}

func TestAFaultOfTheRandomSourceIsTold(t *testing.T) {
	t.Parallel()
	r, err := New(iotest.ErrReader(io.ErrClosedPipe), master("one", 1))
	if err != nil {
		t.Fatal(err)
	}
	if sealed, err := r.Seal("code", []byte("plain"), nil); !errors.Is(err, io.ErrClosedPipe) || sealed != nil {
		t.Errorf("Seal = %x, %v", sealed, err)
	}
}

func TestParseMasters(t *testing.T) {
	t.Parallel()
	one := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, keyBytes))
	two := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{2}, keyBytes))
	tests := []struct {
		name  string
		list  string
		want  []Master
		fault string
	}{
		{"one", "a:" + one, []Master{master("a", 1)}, ""},
		{"two, the first writes", "b-2:" + two + ", a_1:" + one, []Master{master("b-2", 2), master("a_1", 1)}, ""},
		{"empty", "", nil, "number 1: want id:base64"},
		{"a key alone", one, nil, "want id:base64"},
		{"no id", ":" + one, nil, "an id is"},
		{"a strange id", "ä:" + one, nil, "an id is"},
		{"a long id", strings.Repeat("i", 33) + ":" + one, nil, "an id is"},
		{"not base64", "a:%%%", nil, "a: the key is not base64"},
		{"too short", "a:c2hvcnQ=", nil, "a: the key has 5 bytes, not 32"},
		{"a comma too many", "a:" + one + ",", nil, "number 2: want id:base64"},
		{"one id twice", "a:" + one + ",a:" + two, nil, "the id a is there twice"},
		{"one key twice", "a:" + one + ",b:" + one, nil, "the key of b is there under another id too"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := ParseMasters(tt.list)
			if tt.fault == "" && err != nil || tt.fault != "" && (err == nil || !strings.Contains(err.Error(), tt.fault)) {
				t.Errorf("fault %v, want %q", err, tt.fault)
			}
			if err != nil && (!errors.Is(err, ErrMasters) || strings.Contains(err.Error(), one)) {
				t.Errorf("fault %v is not ErrMasters, or shows a key", err)
			}
			if len(got) != len(tt.want) {
				t.Fatalf("%d masters, want %d", len(got), len(tt.want))
			}
			for i := range got {
				if got[i] != tt.want[i] {
					t.Errorf("master %d is not the one given", i)
				}
			}
		})
	}
}

func TestNewRefusesMastersThatCannotBeToldApart(t *testing.T) {
	t.Parallel()
	for name, masters := range map[string][]Master{
		"none":         nil,
		"no id":        {master("", 1)},
		"one id twice": {master("a", 1), master("a", 2)},
	} {
		if _, err := New(rand.Reader, masters...); !errors.Is(err, ErrMasters) {
			t.Errorf("%s: %v, want %v", name, err, ErrMasters)
		}
	}
}

// TestNothingPrintsAKey goes through the formats that end in logs (S4).
func TestNothingPrintsAKey(t *testing.T) {
	t.Parallel()
	m := master("one", 'K')
	type config struct {
		Masters []Master
		Ring    *Ring
	}
	c := config{[]Master{m}, ring(t, m)}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+verb+verb+"\n", m, &m, c)
	}
	text, err := json.Marshal(c.Masters)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(text)
	slog.New(slog.NewTextHandler(&out, nil)).Info("started", "master", m, "masters", c.Masters, "ring", c.Ring)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("started", "master", m, "masters", c.Masters, "ring", c.Ring)

	for _, shown := range []string{"KKKK", "75 75", "75,75", "4b4b", "0x4b", base64.StdEncoding.EncodeToString(m.Key[:6])} {
		if strings.Contains(out.String(), shown) {
			t.Errorf("a key shows as %q in\n%s", shown, out.String())
		}
	}
}

func FuzzOpen(f *testing.F) {
	// Fuzzing runs in several processes, which must agree on what is genuine: the nonce is a constant.
	r, err := New(strings.NewReader(strings.Repeat("n", 12)), master("one", 1), master("two", 2))
	if err != nil {
		f.Fatal(err)
	}
	genuine := seal(f, r, "code", "plain", "v")
	f.Add(genuine)
	f.Add(genuine[:20])
	f.Add([]byte{})
	f.Add([]byte{sealedFormat, 255})
	f.Add([]byte{sealedFormat, 0})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		got, err := r.Open("code", sealed, []byte("v"))
		if err == nil && !bytes.Equal(sealed, genuine) {
			t.Fatalf("forged: %x opens as %q", sealed, got)
		}
		if err != nil && !errors.Is(err, ErrSealed) && !errors.Is(err, ErrUnknownKey) {
			t.Fatalf("an unnamed fault: %v", err)
		}
	})
}
