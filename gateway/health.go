package gateway

import (
	"context"
	"net/http"
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

// readyz says whether requests should be sent here, and how each store is.
func readyz(checks []Check, draining <-chan struct{}) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx, cancel := context.WithTimeout(c.Request.Context(), readyWithin)
		defer cancel()
		status, code := "ready", http.StatusOK
		states := make(map[string]checkOut, len(checks))
		for _, check := range checks {
			detail, err := check.Ask(ctx)
			states[check.Name] = checkOut{"ok", detail}
			switch {
			case err == nil:
				continue
			case check.Vital:
				status, code = "not ready", http.StatusServiceUnavailable
			case status == "ready":
				status = "degraded"
			}
			states[check.Name] = checkOut{"failed", err.Error()}
		}
		select {
		case <-draining:
			status, code = "draining", http.StatusServiceUnavailable
		default:
		}
		c.JSON(code, gin.H{"status": status, "checks": states})
	}
}
