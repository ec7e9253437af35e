package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
)

// sealedFormat is the first byte of all that is sealed; another layout would get another number.
const sealedFormat = 1

// Refusals of Open.
var (
	// ErrUnknownKey: the bytes were sealed under a master that this ring does not hold.
	ErrUnknownKey = errors.New("sealed under a master key that is not configured")
	// ErrSealed: the bytes were altered, or belong to another purpose, another row or another key.
	ErrSealed = errors.New("sealed bytes do not open")
)

// Ring holds the master keys and the keys derived from them. It is safe for use by several goroutines.
type Ring struct {
	random  io.Reader
	masters []Master
	derived sync.Map // derivation → *sync.Pool of hashes for fingerprints, cipher.AEAD for sealing
}

// derivation names one derived key. Purposes are constants, so there are few and they are kept.
type derivation struct{ master, use, purpose string }

// New makes a ring of at least one master: the first writes, all read. random gives the nonces and must be safe
// for concurrent use, as crypto/rand.Reader is.
func New(random io.Reader, masters ...Master) (*Ring, error) {
	if len(masters) == 0 {
		return nil, fmt.Errorf("%w: none is given", ErrMasters)
	}
	for _, m := range masters {
		if !validID(m.ID) {
			return nil, fmt.Errorf("%w: an id is 1 to %d letters, digits, dashes or underscores", ErrMasters, idBytes)
		}
	}
	if err := distinct(masters); err != nil {
		return nil, err
	}
	return &Ring{random: random, masters: masters}, nil
}

// Format writes no key, whatever the verb.
func (r *Ring) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "key ring") }

// Writer is the id of the master that writes.
func (r *Ring) Writer() string { return r.masters[0].ID }

// MAC is the fingerprint of data for a purpose under the master that writes: 32 bytes, HMAC-SHA-256.
func (r *Ring) MAC(purpose string, data []byte) []byte { return r.mac(r.masters[0], purpose, data) }

// MACs are the fingerprints of data under every master, the one that writes first: what a look-up asks with, since
// the stored one may be from before a rotation.
func (r *Ring) MACs(purpose string, data []byte) [][]byte {
	macs := make([][]byte, len(r.masters))
	for i, m := range r.masters {
		macs[i] = r.mac(m, purpose, data)
	}
	return macs
}

func (r *Ring) mac(m Master, purpose string, data []byte) []byte {
	keyed := r.derive(m, "mac", purpose, newHashes).(*sync.Pool)
	h := keyed.Get().(hash.Hash)
	defer keyed.Put(h)
	h.Reset()
	h.Write(data)
	return h.Sum(nil)
}

// newHashes keeps hashes that have read the key already: a code is looked for by several, and reading the key is half of the work.
func newHashes(key []byte) any {
	return &sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}
}

// Seal encrypts plain for a purpose under the master that writes. Only the same bound bytes open it again; they
// are not part of the result. The only fault is one of the source of randomness.
func (r *Ring) Seal(purpose string, plain, bound []byte) ([]byte, error) {
	m := r.masters[0]
	aead := r.aead(m, purpose)
	nonce := make([]byte, aead.NonceSize())
	if _, err := io.ReadFull(r.random, nonce); err != nil {
		return nil, fmt.Errorf("draw a nonce: %w", err)
	}
	head := header(m.ID)
	sealed := append(head[:len(head):len(head)], nonce...)
	return aead.Seal(sealed, nonce, plain, append(head, bound...)), nil
}

// Open decrypts what Seal made for the same purpose and bound bytes, under whichever master it was sealed. It
// gives ErrUnknownKey or ErrSealed, and never part of the plain bytes with them.
func (r *Ring) Open(purpose string, sealed, bound []byte) ([]byte, error) {
	id, rest, err := splitHeader(sealed)
	if err != nil {
		return nil, err
	}
	m, err := r.master(id)
	if err != nil {
		return nil, err
	}
	aead := r.aead(m, purpose)
	if len(rest) < aead.NonceSize() {
		return nil, ErrSealed
	}
	nonce, text := rest[:aead.NonceSize()], rest[aead.NonceSize():]
	plain, err := aead.Open(nil, nonce, text, append(header(id), bound...))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// Checks gives, for the id of each master, 32 bytes that only this key gives and that reveal nothing about it.
func (r *Ring) Checks() map[string][]byte {
	checks := make(map[string][]byte, len(r.masters))
	for _, m := range r.masters {
		checks[m.ID] = deriveKey(m, "check", "")
	}
	return checks
}

func (r *Ring) master(id string) (Master, error) {
	for _, m := range r.masters {
		if m.ID == id {
			return m, nil
		}
	}
	// The id comes from bytes that may be altered, so it is shown only in a quoted form.
	return Master{}, fmt.Errorf("%w: %q", ErrUnknownKey, id)
}

func (r *Ring) aead(m Master, purpose string) cipher.AEAD {
	return r.derive(m, "seal", purpose, func(key []byte) any { return newAEAD(key) }).(cipher.AEAD)
}

// derive returns what build makes of a derived key, made once and kept.
func (r *Ring) derive(m Master, use, purpose string, build func(key []byte) any) any {
	name := derivation{m.ID, use, purpose}
	if kept, ok := r.derived.Load(name); ok {
		return kept
	}
	kept, _ := r.derived.LoadOrStore(name, build(deriveKey(m, use, purpose)))
	return kept
}

// deriveKey keeps uses apart by their names in front, and purposes by being all that follows.
func deriveKey(m Master, use, purpose string) []byte {
	key, err := hkdf.Key(sha256.New, m.Key[:], nil, "vouchsafe "+use+" "+purpose, keyBytes)
	if err != nil {
		panic(fmt.Sprintf("keyring: derive a key of %d bytes: %v", keyBytes, err))
	}
	return key
}

func newAEAD(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(fmt.Sprintf("keyring: a key of %d bytes: %v", len(key), err))
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(fmt.Sprintf("keyring: AES-GCM: %v", err))
	}
	return aead
}

// header is what stands in front of the nonce: format, length of the id, id. It is authenticated too.
func header(id string) []byte {
	return append([]byte{sealedFormat, byte(len(id))}, id...)
}

// splitHeader takes the id of the master off sealed bytes.
func splitHeader(sealed []byte) (id string, rest []byte, err error) {
	if len(sealed) < 2 || sealed[0] != sealedFormat {
		return "", nil, ErrSealed
	}
	end := 2 + int(sealed[1])
	if len(sealed) < end {
		return "", nil, ErrSealed
	}
	return string(sealed[2:end]), sealed[end:], nil
}
