// Package failpoint names the instants at which a crash is most awkward, so that tests can crash there.
//
// The code calls Hit at each of them. In production that is one atomic load and nothing else. A process started
// with VOUCHSAFE_FAILPOINTS=group.committed kills itself at that point, the way a power cut would: no deferred
// call runs, no connection is closed, no answer is sent. "group.committed=3" lets the first two hits pass;
// "group.committed=panic" panics at each of them, as a bug would; several points are separated by commas. A test in the same process sets a hook instead and may hold an act
// at the point, or cancel something beneath it.
//
// The points are one closed table (names.go), so that a crash test can walk through all of them, and a misspelt
// name panics rather than passing a test that never crashed anything.
package failpoint

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// environment is the variable that arms a process from its start.
const environment = "VOUCHSAFE_FAILPOINTS"

// hooks are the armed points. The map is never changed, only replaced.
type hooks map[string]func()

// registry is the armed state of a process; nil in the pointer means that nothing is armed.
type registry struct {
	change sync.Mutex
	armed  atomic.Pointer[hooks]
}

// points is the process's own registry. It is the one package variable that changes, since a point must be
// reachable from any depth without a parameter that production code would carry for tests alone.
var points = fromEnvironment(os.Getenv(environment))

// Hit marks that the process passes the named point. It does nothing unless a test armed the point.
func Hit(name string) { points.hit(name) }

// Set runs hook at every later hit of the named point until restore is called, which brings back whatever was
// armed before. Restores are called in the opposite order of their sets. It panics when no point bears the name.
func Set(name string, hook func()) (restore func()) { return points.set(name, hook) }

func (r *registry) hit(name string) {
	armed := r.armed.Load()
	if armed == nil {
		return
	}
	if hook := (*armed)[name]; hook != nil {
		hook()
	}
}

func (r *registry) set(name string, hook func()) (restore func()) {
	if !slices.Contains(Names(), name) {
		panic(fmt.Sprintf("failpoint: no point is called %q", name))
	}
	before := r.replace(name, hook)
	return func() { r.replace(name, before) }
}

// replace arms one point, or disarms it when hook is nil, and returns what was armed.
func (r *registry) replace(name string, hook func()) (before func()) {
	r.change.Lock()
	defer r.change.Unlock()

	next := hooks{}
	if armed := r.armed.Load(); armed != nil {
		next = maps.Clone(*armed)
	}
	before = next[name]
	if hook == nil {
		delete(next, name)
	} else {
		next[name] = hook
	}
	if len(next) == 0 {
		r.armed.Store(nil)
		return before
	}
	r.armed.Store(&next)
	return before
}

// fromEnvironment arms the points that list names. It panics at a fault: a crash test that crashes nothing
// would pass.
func fromEnvironment(list string) *registry {
	r := &registry{}
	if list == "" {
		return r
	}
	for _, item := range strings.Split(list, ",") {
		name, hook, err := parse(item)
		if err != nil {
			panic("failpoint: " + environment + ": " + err.Error())
		}
		r.set(name, hook)
	}
	return r
}

// parse reads "name", "name=3" or "name=panic": the point and what happens there.
func parse(item string) (name string, hook func(), err error) {
	name, count, counted := strings.Cut(strings.TrimSpace(item), "=")
	switch {
	case !counted:
		return name, crashAt(1, die), nil
	case count == "panic":
		return name, func() { panic("failpoint: " + name) }, nil
	}
	after, err := strconv.ParseInt(count, 10, 64)
	if err != nil || after < 1 {
		return "", nil, fmt.Errorf("%q: the hit to crash at is a number from 1", item)
	}
	return name, crashAt(after, die), nil
}

// crashAt calls crash at the given hit and at none before or after it.
func crashAt(after int64, crash func()) func() {
	var hits atomic.Int64
	return func() {
		if hits.Add(1) == after {
			crash()
		}
	}
}

// die kills this process at once and never returns, so that nothing after the point runs.
func die() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		panic(fmt.Sprintf("failpoint: kill this process: %v", err))
	}
	select {}
}
