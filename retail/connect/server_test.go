package connect

import "testing"

// P4: which server is worked with when another one than the trusted one answers, and who else does at that moment.
func TestTheTrustRisesOnlyAndStaysWhileItsServerAnswers(t *testing.T) {
	t.Parallel()
	const here, there = "1", "2"
	old := server{cluster: here, timeline: "00000009", started: "100"}
	restarted := server{cluster: here, timeline: "00000009", started: "50"} // its clock was wrong
	promoted := server{cluster: here, timeline: "0000000A", started: "10"}
	further := server{cluster: here, timeline: "0000000B", started: "20"}
	following := server{cluster: here, started: "10"}
	alien := server{cluster: there, timeline: "0000000F", started: "200"}
	silent := server{timeline: "0000000A", started: "10"}
	none := server{}
	for _, c := range []struct {
		name               string
		trusted, candidate server
		others             []server
		want               server
	}{
		{"the first one", none, old, nil, old},
		{"the first one, while its standby was promoted", none, old, []server{promoted, old}, promoted},
		{"the first one, beside somebody else's", none, old, []server{alien}, old},
		{"the first one, and its own twin", none, old, []server{restarted, old}, old},
		{"a standby, where there is nothing else", none, following, []server{following}, following},
		{"a standby, beside its primary", none, following, []server{old}, old},
		{"a promoted one", old, promoted, nil, promoted},
		{"a promoted one, while the old primary still answers", old, promoted, []server{old, promoted}, promoted},
		{"a promoted one, while a later one was promoted", old, promoted, []server{further}, further},
		{"a promoted one of a host that tells no cluster", old, silent, nil, silent},
		{"the old primary that came back", promoted, old, nil, promoted},
		{"the old primary that was started anew", promoted, restarted, []server{restarted}, promoted},
		{"a standby, after its primary", old, following, nil, old},
		{"a restart", old, restarted, []server{restarted, following}, restarted},
		{"a restart, and the standby was promoted before", old, restarted, []server{promoted}, promoted},
		{"a copy, while the original still answers", old, restarted, []server{old, restarted}, old},
		{"another cluster", old, alien, nil, old},
	} {
		if got := successor(c.trusted, c.candidate, c.others); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}
