package mutant

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"vouchsafe/cmd/vouchbench/stack"
)

// Root finds the directory of the module that the working directory belongs to.
func Root(ctx context.Context) (string, error) {
	said, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the source, which mutants are made of: %w", err)
	}
	return string(bytes.TrimSpace(said)), nil
}

// Files are the mutant's versions of the files that it changes, by their path below root. The error names the text that does not
// occur exactly once.
func (m Mutant) Files(root string) (map[string]string, error) {
	files := map[string]string{}
	for _, e := range m.Edits {
		text, known := files[e.File]
		if !known {
			read, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(e.File)))
			if err != nil {
				return nil, fmt.Errorf("mutant %q: %w", m.Name, err)
			}
			text = string(read)
		}
		if n := strings.Count(text, e.Old); n != 1 {
			return nil, fmt.Errorf("mutant %q: %s has %d times what is replaced: %q", m.Name, e.File, n, e.Old)
		}
		files[e.File] = strings.Replace(text, e.Old, e.New, 1)
	}
	return files, nil
}

// Build builds the wrong daemon in dir and returns its path. The source is left alone.
func (m Mutant) Build(ctx context.Context, root, dir string) (string, error) {
	files, err := m.Files(root)
	if err != nil {
		return "", err
	}
	replaced := map[string]string{}
	for name, text := range files {
		as := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(as, []byte(text), 0o600); err != nil {
			return "", fmt.Errorf("mutant %q: %w", m.Name, err)
		}
		replaced[filepath.Join(root, filepath.FromSlash(name))] = as
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return "", fmt.Errorf("mutant %q: %w", m.Name, err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		return "", fmt.Errorf("mutant %q: %w", m.Name, err)
	}
	program, err := stack.Build(ctx, filepath.Join(dir, "vouchsafed"), "-overlay", list)
	if err != nil {
		return "", fmt.Errorf("mutant %q: %w", m.Name, err)
	}
	return program, nil
}
