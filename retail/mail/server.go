package mail

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// An attempt to send is over after twelve minutes, whatever the server does.
const (
	prepareFor = 2 * time.Minute  // from the first packet to the last octet before the final dot
	answerFor  = 10 * time.Minute // for the answer to the final dot: RFC 5321, 4.5.3.2.6
	graceFor   = 5 * time.Second  // for that answer once the caller wants to stop: better than being in doubt
	quitFor    = time.Second      // for the farewell, which changes nothing
)

// Config says which server takes the mails.
type Config struct {
	// URL is smtp://user:password@host:587 (STARTTLS is mandatory), smtps://user:password@host:465 (TLS from the
	// first octet), or smtp://127.0.0.1:1025?tls=none for a server on this machine. User and password are optional,
	// the ports default to 587 and 465.
	URL string
	// HelloName is how the sender introduces itself: its full host name. "" says localhost.
	HelloName string
	// Roots are the authorities that the server's certificate is checked against; nil are the system's.
	Roots *x509.CertPool
	// Prepare, Answer and Quit limit the phases of an attempt; zero means 2 minutes, 10 minutes and 1 second.
	Prepare, Answer, Quit time.Duration
}

// server is a parsed Config.URL.
type server struct {
	host, port     string
	user, password string
	security       security
}

type security int

const (
	startTLS security = iota
	implicitTLS
	noTLS
)

// parseServer never repeats the URL in an error: it holds a password.
func parseServer(text string) (server, error) {
	parsed, err := url.Parse(text)
	if err != nil {
		return server{}, errors.New("mail server: not a URL")
	}
	if err := checkServerURL(parsed); err != nil {
		return server{}, err
	}
	s := server{host: parsed.Hostname(), port: parsed.Port(), user: parsed.User.Username()}
	s.password, _ = parsed.User.Password()
	switch {
	case parsed.Scheme == "smtps":
		s.security = implicitTLS
	case parsed.Query().Get("tls") == "none":
		s.security = noTLS
	}
	if s.port == "" {
		s.port = map[security]string{startTLS: "587", implicitTLS: "465", noTLS: "25"}[s.security]
	}
	if port, err := strconv.Atoi(s.port); err != nil || port < 1 || port > 65535 {
		return server{}, fmt.Errorf("mail server %s: port %q", s.host, s.port)
	}
	if s.security == noTLS && !loopback(s.host) {
		return server{}, fmt.Errorf("mail server %s: tls=none is for a server on this machine", s.host)
	}
	return s, nil
}

func checkServerURL(u *url.URL) error {
	if u.Scheme != "smtp" && u.Scheme != "smtps" {
		return errors.New("mail server: the URL begins with smtp:// or smtps://")
	}
	if u.Hostname() == "" {
		return errors.New("mail server: the URL names no host")
	}
	if strings.Trim(u.Path, "/") != "" || u.Fragment != "" {
		return fmt.Errorf("mail server %s: the URL ends after the port", u.Hostname())
	}
	for key, values := range u.Query() {
		if key != "tls" || len(values) != 1 || values[0] != "none" || u.Scheme != "smtp" {
			return fmt.Errorf("mail server %s: the only option is ?tls=none after smtp://", u.Hostname())
		}
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (c Config) tls(host string) *tls.Config {
	return &tls.Config{ServerName: host, RootCAs: c.Roots, MinVersion: tls.VersionTLS12}
}
