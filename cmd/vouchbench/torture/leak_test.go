package torture

import (
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A code is found in whatever guise it stands in a log (G13), and what only looks like one is not.
func TestACodeIsFoundInEveryGuise(t *testing.T) {
	t.Parallel()
	const code = "7K3M9QTZ4W8XHB2V"
	for name, line := range map[string]string{
		"raw": `{"code":"` + code + `"}`, "grouped": "code 7K3M-9QTZ-4W8X-HB2V.", "small": "=7k3m9qtz4w8xhb2v=", "grouped and small": "7k3m-9qtz-4w8x-hb2v",
		"among letters": "abc" + code + "xyz", "hexadecimal": hex.EncodeToString([]byte(code)), "hexadecimal, grouped": hex.EncodeToString([]byte(grouped(code))),
		"HEXADECIMAL": strings.ToUpper(hex.EncodeToString([]byte(code))), "base64": base64.StdEncoding.EncodeToString([]byte(code)),
		"base64 of a sentence": base64.StdEncoding.EncodeToString([]byte("the code is " + code + ", says the log")),
		"base64 a letter on":   base64.StdEncoding.EncodeToString([]byte("the code is  " + grouped(code) + "!")),
		"base64 two on":        base64.URLEncoding.EncodeToString([]byte("the code is   " + code)),
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "gateway.log"), []byte("one line\n"+line+"\nanother\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if found, err := leaks(dir, []string{code}); len(found) != 1 || err != nil {
			t.Errorf("%s: %v %v, want to find it in %s", name, found, err, line)
		}
		if found, err := leaks(dir, []string{"8K3M9QTZ4W8XHB2V"}); len(found) != 0 || err != nil {
			t.Errorf("%s: found another in %s: %v %v", name, line, found, err)
		}
	}
}
