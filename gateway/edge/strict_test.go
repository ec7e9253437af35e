package edge

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

type strictIn struct {
	Code   string            `json:"code"`
	Amount int64             `json:"amount"`
	Due    *strictIn         `json:"due"`
	Lines  []strictIn        `json:"lines"`
	Notes  map[string]string `json:"notes"`
}

func TestStrictJSON(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, body, fault string }{
		{"an object", `{"code":"æ😀","amount":1}`, ""},
		{"with space around", " \t\r\n{ \"code\" : \"a\" , \"lines\" : [ { } , { } ] } \n", ""},
		{"escapes", `{"code":"\u00e6\ud83d\ude00\n\"\\\/"}`, ""},
		{"nothing", ``, "the body ends within its JSON"},
		{"space", "  ", "the body ends within its JSON"},
		{"half of it", `{"code":"a"`, "the body ends within its JSON"},
		{"not JSON", `{"code":'a'}`, "the body is not JSON at byte 9"},
		{"a comma too many", `{"code":"a",}`, "the body is not JSON at byte 13"},
		{"a raw line feed", "{\"code\":\"a\nb\"}", "the body is not JSON at byte 11"},
		{"NaN", `{"amount":NaN}`, "the body is not JSON at byte 11"},
		{"data behind", `{"code":"a"}{"code":"b"}`, "there is data behind the JSON value"},
		{"a word behind", `{"code":"a"} x`, "there is data behind the JSON value"},
		{"a byte order mark", "\ufeff{}", "the body is not JSON at byte 1"},
		{"not UTF-8", "{\"code\":\"\xff\"}", "the body is not UTF-8"},
		{"UTF-16", "\xff\xfe{\x00}\x00", "the body is not UTF-8"},
		{"unknown", `{"kode":"a"}`, "kode: unknown field"},
		{"twice", `{"code":"a","code":"a"}`, "code: is there twice"},
		{"null", `{"amount":null}`, "amount: must not be null"},
		{"null within a list", `{"lines":[{"amount":1},null]}`, "lines[1]: must not be null"},
		{"twice, one escaped", `{"code":"a","c\u006fde":"b"}`, "code: is there twice"},
		{"twice in another casing", `{"code":"a","CODE":"b"}`, "CODE: is there twice"},
		{"twice within a list", `{"lines":[{},{"amount":1,"amount":2}]}`, "lines[1].amount: is there twice"},
		{"the same name at two places", `{"code":"a","due":{"code":"b"},"lines":[{"code":"c"},{"code":"d"}]}`, ""},
		{"U+0000", `{"due":{"code":"a\u0000"}}`, "due.code: has U+0000 in it"},
		{"U+0000 in a name", `{"a\u0000":1}`, "has U+0000 in it"},
		{"half a pair", `{"code":"\ud83d"}`, "code: has half of a surrogate pair in it"},
		{"half a pair and something", `{"code":"\ud83d\n"}`, "code: has half of a surrogate pair in it"},
		{"two first halves", `{"code":"\ud83d\ud83d"}`, "code: has half of a surrogate pair in it"},
		{"the other half", `{"code":"\ude00"}`, "code: has half of a surrogate pair in it"},
		{"a number for a text", `{"code":1}`, "code: want a text"},
		{"a text for a number", `{"due":{"amount":"1"}}`, "due.amount: want a whole number in range"},
		{"a fraction", `{"amount":1.0}`, "amount: want a whole number in range"},
		{"an exponent", `{"amount":1e2}`, "amount: want a whole number in range"},
		{"beyond 64 bits", `{"amount":9223372036854775808}`, "amount: want a whole number in range"},
		{"a list for an object", `{"due":[]}`, "due: want an object"},
		{"an object for a list", `{"lines":{}}`, "lines: want a list"},
		{"a list at the top", `[]`, "want an object"},
		{"deep", strings.Repeat(`{"due":`, 31) + `{}` + strings.Repeat(`}`, 31), ""},
		{"too deep", `{"notes":` + strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40) + `}`, "is nested too deep"},
		{"100,000 deep", strings.Repeat(`[`, 100_000), "the body is not JSON"},
		{"many names", `{"notes":{` + manyNames(257) + `}}`, "there are too many fields"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := DecodeStrict([]byte(tt.body), &strictIn{})
			if tt.fault == "" && err != nil || tt.fault != "" && (err == nil || !strings.Contains(err.Error(), tt.fault)) {
				t.Errorf("fault %v, want %q", err, tt.fault)
			}
		})
	}
}

func manyNames(n int) string {
	var names []string
	for i := range n {
		names = append(names, `"`+strings.Repeat("n", i+1)+`":""`)
	}
	return strings.Join(names, ",")
}

func TestFaultsRepeatNoValue(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"code":["SECRET"]}`, `{"amount":"SECRET"}`, `{"code":"SECRET","code":"SECRET"}`, `{"code":"SECRET\u0000"}`, `"SECRET"`, `SECRET`,
		`{"amount":31337.5}`,
	} {
		err := DecodeStrict([]byte(body), &strictIn{})
		if err == nil || strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "31337") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestALongPathIsCut(t *testing.T) {
	t.Parallel()
	long := `"` + strings.Repeat("æ", 30_000) + `":1`
	if err := DecodeStrict([]byte("{"+long+","+long+"}"), new(any)); err == nil || len(err.Error()) > maxPath+50 {
		t.Errorf("fault %v", err)
	}
}

// FuzzDecodeStrict: nothing panics, and what passes means the same to encoding/json.
func FuzzDecodeStrict(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,"b",{"c":null}],"d":true}`, `"\ud83d\ude00"`, `"\ud83d"`, ` [ 1 , 2 ] `, `{"a":1,"a":2}`, `1e5`, `"\"`, `{"":""}`, `[[[[`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var strict, loose any
		if DecodeStrict(body, &strict) != nil {
			return
		}
		if err := json.Unmarshal(body, &loose); err != nil || !reflect.DeepEqual(strict, loose) {
			t.Fatalf("%q: %v, %#v and %#v", body, err, strict, loose)
		}
	})
}

func BenchmarkDecodeStrict(b *testing.B) {
	body := []byte(`{"code":"7KQ4-M2XV-9TRD-0HNC","amount":4990,"due":{"amount":4990},"notes":{"a":"b"}}`)
	b.ReportAllocs()
	for b.Loop() {
		if err := DecodeStrict(body, &strictIn{}); err != nil {
			b.Fatal(err)
		}
	}
}
