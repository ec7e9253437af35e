package sheet

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// decoded is a file as UTF-8. Error: ErrFile.
func decoded(file []byte) ([]byte, error) {
	switch {
	case len(file) > MaxBytes:
		return nil, fmt.Errorf("%w: it is longer than %d bytes", ErrFile, MaxBytes)
	case bytes.HasPrefix(file, []byte("PK\x03\x04")):
		return nil, fmt.Errorf("%w: it is an Excel workbook; save it as CSV UTF-8", ErrFile)
	case bytes.HasPrefix(file, []byte("\xff\xfe")), bytes.HasPrefix(file, []byte("\xfe\xff")):
		return nil, fmt.Errorf("%w: it is in UTF-16; save it as CSV UTF-8", ErrFile)
	case bytes.IndexByte(file, 0) >= 0:
		return nil, fmt.Errorf("%w: it is no text", ErrFile)
	}
	text := bytes.TrimPrefix(file, []byte("\ufeff"))
	if utf8.Valid(text) {
		return text, nil
	}
	return western(text)
}

// westernHigh are the characters 0x80 to 0x9f of Windows-1252; 0 where there is none. Those above are Unicode's own.
var westernHigh = [32]rune{
	'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
	0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
}

// western reads Windows-1252, which older programs write. Error: ErrFile.
func western(text []byte) ([]byte, error) {
	plain := make([]byte, 0, len(text)+len(text)/8)
	for i, b := range text {
		r := rune(b)
		if b >= 0x80 && b <= 0x9f {
			if r = westernHigh[b-0x80]; r == 0 {
				return nil, fmt.Errorf("%w: it is neither in UTF-8 nor in Windows-1252 (byte %d); save it as CSV UTF-8", ErrFile, i+1)
			}
		}
		plain = utf8.AppendRune(plain, r)
	}
	return plain, nil
}
