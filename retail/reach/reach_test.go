package reach

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

func TestOnlyPublicAddressesMayBeCalled(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		address string
		public  bool
	}{
		{"8.8.8.8", true}, {"99.255.255.255", true}, {"100.128.0.0", true}, {"172.32.0.1", true}, {"223.255.255.255", true},
		{"2606:4700::1111", true}, {"2a00:1450::1", true}, {"::ffff:8.8.8.8", true},
		{"0.0.0.0", false}, {"0.1.2.3", false}, {"10.0.0.1", false}, {"100.64.0.1", false}, {"100.127.255.255", false},
		{"127.0.0.1", false}, {"127.255.0.9", false}, {"169.254.169.254", false}, {"172.16.0.1", false}, {"172.31.255.255", false},
		{"192.0.0.8", false}, {"192.0.2.1", false}, {"192.88.99.1", false}, {"192.168.1.1", false}, {"198.18.0.1", false},
		{"198.19.255.255", false}, {"203.0.113.9", false}, {"224.0.0.1", false}, {"240.0.0.1", false}, {"255.255.255.255", false},
		{"::", false}, {"::1", false}, {"::127.0.0.1", false}, {"::ffff:127.0.0.1", false}, {"::ffff:169.254.169.254", false},
		{"::ffff:10.0.0.1", false}, {"::ffff:0:127.0.0.1", false}, {"64:ff9b::7f00:1", false}, {"64:ff9b::808:808", false},
		{"64:ff9b:1::1", false}, {"100::1", false}, {"2001::1", false}, {"2001:0:4136:e378:8000:63bf:3fff:fdd2", false},
		{"2001:db8::1", false}, {"2002:7f00:1::", false}, {"2002:a00:1::1", false}, {"3fff::1", false}, {"5f00::1", false},
		{"fc00::1", false}, {"fd12:3456::1", false}, {"fe80::1", false}, {"fe80::1%eth0", false}, {"fec0::1", false}, {"ff02::1", false},
		{"fd00:ec2::254", false}, {"2606:4700::1111%eth0", false},
	} {
		err := Guard{}.Check(netip.MustParseAddr(tt.address))
		if (err == nil) != tt.public || err != nil && !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v, public %v", tt.address, err, tt.public)
		}
	}
}

func TestUrlsThatCanNeverBeCalledAreToldEarly(t *testing.T) {
	t.Parallel()
	local := New(netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.1.0.0/16"))
	for _, tt := range []struct {
		guard Guard
		url   string
		fault string // "" for none
	}{
		{Guard{}, "https://shop.example", ""}, {Guard{}, "https://shop.example:8443/da/", ""}, {Guard{}, "https://xn--kb-yja.example/", ""},
		{Guard{}, "https://8.8.8.8/", ""}, {Guard{}, "https://[2606:4700::1111]/", ""},
		{Guard{}, "http://shop.example", "want https"}, {Guard{}, "ftp://shop.example", "want https"}, {Guard{}, "shop.example", "want https"},
		{Guard{}, "https:shop.example", "want https"}, {Guard{}, "https://", "want https"}, {Guard{}, "//shop.example", "want https"},
		{Guard{}, "https://me:pw@shop.example", "without user"}, {Guard{}, "https://shop.example@127.0.0.1/", "without user"},
		{Guard{}, "https://shop.example/?a", "without user, query"}, {Guard{}, "https://shop.example/#a", "fragment"},
		{Guard{}, "https://shop.example:0/", "not a port"}, {Guard{}, "https://shop.example:99999/", "not a port"},
		{Guard{}, "https://127.0.0.1/", "not a public one"}, {Guard{}, "https://[::1]/", "not a public one"},
		{Guard{}, "https://[::ffff:127.0.0.1]/", "not a public one"}, {Guard{}, "https://[::ffff:7f00:1]/", "not a public one"},
		{Guard{}, "https://[fe80::1%25eth0]/", "not a public one"}, {Guard{}, "https://169.254.169.254/latest/meta-data/", "not a public one"},
		{Guard{}, "https://localhost/", "not a public one"}, {Guard{}, "https://LocalHost./", "not a public one"},
		{Guard{}, "https://a.localhost/", "not a public one"}, {Guard{}, "http://127.0.0.1:8080/", "not a public one"},
		{Guard{}, "https://2130706433/", "neither a name"}, {Guard{}, "https://0x7f000001/", "neither a name"},
		{Guard{}, "https://017700000001/", "neither a name"}, {Guard{}, "https://0x7f.1/", "neither a name"},
		{Guard{}, "https://0177.0.0.1/", "neither a name"}, {Guard{}, "https://127.1/", "neither a name"},
		{Guard{}, "https://127.0.0.1./", "not a public one"}, {Guard{}, "https://1.1.1.0x8/", "neither a name"},
		{Guard{}, "https://①②⑦.⓪.⓪.①/", "not a name"}, {Guard{}, "https://127。0。0。1/", "not a name"},
		{Guard{}, "https://shop.example%00.evil/", "want https"}, {Guard{}, "https://shop.example\\@127.0.0.1/", "want https"},
		{local, "http://127.0.0.1:8080/", ""}, {local, "http://localhost:8080/", ""}, {local, "https://10.1.2.3/", ""},
		{local, "http://10.1.2.3/", "want https"}, {local, "https://10.2.2.3/", "not a public one"}, {local, "http://[::1]:80/", "not a public one"},
		{local, "http://[::ffff:127.0.0.1]:80/", ""}, {local, "http://shop.example/", "want https"},
	} {
		err := tt.guard.CheckURL(tt.url)
		if tt.fault == "" && err != nil || tt.fault != "" && (!errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), tt.fault)) {
			t.Errorf("%s: %v, want %q", tt.url, err, tt.fault)
		}
	}
}

