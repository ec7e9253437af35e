// Package webshoptest finds what real webshops sent: captured bodies and the vectors of their signatures. They lie
// beside the repository, in ../shared/fixtures.
package webshoptest

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// Fixture returns the bytes of one file below the fixtures, and fails the test if it is not there: a captured body that is
// silently left out would prove nothing.
func Fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root(t), "..", "shared", "fixtures", filepath.FromSlash(name)))
	if err != nil {
		t.Fatalf("read a fixture: %v", err)
	}
	return data
}

// FixtureHeader returns captured headers: a JSON object whose "headers" are pairs of name and value.
func FixtureHeader(t testing.TB, name string) http.Header {
	t.Helper()
	var captured struct {
		Headers [][2]string `json:"headers"`
	}
	if err := json.Unmarshal(Fixture(t, name), &captured); err != nil {
		t.Fatalf("read captured headers: %v", err)
	}
	header := http.Header{}
	for _, pair := range captured.Headers {
		header.Add(pair[0], pair[1])
	}
	return header
}

// root is the folder of go.mod, above the folder of the package that is tested.
func root(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatalf("find the repository: %v", err)
	}
	for {
		_, err := os.Stat(filepath.Join(folder, "go.mod"))
		if err == nil {
			return folder
		}
		parent := filepath.Dir(folder)
		if !errors.Is(err, fs.ErrNotExist) || parent == folder {
			t.Fatalf("find the repository: no go.mod above the tested package: %v", err)
		}
		folder = parent
	}
}
