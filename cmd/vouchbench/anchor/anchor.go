package anchor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
)

// Vouchers is how many vouchers an anchor's table has, numbered from 0: a multiple of the usual numbers of clients, so that no two of
// them meet on one.
const Vouchers = 5120

// worth is the balance of each: more than a run can take.
const worth = 1_000_000_000

// server is a running anchor.
type server struct {
	pool  *pgxpool.Pool
	redis redis.UniversalClient
}

// asked is the body of every request.
type asked struct {
	Voucher int64  `json:"voucher"`
	Key     string `json:"key"`
	Amount  int64  `json:"amount"`
}

const tables = `
CREATE TABLE IF NOT EXISTS voucher (
	id      bigint PRIMARY KEY,
	balance bigint NOT NULL CHECK (balance >= 0)
) WITH (fillfactor = 80);
CREATE TABLE IF NOT EXISTS act (
	owner   text NOT NULL,
	key     text NOT NULL,
	voucher bigint NOT NULL,
	amount  bigint NOT NULL,
	PRIMARY KEY (owner, key)
);
CREATE TABLE IF NOT EXISTS entry (
	id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	voucher bigint NOT NULL,
	amount  bigint NOT NULL,
	at      timestamptz NOT NULL DEFAULT clock_timestamp()
)`

const fill = `
INSERT INTO voucher (id, balance)
SELECT
	n,
	$1
FROM generate_series(0, $2 - 1) n
ON CONFLICT DO NOTHING`

// Serve answers on listener until ctx ends, on a database and a Redis of its own.
func Serve(ctx context.Context, listener net.Listener, databaseURL, redisURL string) error {
	s := &server{}
	if err := s.open(ctx, databaseURL, redisURL); err != nil {
		return fmt.Errorf("open the anchor: %w", err)
	}
	defer s.pool.Close()
	defer s.redis.Close()
	web := &http.Server{Handler: s.routes()}
	defer context.AfterFunc(ctx, func() { _ = web.Close() })() // the run is over: nobody waits for an answer
	if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the anchor: %w", err)
	}
	return nil
}

func (s *server) open(ctx context.Context, databaseURL, redisURL string) error {
	options, err := redis.ParseURL(redisURL)
	if err != nil {
		return err
	}
	s.redis = redis.NewClient(options)
	if s.pool, err = pgxpool.New(ctx, databaseURL); err != nil {
		return err
	}
	if _, err := s.pool.Exec(ctx, tables); err != nil {
		return err
	}
	if _, err := s.pool.Exec(ctx, fill, worth, Vouchers); err != nil {
		return err
	}
	_, err = s.pool.Exec(ctx, "VACUUM ANALYZE voucher")
	return err
}

func (s *server) routes() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	routes := gin.New()
	routes.POST("/echo", answer(func(context.Context, asked) (int, error) { return http.StatusOK, nil }))
	routes.POST("/reserve", answer(s.reserve))
	routes.POST("/redeem", answer(s.redeem))
	routes.POST("/balance", answer(s.balance))
	routes.POST("/issue", answer(s.issue))
	return routes
}

// answer reads a request, asks, and says what came of it.
func answer(ask func(context.Context, asked) (int, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		var in asked
		if err := c.ShouldBindJSON(&in); err != nil {
			c.JSON(http.StatusBadRequest, gin.H{"error": err.Error()})
			return
		}
		status, err := ask(c.Request.Context(), in)
		if err != nil {
			c.JSON(http.StatusInternalServerError, gin.H{"error": err.Error()})
			return
		}
		c.JSON(status, gin.H{"key": in.Key, "amount": in.Amount})
	}
}

// take reserves a name for a day, once.
var take = redis.NewScript(`
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', 86400000) then
	return 1
end
return 0`)

func (s *server) reserve(ctx context.Context, in asked) (int, error) {
	got, err := take.Run(ctx, s.redis, []string{"anchor:" + in.Key}, in.Voucher).Int()
	if err == nil && got == 0 {
		return http.StatusConflict, nil
	}
	return http.StatusCreated, err
}

const takeValue = `
WITH taken AS (
	UPDATE voucher
	SET balance = balance - $2
	WHERE id = $1 AND balance >= $2
	RETURNING id
), done AS (
	INSERT INTO act (owner, key, voucher, amount)
	SELECT 'till', $3, id, $2 FROM taken
), line AS (
	INSERT INTO entry (voucher, amount)
	SELECT id, -$2 FROM taken
)
SELECT count(*) FROM taken`

func (s *server) redeem(ctx context.Context, in asked) (int, error) {
	var taken int
	if err := s.pool.QueryRow(ctx, takeValue, in.Voucher, in.Amount, in.Key).Scan(&taken); err != nil {
		return 0, err
	}
	if taken == 0 {
		return http.StatusConflict, nil
	}
	return http.StatusCreated, nil
}

func (s *server) balance(ctx context.Context, in asked) (int, error) {
	var balance int64
	err := s.pool.QueryRow(ctx, `SELECT balance FROM voucher WHERE id = $1`, in.Voucher).Scan(&balance)
	return http.StatusOK, err
}

const issueOne = `
WITH made AS (
	INSERT INTO voucher (id, balance)
	VALUES ($1, $2)
	RETURNING id
), done AS (
	INSERT INTO act (owner, key, voucher, amount)
	SELECT 'shop', $3, id, $2 FROM made
)
INSERT INTO entry (voucher, amount)
SELECT id, $2 FROM made`

func (s *server) issue(ctx context.Context, in asked) (int, error) {
	_, err := s.pool.Exec(ctx, issueOne, in.Voucher, in.Amount, in.Key)
	return http.StatusCreated, err
}
