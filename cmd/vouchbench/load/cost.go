package load

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
)

// Meter reads what the processes and the stores have used. Processor time is read from /proc, where there is one.
type Meter struct {
	Database *pgxpool.Pool         // nil: its work is not counted
	Redis    redis.UniversalClient // nil: its work is not counted
	// Metrics is the address of the gateway's metrics; "" means that round trips are not counted.
	Metrics string
	// Processes are counted under their names; a process counts with its children, dead ones included.
	Processes map[string][]int
	// Alone are counted without their children: this process, which has started the others.
	Alone map[string]int
}

// usage is what was used until a moment.
type usage struct {
	ticks    map[string]int64 // processor time, in hundredths of a second
	commits  int64
	commands int64
	groups   int64 // transactions of acts
}

// Cost is what one operation used.
type Cost struct {
	// CPU is processor time in microseconds, by process.
	CPU     map[string]float64 `json:"cpu_us,omitempty"`
	Commits float64            `json:"commits,omitempty"`
	// RoundTrips to PostgreSQL: one for a commit, and one more for a group of acts, which first locks and then writes.
	RoundTrips float64 `json:"postgres_round_trips,omitempty"`
	Commands   float64 `json:"redis_commands,omitempty"`
}

// tick is the unit of /proc: a hundredth of a second on every Linux of today.
const tick = 10_000 // microseconds

const countCommits = `
SELECT xact_commit
FROM pg_stat_database
WHERE datname = current_database()`

// read takes the meters.
func (m *Meter) read(ctx context.Context) (usage, error) {
	u := usage{ticks: map[string]int64{}}
	if m.Database != nil {
		if err := m.Database.QueryRow(ctx, countCommits).Scan(&u.commits); err != nil {
			return u, fmt.Errorf("count the commits: %w", err)
		}
	}
	if m.Redis != nil {
		text, err := m.Redis.Info(ctx, "stats").Result()
		if err != nil {
			return u, fmt.Errorf("count the commands: %w", err)
		}
		u.commands = field(text, "total_commands_processed")
	}
	if m.Metrics != "" {
		var err error
		if u.groups, err = m.countGroups(ctx); err != nil {
			return u, fmt.Errorf("count the groups: %w", err)
		}
	}
	tree := processes()
	for name, pid := range m.Alone {
		u.ticks[name] = tree[pid].own
	}
	for name, pids := range m.Processes {
		for _, pid := range pids {
			u.ticks[name] += tree.ticks(pid)
		}
	}
	return u, nil
}

// countGroups asks the gateway how many groups of acts it has settled.
func (m *Meter) countGroups(ctx context.Context) (groups int64, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, m.Metrics, nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), " "); strings.HasPrefix(name, "vouchsafe_group_acts_count") {
			count, _ := strconv.ParseInt(value, 10, 64) // Prometheus writes it
			groups += count
		}
	}
	return groups, err
}

// field finds a number in the text of INFO.
func field(info, name string) int64 {
	for line := range strings.Lines(info) {
		if found, value, _ := strings.Cut(strings.TrimSpace(line), ":"); found == name {
			number, _ := strconv.ParseInt(value, 10, 64) // Redis writes it
			return number
		}
	}
	return 0
}

// cost is what each of n operations used between two readings.
func cost(before, after usage, n int) Cost {
	if n == 0 {
		return Cost{}
	}
	commits, groups := after.commits-before.commits, after.groups-before.groups
	c := Cost{
		CPU: map[string]float64{}, Commits: ratio(commits, n), RoundTrips: ratio(commits+groups, n),
		Commands: ratio(after.commands-before.commands, n),
	}
	for name, ticks := range after.ticks {
		c.CPU[name] = ratio((ticks-before.ticks[name])*tick, n)
	}
	return c
}

func ratio(total int64, n int) float64 { return float64(total) / float64(n) }

// process is a line of /proc.
type process struct{ parent, own, used int64 } // used is with the children that have ended

// family are all processes of the machine; empty where there is no /proc.
type family map[int]process

func processes() family {
	found := family{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		if pid, p, ok := readStat(string(text)); ok {
			found[pid] = p
		}
	}
	return found
}

// readStat reads a line of proc(5): the name in parentheses may hold anything.
func readStat(line string) (pid int, p process, ok bool) {
	end := strings.LastIndex(line, ")")
	first, _, found := strings.Cut(line, " ")
	if end < 0 || !found {
		return 0, p, false
	}
	fields := strings.Fields(line[end+1:]) // from state, which proc(5) numbers 3
	const parent, user, childrenSystem = 1, 11, 14
	if len(fields) <= childrenSystem {
		return 0, p, false
	}
	number := func(text string) int64 { n, _ := strconv.ParseInt(text, 10, 64); return n } // the kernel writes it
	for _, text := range fields[user : childrenSystem+1] {
		p.used += number(text)
	}
	p.own = number(fields[user]) + number(fields[user+1])
	p.parent = number(fields[parent])
	return int(number(first)), p, true
}

// ticks of a process and of all below it.
func (f family) ticks(root int) int64 {
	used := f[root].used
	for pid, p := range f {
		if int(p.parent) == root && pid != root {
			used += f.ticks(pid)
		}
	}
	return used
}

// names of what was counted, in order.
func (c Cost) names() []string {
	names := make([]string, 0, len(c.CPU))
	for name := range c.CPU {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
