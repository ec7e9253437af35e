package keyring

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

// keyBytes is the length of a master key and of every key derived from it.
const keyBytes = 32

// idBytes is the longest id of a master: it stands in front of all that is sealed under it.
const idBytes = 32

// ErrMasters is wrapped by every fault of a list of master keys. Its texts never repeat a key.
var ErrMasters = errors.New("master keys")

// Master is one master key and the id by which sealed bytes name it. It prints as its id alone.
type Master struct {
	ID  string
	Key [keyBytes]byte
}

// Format writes the id and never the key, whatever the verb.
func (m Master) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "master key "+m.ID) }

// MarshalText gives the id and never the key, so that neither JSON nor a log shows it.
func (m Master) MarshalText() ([]byte, error) { return []byte("master key " + m.ID), nil }

// ParseMasters reads a comma-separated list of "id:base64" with 32 bytes each, as `openssl rand -base64 32` gives
// them. The first writes, all read. Ids are letters, digits, dash and underscore, and differ, and so do the keys.
func ParseMasters(list string) ([]Master, error) {
	var masters []Master
	for i, item := range strings.Split(list, ",") {
		m, err := parseMaster(strings.TrimSpace(item))
		if err != nil {
			return nil, fmt.Errorf("%w: number %d: %w", ErrMasters, i+1, err)
		}
		masters = append(masters, m)
	}
	if err := distinct(masters); err != nil {
		return nil, err
	}
	return masters, nil
}

func parseMaster(item string) (Master, error) {
	id, text, found := strings.Cut(item, ":")
	if !found {
		return Master{}, errors.New("want id:base64")
	}
	if !validID(id) {
		return Master{}, fmt.Errorf("an id is 1 to %d letters, digits, dashes or underscores", idBytes)
	}
	// The decoder's own error quotes a byte of the key, so it is not passed on.
	key, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return Master{}, fmt.Errorf("%s: the key is not base64", id)
	}
	if len(key) != keyBytes {
		return Master{}, fmt.Errorf("%s: the key has %d bytes, not %d", id, len(key), keyBytes)
	}
	return Master{ID: id, Key: [keyBytes]byte(key)}, nil
}

func validID(id string) bool {
	if id == "" || len(id) > idBytes {
		return false
	}
	for _, c := range []byte(id) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// distinct refuses two masters of one id, which could not both be read, and one key under two ids, which is a
// rotation that changed nothing.
func distinct(masters []Master) error {
	ids := map[string]bool{}
	keys := map[[keyBytes]byte]bool{}
	for _, m := range masters {
		if ids[m.ID] {
			return fmt.Errorf("%w: the id %s is there twice", ErrMasters, m.ID)
		}
		if keys[m.Key] {
			return fmt.Errorf("%w: the key of %s is there under another id too", ErrMasters, m.ID)
		}
		ids[m.ID], keys[m.Key] = true, true
	}
	return nil
}
