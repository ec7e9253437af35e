package hold

import "testing"

func TestSlotsAreThoseOfACluster(t *testing.T) {
	t.Parallel()
	// The first is the standard's own; the other is what CLUSTER KEYSLOT answers.
	for tag, want := range map[string]int{"123456789": 0x31c3, "foo": 12182} {
		if got := int(crc16(tag)) % slots; got != want {
			t.Errorf("%s: slot %d, want %d", tag, got, want)
		}
	}
}
