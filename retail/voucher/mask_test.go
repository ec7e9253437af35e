package voucher_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"vouchsafe/retail/voucher"
)

// keeper has a code in a field that package fmt may not ask for its methods.
type keeper struct{ code voucher.Code }

// shown is everything that a program prints of a code without meaning to reveal it.
func shown(t *testing.T, typed voucher.Typed) map[string]string {
	t.Helper()
	code, outputs := typed.Foreign, make(map[string]string)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%c", "%U", "%e", "%t", "%p", "%T", "%z", "%10.3s"} {
		outputs[verb] = fmt.Sprintf(verb, code)
		outputs[verb+" of a pointer"] = fmt.Sprintf(verb, &code)
		outputs[verb+" of a struct"] = fmt.Sprintf(verb, typed)
		outputs[verb+" of a hidden field"] = fmt.Sprintf(verb, keeper{code})
		outputs[verb+" of a slice"] = fmt.Sprintf(verb, []voucher.Code{code})
		outputs[verb+" of a map"] = fmt.Sprintf(verb, map[voucher.Code]voucher.Code{code: code})
	}
	outputs["print"] = fmt.Sprint(code, typed, keeper{code})
	outputs["error"] = fmt.Errorf("look up %v: %w", code, errors.New("away")).Error()
	outputs["String"], outputs["GoString"] = code.String(), code.GoString()
	outputs["JSON"] = encoded(t, json.Marshal, map[voucher.Code]any{code: typed})
	outputs["XML"] = encoded(t, xml.Marshal, typed)
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	logger.Info("text", "code", code, "typed", typed, "kept", keeper{code})
	slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "code", code, "typed", typed, "kept", keeper{code})
	outputs["slog"] = log.String()
	return outputs
}

func encoded(t *testing.T, marshal func(any) ([]byte, error), v any) string {
	t.Helper()
	text, err := marshal(v)
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	return string(text)
}

// leaks tells whether an output holds more than the last four symbols, plain or encoded.
func leaks(output, symbols string) bool {
	five := symbols[len(symbols)-5:]
	start := symbols[:5]
	for _, part := range []string{five, start} {
		for _, form := range []string{part, hex.EncodeToString([]byte(part)), base64.StdEncoding.EncodeToString([]byte(part))[:6]} {
			if strings.Contains(strings.ToLower(output), strings.ToLower(form)) {
				return true
			}
		}
	}
	return strings.Contains(output, fmt.Sprint([]byte(five)))
}

func TestNothingShowsMoreOfACodeThanItsEnd(t *testing.T) {
	t.Parallel()
	for _, text := range []string{known, "CANARY-OF-ANOTHER-SYSTEM"} {
		typed := read(t, text)
		for how, output := range shown(t, typed) {
			if leaks(output, typed.Foreign.Canonical()) {
				t.Errorf("%s reveals the code: %s", how, output)
			}
		}
	}
}

func TestTheCanaryTestSeesACode(t *testing.T) {
	t.Parallel()
	symbols := strings.ReplaceAll(known, "-", "")
	for _, verb := range []string{"%s", "%q", "%x", "%X", "%v"} {
		if !leaks(fmt.Sprintf(verb, symbols), symbols) {
			t.Errorf("%s of the plain code is not seen", verb)
		}
	}
}

func TestACodeIsKnownByItsEnd(t *testing.T) {
	t.Parallel()
	code := read(t, known).Ours
	for how, got := range map[string]string{
		"%v": fmt.Sprintf("%v", code), "%s": fmt.Sprintf("%s", code), "%x": fmt.Sprintf("%x", code), "%#v": fmt.Sprintf("%#v", code),
		"String": code.String(), "LogValue": code.LogValue().String(),
	} {
		if got != "••••0HNJ" {
			t.Errorf("%s: got %q", how, got)
		}
	}
	if got := encoded(t, json.Marshal, code); got != `"••••0HNJ"` {
		t.Errorf("JSON: got %s", got)
	}
	if got := code.GoString(); got != "voucher.Code(••••0HNJ)" {
		t.Errorf("GoString: got %s", got)
	}
}

func TestAShortCodeShowsAtMostHalf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"A": "A", "AB": "B", "ABC": "BC", "ABCDEF": "DEF", "ABCDEFG": "DEFG", "ABCDEFGHIJ": "GHIJ"} {
		if got := read(t, text).Foreign.Last4(); got != want {
			t.Errorf("Last4 of %s = %s, want %s", text, got, want)
		}
	}
}

func TestTheZeroCodeIsNothing(t *testing.T) {
	t.Parallel()
	var none voucher.Code
	if !none.Zero() || none.Canonical() != "" || none.Reveal() != "" || none.Last4() != "" || none.String() != "" {
		t.Errorf("the zero code shows something: %v", none)
	}
}
