// Package scripts holds the tools of the house, and the test that keeps its floors apart.
package scripts

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

const module = "vouchsafe"

// picture says who may import whom of ours. A room's rule holds for what lies below it too, and those may import each other; a new room
// on one of the floors needs a line of its own. Whoever may import a folder may not therefore import what lies below it: "webshop/*"
// says so where it is meant. The pure floor is open to every floor above it.
const picture = `
cmd                -> *

config             -> pure

gateway            -> gateway/* retail pure
gateway/edge       -> retail pure
gateway/counter    -> gateway/edge retail pure
gateway/api        -> gateway/edge gateway/counter retail pure
gateway/admin      -> gateway/edge gateway/counter retail pure
gateway/till       -> gateway/edge gateway/counter retail pure
gateway/schedule   -> gateway/edge retail pure
gateway/pickup     -> gateway/edge retail pure
gateway/window     -> gateway/edge retail pure
gateway/relay      -> gateway/edge retail pure webshop webshop/*

retail             -> retail/ledger retail/orders retail/outbox retail/hold retail/throttle retail/mail retail/document retail/report retail/herald retail/notary retail/staff retail/schema retail/reach retail/reseal retail/wording retail/points pure
retail/ledger      -> retail/outbox pure
retail/orders      -> retail/outbox pure
retail/outbox      -> pure
retail/hold        -> pure
retail/throttle    -> pure
retail/mail        -> pure
retail/document    -> pure
retail/report      -> pure
retail/herald      -> pure
retail/notary      -> pure
retail/staff       -> pure
retail/wording     -> pure
retail/points      -> pure
retail/schema      -> pure
retail/connect     -> pure
retail/reach       -> pure
retail/reseal      -> pure
retail/embedded    -> pure

retail/voucher     -> retail/money
retail/purchase    -> retail/money
retail/loyalty     -> retail/money
retail/turnover    ->
retail/link        ->
retail/sheet       -> retail/money retail/voucher
retail/bookkeeping -> retail/money retail/turnover
retail/money       ->
retail/keyring     ->
retail/language    ->
retail/failpoint   ->
retail/keyset      ->

webshop            ->
webshop/*          -> webshop
`

// pure is the floor of rules without clock, randomness or stores.
const pure = "retail/money retail/voucher retail/purchase retail/loyalty retail/keyring retail/language retail/failpoint retail/keyset retail/sheet retail/link retail/turnover retail/bookkeeping"

// strangers says where a foreign module may be imported.
const strangers = `
github.com/gin-gonic/gin             -> gateway cmd/vouchbench/anchor
github.com/robfig/cron               -> gateway/schedule
github.com/redis/go-redis            -> retail/hold retail/throttle cmd
github.com/jackc/pgx                 -> retail/ledger retail/orders retail/outbox retail/report retail/herald retail/notary retail/staff retail/schema retail/reseal retail/connect retail/wording retail/points cmd
github.com/riverqueue/river          -> retail/outbox cmd
github.com/wneessen/go-mail          -> retail/mail
`

func TestImportsAreThoseOfThePicture(t *testing.T) {
	t.Parallel()
	rules := table(picture)
	for folder, imports := range imported(t) {
		room, rule, ok := ruleOf(rules, folder)
		if !ok {
			t.Errorf("%s is not in the picture", folder)
			continue
		}
		for _, target := range imports {
			ours, isOurs := strings.CutPrefix(target, module+"/")
			if isOurs && !inRoom(room, ours) && !allowed(rule, ours) {
				t.Errorf("%s imports %s, which the picture does not allow", folder, ours)
			}
		}
	}
}

func TestPureFloorImportsTheStandardLibraryAlone(t *testing.T) {
	t.Parallel()
	real := imported(t)
	for _, folder := range strings.Fields(pure) {
		for _, target := range real[folder] {
			if strings.Contains(strings.Split(target, "/")[0], ".") {
				t.Errorf("%s imports %s: it is pure", folder, target)
			}
		}
	}
}

func TestStrangersStayInTheirRooms(t *testing.T) {
	t.Parallel()
	rooms := table(strangers)
	for folder, imports := range imported(t) {
		for _, target := range imports {
			for stranger, where := range rooms {
				if within(stranger, target) && !slices.ContainsFunc(where, func(room string) bool { return within(room, folder) }) {
					t.Errorf("%s imports %s, which belongs to %s", folder, target, strings.Join(where, ", "))
				}
			}
		}
	}
}

// table reads lines of "left -> right right".
func table(text string) map[string][]string {
	rules := map[string][]string{}
	for line := range strings.Lines(text) {
		if left, right, ok := strings.Cut(line, "->"); ok {
			rules[strings.TrimSpace(left)] = strings.Fields(right)
		}
	}
	return rules
}

// ruleOf is the rule of the folder itself, or of the room it lies in.
func ruleOf(rules map[string][]string, folder string) (room string, rule []string, ok bool) {
	for at := folder; at != "."; at = parent(at) {
		if isFloor := slices.Contains(floors(), at); isFloor && at != folder {
			break
		}
		if rule, ok = rules[at]; ok {
			return at, rule, true
		}
		if rule, ok = rules[parent(at)+"/*"]; ok {
			return at, rule, true
		}
	}
	return "", nil, false
}

// floors are made of rooms that the picture lists one by one; what lies directly on them belongs to them alone.
func floors() []string { return []string{"gateway", "retail", "webshop"} }

func parent(folder string) string {
	if i := strings.LastIndex(folder, "/"); i >= 0 {
		return folder[:i]
	}
	return "."
}

func allowed(rule []string, target string) bool {
	return slices.ContainsFunc(rule, func(name string) bool {
		below, isBelow := strings.CutSuffix(name, "/*")
		switch {
		case name == "*":
			return true
		case name == "pure":
			return slices.Contains(strings.Fields(pure), target)
		case isBelow:
			return strings.HasPrefix(target, below+"/")
		default:
			return name == target
		}
	})
}

// inRoom is false for the rooms of a floor: the floor itself has no claim on them.
func inRoom(room, target string) bool {
	return within(room, target) && (target == room || !slices.Contains(floors(), room))
}

func within(folder, path string) bool {
	return path == folder || strings.HasPrefix(path, folder+"/")
}

// imported maps every folder of ours to what its Go files import. Tests and what supports them (folders named …test) are free.
func imported(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string]map[string]bool{}
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && (strings.HasPrefix(entry.Name(), ".") || strings.HasSuffix(entry.Name(), "test") || entry.Name() == "testdata"):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		folder := parent(path)
		if found[folder] == nil {
			found[folder] = map[string]bool{}
		}
		return addImports(root, path, found[folder])
	})
	if err != nil {
		t.Fatal(err)
	}
	lists := map[string][]string{}
	for folder, set := range found {
		lists[folder] = slices.Sorted(maps.Keys(set))
	}
	return lists
}

func addImports(root fs.FS, path string, into map[string]bool) error {
	source, err := fs.ReadFile(root, path)
	if err != nil {
		return err
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.ImportsOnly)
	if err != nil {
		return err
	}
	for _, spec := range file.Imports {
		into[strings.Trim(spec.Path.Value, `"`)] = true
	}
	return nil
}