// asks calls and tells what came of it.
func asks(client *http.Client, address string) (int, error) {
	response, err := client.Get(address)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, errors.Join(err, response.Body.Close())
}

// counting is a server on loopback that counts who got through to it.
func counting(t *testing.T, answer http.HandlerFunc) (server *httptest.Server, calls *atomic.Int64) {
	t.Helper()
	calls = &atomic.Int64{}
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server, calls
}

// rebinding is a resolver whose every answer for a name is the next address of a list, the last for ever.
func rebinding(t *testing.T, answers ...string) *net.Resolver {
	t.Helper()
	var asked atomic.Int64
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go answerNames(theirs, func() string { return answers[min(int(asked.Add(1)), len(answers))-1] })
		return ours, nil
	}}
}

// answerNames answers one question over a stream: questions for IPv4 addresses with next, others with nothing.
func answerNames(conn net.Conn, next func() string) {
	defer conn.Close()
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return
	}
	asked := make([]byte, int(length[0])<<8|int(length[1]))
	var m dnsmessage.Message
	if _, err := io.ReadFull(conn, asked); err != nil || m.Unpack(asked) != nil {
		return
	}
	m.Response, m.Additionals = true, nil
	if question := m.Questions[0]; question.Type == dnsmessage.TypeA {
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: question.Name, Type: question.Type, Class: question.Class},
			Body:   &dnsmessage.AResource{A: netip.MustParseAddr(next()).As4()},
		}}
	}
	said, err := m.Pack()
	if err != nil {
		return
	}
	_, _ = conn.Write(append([]byte{byte(len(said) >> 8), byte(len(said))}, said...)) // whoever asked may have left
}

// TestANameThatAnswersDifferentlyTheSecondTimeLeadsNowhere: what is dialled is what was looked at.
func TestANameThatAnswersDifferentlyTheSecondTimeLeadsNowhere(t *testing.T) {
	t.Parallel()
	server, calls := counting(t, func(http.ResponseWriter, *http.Request) {})
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	for _, answers := range [][]string{{"127.0.0.1"}, {"203.0.113.1", "127.0.0.1"}, {"169.254.169.254"}} {
		client := Guard{}.client(rebinding(t, answers...))
		for range answers {
			if _, err := asks(client, "https://shop.example"+port+"/"); !errors.Is(err, ErrRefused) {
				t.Errorf("%v: %v", answers, err)
			}
		}
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("%d calls got through", n)
	}
}

func TestRedirectsAndProxiesAreNotFollowed(t *testing.T) {
	inner, reached := counting(t, func(http.ResponseWriter, *http.Request) {})
	t.Setenv("HTTP_PROXY", inner.URL)
	t.Setenv("HTTPS_PROXY", inner.URL)
	outer, _ := counting(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, inner.URL, http.StatusFound) })
	client := New(netip.MustParsePrefix("127.0.0.0/8")).Client()
	if status, err := asks(client, outer.URL); err != nil || status != http.StatusFound {
		t.Errorf("%d, %v; want the redirect itself", status, err)
	}
	if _, err := asks(client, "https://203.0.113.7/"); !errors.Is(err, ErrRefused) {
		t.Errorf("with a proxy: %v", err)
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("%d calls followed", n)
	}
}

func TestAShopFromBeforeIsLookedAtOnEachCall(t *testing.T) {
	t.Parallel()
	server, calls := counting(t, func(http.ResponseWriter, *http.Request) {})
	if _, err := asks(Guard{}.Client(), server.URL); !errors.Is(err, ErrRefused) {
		t.Errorf("loopback: %v", err)
	}
	if _, err := asks(New(netip.MustParsePrefix("127.0.0.0/8")).Client(), server.URL); err != nil {
		t.Errorf("allowed loopback: %v", err)
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("%d calls got through, want the allowed one", n)
	}
	if refused, ok := errors.AsType[*url.Error](func() error { _, err := asks(Guard{}.Client(), "http://shop.example/"); return err }()); !ok || !errors.Is(refused, ErrRefused) {
		t.Errorf("plain http: %v", refused)
	}
}
