package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

var (
	// ErrMissing means that a program is not installed; the message names the package to install.
	ErrMissing = errors.New("not installed")

	// ErrVersion means that the data belongs to another major version of PostgreSQL than any installed here.
	ErrVersion = errors.New("the data was made by another version of PostgreSQL")
)

// installations are the places where packages put PostgreSQL's programs outside of PATH.
func installations() []string {
	return []string{
		"/usr/lib/postgresql/*/bin",         // Debian, Ubuntu
		"/usr/pgsql-*/bin",                  // Red Hat
		"/opt/homebrew/opt/postgresql*/bin", // Homebrew on Apple silicon
		"/usr/local/opt/postgresql*/bin",    // Homebrew on Intel
		"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
	}
}

// programs is one installed PostgreSQL.
type programs struct {
	dir   string
	major int
	full  string // "15.18"
}

func (p programs) path(name string) string { return filepath.Join(p.dir, name) }

// choose takes the programs that fit the data: of its major version when there is data, else the first that is found, the
// newest where several versions are installed side by side.
func choose(ctx context.Context, o Options, data string, as account) (programs, error) {
	found, err := search(ctx, o, as)
	if err != nil {
		return programs{}, err
	}
	major, err := clusterVersion(data)
	if err != nil {
		return programs{}, err
	}
	if major == 0 {
		return found[0], nil
	}
	if i := slices.IndexFunc(found, func(p programs) bool { return p.major == major }); i >= 0 {
		return found[i], nil
	}
	return programs{}, fmt.Errorf("%w: %s is of PostgreSQL %d, installed is %d (%s); install PostgreSQL %d, or move the data with pg_upgrade. "+
		"Nothing was changed", ErrVersion, data, major, found[0].major, found[0].dir, major)
}

// search lists the usable installations in the order of preference.
func search(ctx context.Context, o Options, as account) ([]programs, error) {
	var found []programs
	var faults []error
	for _, dir := range candidates(o) {
		p, err := inspect(ctx, dir, as)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		found = append(found, p)
	}
	if len(found) > 0 {
		return found, nil
	}
	missing := fmt.Errorf("PostgreSQL is %w: run scripts/setup, or install the package postgresql (apt-get install postgresql, "+
		"brew install postgresql@17), or name the directory of its programs in VOUCHSAFE_PG_BIN", ErrMissing)
	return nil, errors.Join(append([]error{missing}, faults...)...)
}

// candidates are directories that hold a server and initdb. One that the operator named is the only one.
func candidates(o Options) []string {
	if o.PostgresBin != "" {
		return []string{o.PostgresBin}
	}
	var dirs []string
	if path, ok := lookup(o.SearchPath, "postgres"); ok {
		dirs = append(dirs, filepath.Dir(followed(path)))
	}
	for _, pattern := range installations() {
		matches, _ := filepath.Glob(pattern) // the patterns are constants and well-formed
		slices.SortFunc(matches, func(a, b string) int { return number(b) - number(a) })
		dirs = append(dirs, matches...)
	}
	return slices.DeleteFunc(dirs, func(dir string) bool {
		return !executable(filepath.Join(dir, "postgres")) || !executable(filepath.Join(dir, "initdb"))
	})
}

// number finds the version in a directory's name; 0 where it has none.
func number(dir string) int {
	n, _ := strconv.Atoi(regexp.MustCompile(`[0-9]+`).FindString(dir))
	return n
}

// lookup finds a program by its name.
func lookup(searchPath, name string) (path string, ok bool) {
	if searchPath == "" {
		searchPath = os.Getenv("PATH")
	}
	for _, dir := range filepath.SplitList(searchPath) {
		path = filepath.Join(dir, name)
		if filepath.IsAbs(path) && executable(path) {
			return path, true
		}
	}
	return "", false
}

// followed resolves links: PostgreSQL's programs find each other where they really lie. Never for Redis, which asks by what name it
// was called and on Debian is a link to its own checker.
func followed(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	return path
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// inspect asks the server for its version, as the user who will run it.
func inspect(ctx context.Context, dir string, as account) (programs, error) {
	cmd := exec.Command(filepath.Join(dir, "postgres"), "--version")
	cmd.Dir = "/"
	said, err := run(ctx, cmd, as)
	if err != nil {
		return programs{}, err
	}
	version := regexp.MustCompile(`\(PostgreSQL\) ((\d+)\S*)`).FindStringSubmatch(said)
	if version == nil {
		return programs{}, fmt.Errorf("%s does not tell its version: %q", cmd.Path, said)
	}
	major, err := strconv.Atoi(version[2])
	if err != nil {
		return programs{}, fmt.Errorf("version of %s: %w", cmd.Path, err)
	}
	return programs{dir: dir, major: major, full: version[1]}, nil
}
