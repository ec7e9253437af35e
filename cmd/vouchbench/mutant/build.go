package mutant

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"vouchsafe/cmd/vouchbench/mutant/wrong"
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

// Setting is what makes the wrong daemon this mutant.
func (m Mutant) Setting() string { return wrong.Variable + "=" + m.Name }

// said is a replacement with the mutant's name in it.
func (m Mutant) said(text string) string {
	name := strconv.Quote(m.Name)
	return strings.ReplaceAll(strings.ReplaceAll(text, "WRONG", "wrong.Is("+name+")"), "NAME", name)
}

// Files are the wrong daemon's versions of the files that the mutants change, by their path below root. The error names the text that
// does not occur exactly once.
func Files(root string) (map[string]string, error) {
	files := map[string]string{}
	for _, m := range All() {
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
			files[e.File] = strings.Replace(text, e.Old, m.said(e.New), 1)
		}
	}
	for name, text := range files {
		files[name] = importing(text)
	}
	return files, nil
}

// importing lets a file import package wrong if it asks it anything.
func importing(text string) string {
	if !strings.Contains(text, "wrong.Is(") && !strings.Contains(text, "wrong.Or(") && !strings.Contains(text, "wrong.Text(") {
		return text
	}
	clause := regexp.MustCompile(`(?m)^package \w+\n`).FindString(text)
	return strings.Replace(text, clause, clause+"\nimport \"vouchsafe/cmd/vouchbench/mutant/wrong\"\n", 1)
}

// Build builds the daemon that is whichever mutant its setting names, in dir, and returns its path. The source is left alone.
func Build(ctx context.Context, root, dir string) (string, error) {
	files, err := Files(root)
	if err != nil {
		return "", err
	}
	replaced := map[string]string{}
	for name, text := range files {
		as := filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
		if err := os.WriteFile(as, []byte(text), 0o600); err != nil {
			return "", fmt.Errorf("write the wrong source: %w", err)
		}
		replaced[filepath.Join(root, filepath.FromSlash(name))] = as
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return "", fmt.Errorf("write the wrong source: %w", err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		return "", fmt.Errorf("write the wrong source: %w", err)
	}
	program, err := stack.Build(ctx, filepath.Join(dir, "vouchsafed"), "-overlay", list)
	if err != nil {
		return "", fmt.Errorf("build the wrong daemon: %w", err)
	}
	return program, nil
}
