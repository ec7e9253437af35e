package hold

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// A call's budget is far shorter than these; they bound what has none.
const (
	dialFor  = time.Second
	replyFor = time.Second
	waitFor  = 200 * time.Millisecond // for a free connection of the pool
)

// Open returns a client for one of
//
//	redis://[user:password@]host:port[/db]        rediss:// with TLS
//	unix://[user:password@]/path/to/socket[?db=n]
//	redis+sentinel://[user:password@]host:port,host:port/master[/db]
//	redis+cluster://[user:password@]host:port,host:port
//
// with rediss+sentinel and rediss+cluster for TLS. User and password are those
// of the data nodes; the sentinels' own are the parameters sentinel_username
// and sentinel_password. go-redis's parameters (pool_size …) may follow, but
// what this package depends on is not up for choice: no retries, deadlines
// that are kept, masters only. It connects to nothing yet; the caller closes
// it. The error never repeats the URL, which may hold a password.
func Open(rawURL string) (redis.UniversalClient, error) {
	scheme, rest, ok := strings.Cut(rawURL, "://")
	if !ok {
		return nil, errors.New("open redis: the URL has no scheme")
	}
	scheme, kind, _ := strings.Cut(scheme, "+")
	var client redis.UniversalClient
	var err error
	switch {
	case kind == "":
		client, err = openOne(scheme + "://" + rest)
	case kind == "sentinel" && tcp(scheme):
		client, err = openSentinel(scheme, rest)
	case kind == "cluster" && tcp(scheme):
		client, err = openCluster(scheme, rest)
	default:
		err = errors.New("its scheme is none of redis, rediss, unix, redis+sentinel, redis+cluster")
	}
	if err != nil {
		return nil, fmt.Errorf("open redis: %w", err)
	}
	return client, nil
}

func tcp(scheme string) bool { return scheme == "redis" || scheme == "rediss" }

func openOne(rawURL string) (redis.UniversalClient, error) {
	options, err := parse(rawURL)
	if err != nil {
		return nil, err
	}
	options.MaxRetries = -1
	options.ContextTimeoutEnabled = true
	options.DialTimeout, options.DialerRetries = dialFor, 1
	options.ReadTimeout, options.WriteTimeout = replyFor, replyFor
	options.PoolTimeout = waitFor
	options.PipelinePoolSize = -1
	options.MaintNotificationsConfig = quiet()
	return redis.NewClient(options), nil
}

func openSentinel(scheme, rest string) (redis.UniversalClient, error) {
	several, err := split(rest, "26379")
	if err != nil {
		return nil, err
	}
	path := strings.SplitN(strings.Trim(several.path, "/"), "/", 2)
	if path[0] == "" {
		return nil, errors.New("redis+sentinel needs the master's name: /master")
	}
	several.path = "/" + strings.Join(path[1:], "")
	user, password := several.take("sentinel_username"), several.take("sentinel_password")
	one, err := parse(several.first(scheme))
	if err != nil {
		return nil, err
	}
	if one.TLSConfig != nil {
		one.TLSConfig.ServerName = "" // each node answers for its own address
	}
	options := tuned(one, several.hosts)
	options.MasterName = path[0]
	options.SentinelUsername, options.SentinelPassword = user, password
	return redis.NewFailoverClient(options.Failover()), nil
}

func openCluster(scheme, rest string) (redis.UniversalClient, error) {
	several, err := split(rest, "6379")
	if err != nil {
		return nil, err
	}
	one, err := parse(several.first(scheme))
	if err != nil {
		return nil, err
	}
	if one.DB != 0 {
		return nil, errors.New("a cluster has no databases to choose from")
	}
	return redis.NewClusterClient(tuned(one, several.hosts).Cluster()), nil
}

// tuned carries over what a URL may choose and sets what it may not. Redirects
// stay on: without them a cluster client follows no moved slot.
func tuned(one *redis.Options, addrs []string) *redis.UniversalOptions {
	return &redis.UniversalOptions{
		Addrs:                    addrs,
		ClientName:               one.ClientName,
		DB:                       one.DB,
		Protocol:                 one.Protocol,
		Username:                 one.Username,
		Password:                 one.Password,
		TLSConfig:                one.TLSConfig,
		PoolSize:                 one.PoolSize,
		MinIdleConns:             one.MinIdleConns,
		MaxIdleConns:             one.MaxIdleConns,
		MaxActiveConns:           one.MaxActiveConns,
		ConnMaxIdleTime:          one.ConnMaxIdleTime,
		ConnMaxLifetime:          one.ConnMaxLifetime,
		MaxRetries:               -1,
		ContextTimeoutEnabled:    true,
		DialTimeout:              dialFor,
		DialerRetries:            1,
		ReadTimeout:              replyFor,
		WriteTimeout:             replyFor,
		PoolTimeout:              waitFor,
		PipelinePoolSize:         -1,
		MaintNotificationsConfig: quiet(),
	}
}

// quiet turns off a handshake that most servers refuse and log.
func quiet() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}

// parse is redis.ParseURL without errors that repeat the URL, or what of its
// password was taken for a port or a path.
func parse(rawURL string) (*redis.Options, error) {
	options, err := redis.ParseURL(rawURL)
	_, unreadable := errors.AsType[*url.Error](err)
	if unreadable || err != nil && strings.Contains(err.Error(), "@") {
		return nil, errors.New("the URL can't be read; special characters in user and password are percent-encoded")
	}
	if err != nil {
		return nil, err
	}
	if options.TLSConfig != nil {
		options.TLSConfig.MinVersion = tls.VersionTLS12
	}
	return options, nil
}

// nodes is a URL with several hosts, which net/url refuses.
type nodes struct {
	user  string // as it stood, "user:password@" or ""
	hosts []string
	path  string
	query url.Values
}

func split(rest, defaultPort string) (nodes, error) {
	var n nodes
	rest, query, _ := strings.Cut(rest, "?")
	var err error
	n.query, err = url.ParseQuery(query)
	if err != nil {
		return nodes{}, errors.New("its parameters can't be read")
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		n.user, rest = rest[:at+1], rest[at+1:]
	}
	list, path, _ := strings.Cut(rest, "/")
	n.path = "/" + path
	for host := range strings.SplitSeq(list, ",") {
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(strings.Trim(host, "[]"), defaultPort)
		}
		if strings.HasPrefix(host, ":") {
			return nodes{}, errors.New("one of its hosts is empty")
		}
		n.hosts = append(n.hosts, host)
	}
	return n, nil
}

// take removes a parameter that go-redis doesn't know.
func (n nodes) take(name string) string {
	value := n.query.Get(name)
	n.query.Del(name)
	return value
}

// first is the URL with its first host alone.
func (n nodes) first(scheme string) string {
	return scheme + "://" + n.user + n.hosts[0] + n.path + "?" + n.query.Encode()
}
