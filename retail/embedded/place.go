package embedded

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// longestSockets is how long the name of the socket directory may be: PostgreSQL appends 15 bytes to it, and a socket's whole name is
// limited to 107 bytes on Linux and to 103 on macOS.
const longestSockets = 88

// place decides where the data lies and makes the directory. When it isn't the one asked for, the sentence says why.
func place(o Options, as account) (dir, moved string, err error) {
	if o.Dir == "" {
		return "", "", errors.New("no data directory was named")
	}
	if dir, err = filepath.Abs(o.Dir); err != nil {
		return "", "", fmt.Errorf("name the data directory: %w", err)
	}
	if nearest := existing(dir); !as.mayEnter(nearest) {
		moved = fmt.Sprintf("PostgreSQL runs as user %s here, who may not enter %s", as.name, nearest)
		dir = refuge(dir, o.Elsewhere)
	}
	if err := makeAll(dir, as.parentMode()); err != nil {
		return "", "", fmt.Errorf("make the data directory: %w", err)
	}
	if !as.mayEnter(dir) {
		return "", "", fmt.Errorf("PostgreSQL runs as user %s here, who may not enter %s: choose another directory", as.name, dir)
	}
	return dir, moved, nil
}

// parentMode lets the account pass through a directory of root's without reading it.
func (a account) parentMode() os.FileMode {
	if a.credential == nil {
		return 0o700
	}
	return 0o711
}

// makeAll makes what is missing of dir, with exactly this mode: the usual umask of root's services would lock the account out.
func makeAll(dir string, mode os.FileMode) error {
	if existing(dir) == dir {
		return nil
	}
	if err := makeAll(filepath.Dir(dir), mode); err != nil {
		return err
	}
	if err := os.Mkdir(dir, mode); err != nil {
		return err
	}
	return os.Chmod(dir, mode)
}

// existing is the deepest directory on the way to dir that is already there.
func existing(dir string) string {
	for {
		if _, err := os.Lstat(dir); err == nil || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// refuge is the same place for the same directory every time, so that the next start finds its data again.
func refuge(dir, parent string) string {
	if parent == "" {
		parent = elsewhere
	}
	name := strings.TrimLeft(filepath.Base(dir), ".")
	return filepath.Join(parent, fmt.Sprintf("%s-%s", name, fingerprint(dir)))
}

func fingerprint(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return fmt.Sprintf("%x", sum[:6])
}

// sockets is the private directory in which the stores listen.
type sockets struct {
	dir string
	as  account
}

// makeSockets takes a directory beside the data, or one below /tmp where that name would be too long or too odd for PostgreSQL. Its
// name is the same at every start: what a killed program left running is found again.
func makeSockets(dir string, as account) (*sockets, error) {
	s := &sockets{dir: filepath.Join(dir, "run"), as: as}
	if len(s.dir) > longestSockets || strings.ContainsAny(s.dir, `"\'`) {
		s.dir = fmt.Sprintf("/tmp/vouchsafe-%d-%s", as.uid(), fingerprint(dir))
	}
	if err := as.makePrivate(s.dir); err != nil {
		return nil, fmt.Errorf("make the socket directory: %w", err)
	}
	return s, s.verify()
}

// verify refuses a directory that somebody else has put there first, as anybody may below /tmp.
func (s *sockets) verify() error {
	info, err := os.Lstat(s.dir)
	if err != nil {
		return fmt.Errorf("look at the socket directory: %w", err)
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm() != 0o700 || !known || owner.Uid != s.as.uid() {
		return fmt.Errorf("socket directory %s must belong to user %s alone (mode 0700): remove it", s.dir, s.as.name)
	}
	return nil
}

// remove takes away the directory when the stores have taken their sockets away.
func (s *sockets) remove() error {
	if s == nil {
		return nil
	}
	err := os.Remove(s.dir)
	if errors.Is(err, syscall.ENOTEMPTY) || errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
