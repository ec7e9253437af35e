package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// What a mould consists of: the keys are written last, so that one that was begun and not finished is none.
const (
	mouldData = "postgres"
	mouldKeys = "keys.json"
)

// takeMould copies a furnished database into the stack's directory; false if there is none.
func (s *Stack) takeMould(ctx context.Context) (bool, error) {
	if s.options.Mould == "" {
		return false, nil
	}
	text, err := os.ReadFile(filepath.Join(s.options.Mould, mouldKeys))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("take a furnished database: %w", err)
	}
	if err := json.Unmarshal(text, &s.keys); err != nil {
		return false, fmt.Errorf("take a furnished database: %w", err)
	}
	into := filepath.Join(s.options.Dir, "database")
	if err := os.MkdirAll(into, 0o711); err != nil {
		return false, fmt.Errorf("take a furnished database: %w", err)
	}
	return true, copyData(ctx, filepath.Join(s.options.Mould, mouldData), filepath.Join(into, mouldData))
}

// fillMould keeps the database as it is, for other stacks.
func (s *Stack) fillMould(ctx context.Context) error {
	if s.options.Mould == "" {
		return nil
	}
	if err := s.StopDatabase(ctx); err != nil {
		return err
	}
	if err := copyData(ctx, s.DatabaseDir(), filepath.Join(s.options.Mould, mouldData)); err != nil {
		return err
	}
	text, err := json.Marshal(s.keys)
	if err != nil {
		return fmt.Errorf("keep a furnished database: %w", err)
	}
	if err := os.WriteFile(filepath.Join(s.options.Mould, mouldKeys), text, 0o600); err != nil {
		return fmt.Errorf("keep a furnished database: %w", err)
	}
	return s.StartDatabase(ctx)
}

// copyData copies the files of a database that is stopped, with their owners.
func copyData(ctx context.Context, from, to string) error {
	if said, err := exec.CommandContext(ctx, "cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("copy a database: %w: %s", err, said)
	}
	return nil
}
