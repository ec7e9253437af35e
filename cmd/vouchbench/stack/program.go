package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// daemonPackage is what is built where no vouchsafed is found.
const daemonPackage = "vouchsafe/cmd/vouchsafed"

// FindProgram finds the vouchsafed to run: the one that was named, else the one beside this program, else one built from the source
// of the working directory into dir.
func FindProgram(ctx context.Context, named, dir string) (string, error) {
	if named != "" {
		return named, nil
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "vouchsafed")
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside, nil
		}
	}
	return Build(ctx, filepath.Join(dir, "vouchsafed"))
}

// Build builds the daemon from source, with further arguments for go build.
func Build(ctx context.Context, name string, args ...string) (string, error) {
	build := exec.CommandContext(ctx, "go", append(append([]string{"build"}, args...), "-o", name, daemonPackage)...)
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build vouchsafed (name one with --vouchsafed): %w: %s", err, bytes.TrimSpace(out))
	}
	return name, nil
}

// Do runs a command of the program and returns what it printed, without the line end.
func (s *Stack) Do(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.options.Program, args...)
	cmd.Env = s.env
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	failed := &exec.ExitError{}
	if errors.As(err, &failed) {
		err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	if err != nil {
		return strings.TrimSpace(out.String()), fmt.Errorf("vouchsafed %s: %w", args[0], err)
	}
	return strings.TrimSpace(out.String()), nil
}
