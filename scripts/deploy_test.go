package scripts

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vouchsafe/config"
)

// file reads a file of the repository.
func file(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestWhatIsDeployedNamesSettingsThatThereAre finds slips of the pen in the unit and the image: a setting
// of another name would be ignored without a word.
func TestWhatIsDeployedNamesSettingsThatThereAre(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, key := range config.Keys() {
		known["VOUCHSAFE_"+key.Name], known["VOUCHSAFE_"+key.Name+"_FILE"] = true, true
	}
	for _, name := range []string{"Dockerfile", "scripts/deploy/vouchsafed.service"} {
		for _, setting := range regexp.MustCompile(`VOUCHSAFE_[A-Z_]+`).FindAllString(file(t, name), -1) {
			if !known[setting] {
				t.Errorf("%s says %s, which is no setting", name, setting)
			}
		}
	}
}

// TestTheImageIsBuiltOfAllThatIsImported holds the Dockerfile's list of folders against the imports, so
// that a new top-level folder does not break the image alone.
func TestTheImageIsBuiltOfAllThatIsImported(t *testing.T) {
	t.Parallel()
	var copied []string
	for _, line := range regexp.MustCompile(`(?m)^COPY ([a-z]+) ([a-z]+)$`).FindAllStringSubmatch(file(t, "Dockerfile"), -1) {
		if line[1] != line[2] {
			t.Errorf("%s is copied to %s", line[1], line[2])
		}
		copied = append(copied, line[1])
	}
	for folder := range imported(t) {
		if top, _, _ := strings.Cut(folder, "/"); top != "scripts" && !slices.Contains(copied, top) {
			t.Errorf("%s is not in the image", top)
		}
	}
}

// TestTheServiceIsLockedIn keeps the lines without which the service could do more than serve.
func TestTheServiceIsLockedIn(t *testing.T) {
	t.Parallel()
	unit := strings.Split(file(t, "scripts/deploy/vouchsafed.service"), "\n")
	for _, line := range []string{
		"DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "CapabilityBoundingSet=", "PrivateDevices=yes",
		"MemoryDenyWriteExecute=yes", "SystemCallFilter=@system-service", "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
		"MemoryMax=512M", "LoadCredential=master.key:/etc/vouchsafe/master.key", "Environment=VOUCHSAFE_MASTER_KEY_FILE=%d/master.key",
	} {
		if !slices.Contains(unit, line) {
			t.Errorf("the unit lacks %s", line)
		}
	}
	for _, line := range unit {
		if secret := regexp.MustCompile(`^Environment=VOUCHSAFE_(MASTER_KEY|DATABASE_URL|REDIS_URL|SMTP_URL)=`); secret.MatchString(line) {
			t.Errorf("a secret stands in the unit: %s", line)
		}
	}
}
