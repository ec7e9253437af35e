package webshop_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/webshop"
)

func TestABodyThatTwoReadersCouldUnderstandDifferentlyIsUnreadable(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, body string }{
		{"nothing", ""},
		{"null", "null"},
		{"a list", `[{"id":1}]`},
		{"half an object", `{"id":1`},
		{"data after the object", `{"id":1} {"id":2}`},
		{"a name twice", `{"id":1,"id":2}`},
		{"a name twice, once escaped", `{"id":1,"\u0069d":2}`},
		{"a name twice in an inner object", `{"a":[{"id":1},{"id":1,"x":{},"id":2}]}`},
		{"invalid UTF-8 in a string", "{\"name\":\"\xc3\x28\"}"},
		{"a byte order mark", "\ufeff{}"},
		{"not a number", `{"total":NaN}`},
		{"101 levels", strings.Repeat(`{"a":`, 101) + "1" + strings.Repeat("}", 101)},
		{"a hundred thousand lists", `{"a":` + strings.Repeat("[", 100_000)},
		{"brackets that do not match", `{"a":[}]`},
		{"a closing bracket alone", `}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, err := webshop.ReadObject([]byte(test.body)); !errors.Is(err, webshop.ErrUnreadable) {
				t.Errorf("got %v, want ErrUnreadable", err)
			}
		})
	}
}

func TestAnObjectMayBeNestedAHundredLevelsAndRepeatNamesInDifferentObjects(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100),
		`{"a":{"id":1},"b":{"id":1},"c":[{"id":1},{"id":1}]}`,
		`{"a":"a","b":"a"}`,
	} {
		if _, err := webshop.ReadObject([]byte(body)); err != nil {
			t.Errorf("%.40s: %v", body, err)
		}
	}
}

func TestAWrongValueIsAFaultThatNamesItsPlace(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body, want string
		read             func(webshop.Object)
	}{
		{"an id that is missing", `{}`, "id: is missing", func(o webshop.Object) { o.ID("id") }},
		{"an id that is null", `{"id":null}`, "id: is missing", func(o webshop.Object) { o.ID("id") }},
		{"an id with a fraction", `{"id":1.5}`, `id: an id was expected, not "1.5"`, func(o webshop.Object) { o.ID("id") }},
		{"an id of 2^63", `{"id":9223372036854775808}`, "id: an id was expected", func(o webshop.Object) { o.ID("id") }},
		{"an empty id", `{"id":""}`, "id: an id has 1 to 256 bytes", func(o webshop.Object) { o.ID("id") }},
		{"an id that is a list", `{"id":[1]}`, "id: an id was expected", func(o webshop.Object) { o.ID("id") }},
		{"an amount with an exponent", `{"total":1e400}`, `total: a plain decimal number was expected, not "1e400"`, func(o webshop.Object) { o.Decimal("total") }},
		{"an amount with a comma", `{"total":"1,50"}`, "total: a plain decimal", func(o webshop.Object) { o.Decimal("total") }},
		{"an amount of sixteen digits", `{"total":"1000000000000000"}`, "total: a plain decimal", func(o webshop.Object) { o.Decimal("total") }},
		{"an amount that is missing", `{}`, "total: a plain decimal", func(o webshop.Object) { o.Decimal("total") }},
		{"a whole number with a fraction", `{"n":2.0}`, "n: a whole number", func(o webshop.Object) { o.Whole("n") }},
		{"a whole number as text", `{"n":"2"}`, "n: a whole number", func(o webshop.Object) { o.Whole("n") }},
		{"a text that is a number", `{"s":7}`, "s: a text was expected", func(o webshop.Object) { o.Text("s") }},
		{"a text with U+0000", `{"s":"a\u0000b"}`, "s: it contains U+0000", func(o webshop.Object) { o.Text("s") }},
		{"a loose text with U+0000", `{"s":"a\u0000b"}`, "s: it contains U+0000", func(o webshop.Object) { o.Loose("s") }},
		{"a currency of four letters", `{"c":"EURO"}`, "c: a currency has three letters", func(o webshop.Object) { o.Currency("c") }},
		{"a currency with a digit", `{"c":"DK1"}`, "c: a currency has three letters", func(o webshop.Object) { o.Currency("c") }},
		{"a truth as text", `{"b":"true"}`, "b: true or false", func(o webshop.Object) { o.Truth("b") }},
		{"a time without a time", `{"t":"2026-11-22"}`, "t: a time like", func(o webshop.Object) { o.Time("t", time.RFC3339) }},
		{"an object that is text", `{"o":"x"}`, "o: an object was expected", func(o webshop.Object) { o.Object("o") }},
		{"a list that is an object", `{"l":{}}`, "l: a list of objects", func(o webshop.Object) { o.Objects("l") }},
		{"a list of numbers", `{"l":[1]}`, "l: a list of objects", func(o webshop.Object) { o.Objects("l") }},
		{"a list of too many", `{"l":[` + strings.Repeat("{},", 10_000) + `{}]}`, "l: it has more than 10000 items", func(o webshop.Object) { o.Objects("l") }},
		{"deep inside", `{"l":[{},{"a":{"n":"x"}}]}`, "l[1].a.n: a whole number", func(o webshop.Object) { o.Objects("l")[1].Object("a").Whole("n") }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o, err := webshop.ReadObject([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			test.read(o)
			if err := o.Err(); !errors.Is(err, webshop.ErrUnreadable) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestTheFirstFaultOfABodyIsTheOneThatIsTold(t *testing.T) {
	t.Parallel()
	o, err := webshop.ReadObject([]byte(`{"a":"x","b":"y"}`))
	if err != nil {
		t.Fatal(err)
	}
	o.Whole("a")
	o.Whole("b")
	if got := o.Err(); !strings.Contains(got.Error(), ": a: ") {
		t.Errorf("got %v", got)
	}
}

func TestValuesKeepEveryDigit(t *testing.T) {
	t.Parallel()
	o, err := webshop.ReadObject([]byte(`{
		"id": 9223372036854775807, "text_id": "gid://1", "amount": 0.10, "amount_text": "-12.3450", "n": 9007199254740993,
		"loose": [5, "x"], "five": 5, "yes": true, "padded": "  a b ", "currency": "dkk", "list": [], "at": "2026-11-22T02:38:05+01:00"}`))
	if err != nil {
		t.Fatal(err)
	}
	got := []any{
		o.ID("id"), o.ID("text_id"), o.Decimal("amount"), o.Decimal("amount_text"), o.Whole("n"),
		o.Loose("loose"), o.Loose("five"), o.Loose("yes"), o.Text("padded"), o.Currency("currency"),
		o.Object("list").Has("x"), o.Object("absent").Object("below").Text("s"), len(o.Objects("absent")),
		o.Time("at", time.RFC3339), *o.Truth("yes"), o.Truth("absent") == nil, o.Whole("absent"),
	}
	want := []any{
		"9223372036854775807", "gid://1", "0.10", "-12.3450", int64(9007199254740993),
		"", "5", "true", "a b", "DKK",
		false, "", 0,
		time.Date(2026, 11, 22, 1, 38, 5, 0, time.UTC), true, true, int64(0),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := o.Err(); err != nil {
		t.Error(err)
	}
}

func TestNamesAreMatchedExactly(t *testing.T) {
	t.Parallel()
	o, err := webshop.ReadObject([]byte(`{"ID":1,"id":2}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := o.ID("id"); got != "2" {
		t.Errorf("got %s", got)
	}
}

func FuzzReadObject(f *testing.F) {
	for _, seed := range []string{`{"a":[{"b":1e400}]}`, `{"a":"\ud800"}`, "[[[", `{"a":1,"a":2}`, "{\"\xff\":1}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := webshop.ReadObject(body)
		if err != nil {
			if !errors.Is(err, webshop.ErrUnreadable) {
				t.Fatalf("got %v, want ErrUnreadable", err)
			}
			return
		}
		o.ID("a")
		o.Decimal("a")
		o.Time("a", time.RFC3339)
		o.Truth("a")
		for _, item := range o.Objects("a") {
			item.Object("b").Loose("c")
		}
	})
}
