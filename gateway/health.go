package gateway

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
)

// readyWithin bounds the questions of one readiness check: a load balancer asks again soon.
const readyWithin = 2 * time.Second

// Check is one thing that readiness depends on, or that an operator should know of.
type Check struct {
	Name string
	// Ask returns a word on how it is, and an error if it is not as it should be.
	Ask func(ctx context.Context) (string, error)
	// Vital is false for what the gateway can do without, only slower.
	Vital bool
}

// checkOut is the state of one check.
type checkOut struct {
	State  string `json:"state"` // "ok" or "failed"
	Detail string `json:"detail,omitempty"`
}

// healthz says that the process is alive, and nothing of its stores.
func healthz(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"status": "alive"}) }

// readiness is how the stores are, and what that means for requests.
type readiness struct {
	Status string              `json:"status"` // "ready", "degraded", "not ready" or "draining"
	Checks map[string]checkOut `json:"checks"` // by name; none is asked for a gateway that is about to end
	code   int
}

// readyz says whether requests should be sent here, and how each store is. A gateway that is about to end says
// so at once, however slow its stores are: a balancer must have learnt it when the listener closes.
func readyz(checks []Check, draining <-chan struct{}) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx, cancel := context.WithTimeout(c.Request.Context(), readyWithin)
		var watch sync.WaitGroup
		defer watch.Wait()
		defer cancel()
		watch.Go(func() {
			select {
			case <-draining:
				cancel()
			case <-ctx.Done():
			}
		})
		is := readiness{Status: "draining", Checks: map[string]checkOut{}, code: http.StatusServiceUnavailable}
		if !isClosed(draining) {
			if answer := askAll(ctx, checks); !isClosed(draining) {
				is = answer
			}
		}
		c.JSON(is.code, is)
	}
}

func isClosed(channel <-chan struct{}) bool {
	select {
	case <-channel:
		return true
	default:
		return false
	}
}

// askAll makes the checks one after the other.
func askAll(ctx context.Context, checks []Check) readiness {
	is := readiness{"ready", make(map[string]checkOut, len(checks)), http.StatusOK}
	for _, check := range checks {
		detail, err := check.Ask(ctx)
		is.Checks[check.Name] = checkOut{"ok", detail}
		switch {
		case err == nil:
			continue
		case check.Vital:
			is.Status, is.code = "not ready", http.StatusServiceUnavailable
		case is.Status == "ready":
			is.Status = "degraded"
		}
		is.Checks[check.Name] = checkOut{"failed", err.Error()}
	}
	return is
}
