package turnover_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"vouchsafe/retail/turnover"
	"vouchsafe/retail/voucher"
)

// written finds the lines that the rule book writes: a kind, and the contra account beside it.
var written = regexp.MustCompile(`"([a-z_]+)",\s*(?:Contra:\s*)?contraOf\("([a-z_]+)"`)

// Every kind of line that is written anywhere has its place; a new one fails here until somebody has given it one.
func TestEveryKindOfLineHasItsPlace(t *testing.T) {
	t.Parallel()
	found := 0
	err := fs.WalkDir(os.DirFS(".."), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := fs.ReadFile(os.DirFS(".."), path)
		for _, line := range written.FindAllStringSubmatch(string(source), -1) {
			found++
			if _, known := turnover.MoveOf(line[1], line[2]+"/office"); !known {
				t.Errorf("%s writes %s against %s, which has no place in the turnover", path, line[1], line[2])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []voucher.ActKind{voucher.Claims, voucher.Transfers, "reversal"} { // whose kind is their act's
		for _, place := range []string{"account", "voucher"} {
			if move, known := turnover.MoveOf(string(kind), place+"/7b1e"); !known || move != turnover.Moved {
				t.Errorf("%s against %s is %s", kind, place, move)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d kinds of line were found", found)
	}
}

func TestALineThatNobodyKnowsIsSaidToBeUnknown(t *testing.T) {
	t.Parallel()
	for _, line := range [][2]string{{"conjure", "sold/office"}, {"reversal", "conjured/office"}} {
		if move, known := turnover.MoveOf(line[0], line[1]); known || move != turnover.Adjusted {
			t.Errorf("%s against %s is %s, known %v", line[0], line[1], move, known)
		}
	}
}
