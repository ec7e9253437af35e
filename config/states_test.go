package config

import "testing"

func TestStatesTellsAChoiceFromADefault(t *testing.T) {
	t.Parallel()
	file := write(t, "balance_holder: card\n")
	tests := []struct {
		name string
		env  map[string]string
		file string
		want bool
	}{
		{"nothing is said", nil, "", false},
		{"another key is said", map[string]string{"COUNTRY": "DK"}, "", false},
		{"the environment says the default", map[string]string{"BALANCE_HOLDER": "card"}, "", true},
		{"the YAML file says it", nil, file, true},
		{"a file that the environment names says it", map[string]string{"BALANCE_HOLDER_FILE": write(t, "card\n")}, "", true},
		{"an empty variable is not said", map[string]string{"BALANCE_HOLDER": ""}, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := States(env(tt.env), tt.file, "BALANCE_HOLDER")
			if err != nil || got != tt.want {
				t.Errorf("stated %t, %v; want %t", got, err, tt.want)
			}
		})
	}
}
