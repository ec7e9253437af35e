package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrNotRunning means that no instance runs on the directory.
var ErrNotRunning = errors.New("no instance runs on this directory")

// Addresses are where the stores of a running instance are reached.
type Addresses struct {
	DatabaseURL string `json:"database_url"`
	RedisURL    string `json:"redis_url"`
	Dir         string `json:"-"` // where the data lies
}

// announced is the file in which an instance leaves its addresses for the commands of the same machine.
const announced = "addresses.json"

// announce writes the addresses where Attach finds them: in a file for the owner alone, replaced as a whole.
func (s *Stores) announce() error {
	text, err := json.Marshal(Addresses{DatabaseURL: s.DatabaseURL, RedisURL: s.RedisURL})
	if err != nil {
		return fmt.Errorf("announce the addresses: %w", err)
	}
	name := filepath.Join(s.Dir, announced)
	if err := os.WriteFile(name+".new", text, 0o600); err != nil {
		return fmt.Errorf("announce the addresses: %w", err)
	}
	return os.Rename(name+".new", name)
}

// Attach finds the stores of the instance that runs on the directory, so that a command can work beside it. It fails with
// ErrNotRunning, which a moment later may not be true any more.
func Attach(o Options) (Addresses, error) {
	as, err := unprivileged()
	if err != nil {
		return Addresses{}, err
	}
	dir, _, err := place(o, as)
	if err != nil {
		return Addresses{}, err
	}
	free, err := acquire(filepath.Join(dir, "lock"))
	if err == nil {
		return Addresses{}, errors.Join(ErrNotRunning, free.release())
	}
	if !errors.Is(err, ErrInUse) {
		return Addresses{}, err
	}
	text, err := os.ReadFile(filepath.Join(dir, announced))
	if err != nil {
		return Addresses{}, fmt.Errorf("read the addresses of the running instance: %w", err)
	}
	found := Addresses{Dir: dir}
	if err := json.Unmarshal(text, &found); err != nil {
		return Addresses{}, fmt.Errorf("read the addresses of the running instance: %w", err)
	}
	return found, nil
}
