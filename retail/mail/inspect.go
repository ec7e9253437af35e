package mail

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
)

const (
	maxDepth = 5       // our own mails have three levels of parts
	maxPart  = 4 << 20 // octets of one decoded part; a voucher's document has about 60 KiB
)

// Inspection is a rendered mail, read back from its bytes as a mail program would read it.
type Inspection struct {
	From       string
	Recipients []string // addresses of To, Cc and Bcc
	Subject    string
	MessageID  string // without angle brackets
	Text       string // decoded plain part
	HTML       string // decoded HTML part
	Files      []File // inline images and attachments, in their order
}

// File is what a mail carries beside its text.
type File struct {
	Name      string
	Type      string // media type without parameters
	ContentID string // without angle brackets; "" when the HTML can't name it
	Inline    bool
	Bytes     []byte
}

// Inspect reads a mail back from its bytes. A mail that can't be read, or nests deeper than ours do, is an error.
func Inspect(message []byte) (Inspection, error) {
	parsed, err := netmail.ReadMessage(bytes.NewReader(message))
	if err != nil {
		return Inspection{}, fmt.Errorf("read mail: %w", err)
	}
	seen := Inspection{MessageID: strings.Trim(parsed.Header.Get("Message-Id"), " <>")}
	if err := seen.readHeader(parsed.Header); err != nil {
		return Inspection{}, err
	}
	if err := seen.readPart(partHeader(parsed.Header), parsed.Body, 0); err != nil {
		return Inspection{}, err
	}
	return seen, nil
}

// Codes returns the distinct codes that a person finds in a mail, in their display form: in the subject, in the
// text, anywhere in the HTML, in a file's name. A code mail has exactly one, an order confirmation none.
func Codes(message []byte) ([]string, error) {
	seen, err := Inspect(message)
	if err != nil {
		return nil, err
	}
	places := []string{
		seen.Subject, seen.Text, html.UnescapeString(seen.HTML), html.UnescapeString(htmlTag.ReplaceAllString(seen.HTML, "")),
	}
	for _, file := range seen.Files {
		places = append(places, file.Name)
	}
	return codesIn(places...), nil
}

// codesIn are the distinct codes that a person finds in some texts.
func codesIn(places ...string) []string {
	var codes []string
	for _, place := range places {
		for _, found := range codeShape.FindAllString(visible(place), -1) {
			codes = append(codes, strings.ToUpper(dashes.Replace(found)))
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

var htmlTag = regexp.MustCompile(`<[^>]*>`)

func (s *Inspection) readHeader(header netmail.Header) error {
	subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
	if err != nil {
		return fmt.Errorf("read subject of mail: %w", err)
	}
	s.Subject = subject
	for _, field := range []string{"From", "To", "Cc", "Bcc"} {
		addresses, err := header.AddressList(field)
		if errors.Is(err, netmail.ErrHeaderNotPresent) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read %s of mail: %w", field, err)
		}
		for _, address := range addresses {
			if field == "From" {
				s.From = address.Address
				continue
			}
			s.Recipients = append(s.Recipients, address.Address)
		}
	}
	return nil
}

// partHeader is what message and part headers have in common.
type partHeader map[string][]string

func (h partHeader) first(name string) string {
	if values := h[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

func (s *Inspection) readPart(header partHeader, body io.Reader, depth int) error {
	if depth > maxDepth {
		return errors.New("read mail: parts nested too deep")
	}
	kind, params, err := mime.ParseMediaType(cmp.Or(header.first("Content-Type"), "text/plain"))
	if err != nil {
		return fmt.Errorf("read part of mail: %w", err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		return s.readParts(multipart.NewReader(body, params["boundary"]), depth)
	}
	decoded, err := decode(header.first("Content-Transfer-Encoding"), body)
	if err != nil {
		return fmt.Errorf("decode %s part of mail: %w", kind, err)
	}
	s.keep(header, kind, decoded)
	return nil
}

func (s *Inspection) readParts(parts *multipart.Reader, depth int) error {
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read parts of mail: %w", err)
		}
		if err := s.readPart(partHeader(part.Header), part, depth+1); err != nil {
			return err
		}
	}
}

func (s *Inspection) keep(header partHeader, kind string, body []byte) {
	disposition, params, _ := mime.ParseMediaType(header.first("Content-Disposition")) // absent: a text part
	switch {
	case disposition == "" && kind == "text/plain":
		s.Text += strings.ReplaceAll(string(body), "\r\n", "\n")
	case disposition == "" && kind == "text/html":
		s.HTML += strings.ReplaceAll(string(body), "\r\n", "\n")
	default:
		s.Files = append(s.Files, File{
			Name:      params["filename"],
			Type:      kind,
			ContentID: strings.Trim(header.first("Content-Id"), " <>"),
			Inline:    disposition == "inline",
			Bytes:     body,
		})
	}
}

func decode(encoding string, body io.Reader) ([]byte, error) {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	decoded, err := io.ReadAll(io.LimitReader(body, maxPart+1))
	if err == nil && len(decoded) > maxPart {
		err = fmt.Errorf("larger than %d octets", maxPart)
	}
	return decoded, err
}
