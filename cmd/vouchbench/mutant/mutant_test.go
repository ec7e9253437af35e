package mutant_test

import (
	"strconv"
	"strings"
	"testing"

	"vouchsafe/cmd/vouchbench/mutant"
	"vouchsafe/cmd/vouchbench/torture"
)

// What the mutants replace occurs exactly once in the present source, each of them is one that the wrong daemon can be, and there is a
// torture that is meant to find it out (G3).
func TestEveryMutantFitsTheSource(t *testing.T) {
	t.Parallel()
	root, err := mutant.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files, err := mutant.Files(root)
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, text := range files {
		source.WriteString(text)
	}
	seen := map[string]bool{}
	for _, m := range mutant.All() {
		t.Run(m.Name, func(t *testing.T) {
			if !strings.Contains(source.String(), strconv.Quote(m.Name)) {
				t.Error("nothing in the source asks for it")
			}
			if _, err := torture.MixNamed(m.Mix); err != nil {
				t.Error(err)
			}
			if seen[m.Name] || m.Breaks == "" || m.Notices == "" || len(m.Edits) == 0 {
				t.Errorf("%+v is a twin, or says too little of itself", m)
			}
			seen[m.Name] = true
		})
	}
	if len(seen) < 15 {
		t.Errorf("%d mutants, want 15 at least", len(seen))
	}
}
