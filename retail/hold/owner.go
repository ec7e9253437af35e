package hold

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Owner tells which installation has claimed a Redis, or "" when none has. It claims nothing; see
// [Holds.Claim]. [ErrAway].
func Owner(ctx context.Context, client redis.UniversalClient) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, housekeepingFor)
	defer cancel()
	owner, err := client.Get(ctx, claimKey).Result()
	if errors.Is(err, redis.Nil) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read whose this redis is: %w: %w", ErrAway, err)
	}
	return owner, nil
}
