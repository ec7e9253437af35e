package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// report is what a run leaves as JSON.
type report struct {
	Command string    `json:"command"`
	Commit  string    `json:"commit"` // of the source that vouchbench was built from
	At      time.Time `json:"at"`
	Cores   int       `json:"cores"`
	System  string    `json:"system"`
	Options any       `json:"options"`
	Results any       `json:"results"`
}

// write leaves the report where --json says.
func (p *program) write(command string, options, results any) error {
	if p.JSON == "" {
		return nil
	}
	text, err := json.MarshalIndent(report{
		Command: command, Commit: commit(), At: time.Now().UTC(), Cores: runtime.GOMAXPROCS(0), System: runtime.GOOS + "/" + runtime.GOARCH,
		Options: options, Results: results,
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if err := os.WriteFile(p.JSON, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// commit is the source's, as the Go toolchain stamped it; "+" says that it was changed since.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if settings["vcs.modified"] == "true" {
		return settings["vcs.revision"] + "+"
	}
	return settings["vcs.revision"]
}
