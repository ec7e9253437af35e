package torture

import (
	"bufio"
	_ "embed"
	"fmt"
	"strings"
	"time"
)

//go:embed testdata/seeds
var seeds string

// Seed is a run that once failed and is kept.
type Seed struct {
	Mode     string
	Seed     uint64
	Duration time.Duration
}

// Seeds are the runs that once failed.
func Seeds() (kept []Seed, err error) {
	for lines := bufio.NewScanner(strings.NewReader(seeds)); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		var s Seed
		var length string
		if _, err := fmt.Sscan(line, &s.Mode, &s.Seed, &length); err != nil {
			return nil, fmt.Errorf("read the kept seed %q: %w", line, err)
		}
		if s.Duration, err = time.ParseDuration(length); err != nil {
			return nil, fmt.Errorf("read the kept seed %q: %w", line, err)
		}
		kept = append(kept, s)
	}
	return kept, nil
}
