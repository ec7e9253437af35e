package torture

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// clerk is the office.
type clerk struct{ *person }

// works blocks a code for a moment, and now and then ends one for good.
func (c *clerk) works(ctx context.Context) {
	for pause(ctx, time.Duration(200+c.random.IntN(400))*time.Millisecond) {
		code := c.pool.draw(c.random)
		id := c.find(ctx, code)
		switch {
		case id == "":
		case c.chance(4) && c.pool.spare():
			c.insist(ctx, c.office(code, id, doInvalidate, `{"reason":"torture","confirm_live":true}`))
		default:
			c.insist(ctx, c.office(code, id, doBlock, `{"reason":"torture"}`))
			pause(context.WithoutCancel(ctx), 2*breath)
			for c.insist(context.WithoutCancel(ctx), c.office(code, id, doUnblock, `{"reason":"torture"}`)).Result == unknown && ctx.Err() == nil {
			}
		}
	}
}

func (c *clerk) office(code, id string, v verb, body string) request {
	return request{
		in: input{Code: code, Verb: v}, method: http.MethodPost, path: "/v1/admin/vouchers/" + id + "/" + string(v), key: c.keys.Admin, body: body,
	}
}

// find asks for the id of a code's voucher; "" when there is no answer.
func (c *clerk) find(ctx context.Context, code string) string {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer := c.door.ask(limited, c.random.IntN(64), http.MethodPost, "/v1/admin/vouchers/find", c.keys.Admin, fmt.Sprintf(`{"code":%q}`, code))
	var found struct {
		Voucher struct{ ID string }
		ID      string
	}
	if answer.status != http.StatusOK || json.Unmarshal(answer.body, &found) != nil {
		return ""
	}
	return found.ID + found.Voucher.ID
}
