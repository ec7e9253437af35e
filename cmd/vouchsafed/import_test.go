package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// foreign writes a table of so many vouchers, as a Danish Excel does, and returns its path.
func foreign(t *testing.T, vouchers int) string {
	t.Helper()
	var text strings.Builder
	text.WriteString("\ufeffGavekortkode;Saldo;Valuta;Udløbsdato\r\n")
	for n := range vouchers {
		fmt.Fprintf(&text, "GAVE-2019-%06d;%d,50;DKK;31.12.2030\r\n", n, 100+n%400)
	}
	path := filepath.Join(t.TempDir(), "gavekort.csv")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The vouchers of another system are looked through, brought in once however often the power is cut, used, exported and taken back as
// far as nobody has used them (X07).
func TestForeignVouchersAreImportedOnceWheneverThePowerIsCut(t *testing.T) {
	t.Parallel()
	const vouchers = 2000
	k := opensKiosk(t)
	file := foreign(t, vouchers)
	if said := k.does("import", file); !strings.Contains(said, "2000 vouchers with 600000.00 DKK") || !strings.Contains(said, "Nothing was changed") {
		t.Errorf("the dry run says %s", said)
	}
	for _, after := range []time.Duration{100 * time.Millisecond, 300 * time.Millisecond, 700 * time.Millisecond} {
		k.cuts(after, "import", file, "--commit", "--key", "old")
	}
	if said := k.does("import", file, "--commit", "--key", "old"); !strings.Contains(said, "mported") {
		t.Errorf("the import says %s", said)
	}
	if said := k.does("import", file, "--commit", "--key", "old"); !strings.Contains(said, "before") {
		t.Errorf("the repeat says %s", said)
	}
	d := k.serves()
	code := `{"code": "gave 2019 000007"}`
	if r := d.wants(200, k.till, "POST", "/v1/balance", code); r.at("balance.amount") != 10750.0 || r.at("voucher.expires_on") != "2030-12-31" {
		t.Errorf("an imported voucher is %s", r.text)
	}
	d.wants(201, k.till, "PUT", "/v1/redemptions/r:1", `{"code": "GAVE2019000007", "amount": {"amount": 10000, "currency": "DKK"}, "receipt": "1"}`)
	if lines := strings.Count(k.does("export", "vouchers", "--codes"), "GAVE-2019-"); lines != vouchers {
		t.Errorf("%d vouchers are exported", lines)
	}
	if said := k.does("export", "vouchers"); strings.Contains(said, "GAVE") {
		t.Error("an export without codes has them")
	}
	k.cuts(400*time.Millisecond, "import", "--take-back", "old")
	said := k.does("import", "--take-back", "old")
	if !strings.Contains(said, "1999 vouchers of old are out of the books") || strings.Count(said, "stays") != 1 || !strings.Contains(said, "line 9 stays") {
		t.Errorf("taking it back says %s", said)
	}
	d.wants(404, k.till, "POST", "/v1/balance", `{"code": "GAVE-2019-000008"}`)
	d.wants(200, k.till, "POST", "/v1/balance", code)
	if out, err := k.tries("import", file); err == nil || !strings.Contains(out, "line 9: code: a voucher has this code already") {
		t.Errorf("the file again: %v %s", err, out)
	}
	d.stops()
	k.isSound(d, []string{"GAVE-2019-000007"})
}

// cuts starts a command and kills it, wherever it is by then.
func (i *installation) cuts(after time.Duration, args ...string) {
	i.t.Helper()
	program, err := binary()
	if err != nil {
		i.t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = i.env
	if err := cmd.Start(); err != nil {
		i.t.Fatal(err)
	}
	power := time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) // it may have ended by itself
	_ = cmd.Wait()
	power.Stop()
}

func TestAFileThatCanNotBeMeantIsNotImported(t *testing.T) {
	t.Parallel()
	k := opensKiosk(t)
	bad := filepath.Join(t.TempDir(), "bad.csv")
	if err := os.WriteFile(bad, []byte("code,balance,currency\nABC-123-DEF,1.234,DKK\nABC-124-DEF,5,DKK\nABC124DEF,6,DKK\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"import", bad}, {"import", bad, "--commit"}} {
		out, err := k.tries(args...)
		if err == nil || !strings.Contains(out, "line 2: balance") || !strings.Contains(out, "line 4: code: line 3 has the same code") {
			t.Errorf("%v: %v %s", args, err, out)
		}
	}
	if out, err := k.tries("import", "--take-back", "nothing"); err == nil || !strings.Contains(out, "no such import") {
		t.Errorf("%v %s", err, out)
	}
	ended := filepath.Join(t.TempDir(), "ended.csv")
	if err := os.WriteFile(ended, []byte("code,balance,currency,expires_on\nABC-123-DEF,7,DKK,2015-12-31\nABC-124-DEF,5,DKK,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := k.does("import", ended); !strings.Contains(said, "2 vouchers with 12.00 DKK") || !strings.Contains(said, "1 of them with 7.00 DKK have ended") || !strings.Contains(said, "line 2: expires_on: ") {
		t.Errorf("of a line that nobody can ask for any more: %s", said)
	}
	if said := k.does("export", "vouchers"); strings.Count(said, "\n") != 0 {
		t.Errorf("something was imported: %s", said)
	}
}
