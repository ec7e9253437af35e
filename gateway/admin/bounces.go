package admin

import (
	"context"
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
)

// bouncing is the operation that takes a mail as it is.
func bouncing() huma.Operation {
	op := post("take-bounce", "/v1/admin/deliveries/bounces", "Take the notification of a mail server that a mail came back")
	op.Description = "The body is the whole mail that the server sent to the sender: multipart/report after RFC 3464, with what became of " +
		"the mail and the mail itself or its headers. What failed for the recipient counts as bounced, with a task, as if a person had " +
		"noted it; the answer is the delivery as it is then. Delayed, relayed or delivered changes nothing, and neither does a " +
		"notification that comes again. One that comes while the mail is to be sent once more, or after it was cancelled or given up, is " +
		"kept in the audit trail and changes nothing: the next copy has a fate of its own. A mail that was not sent from here, or not to the final recipient that the notification names, " +
		"is not found. The body may have 1 MiB."
	op.MaxBodyBytes = edge.WebhookBytes
	op.Middlewares = append(op.Middlewares, edge.Takes(rfc822), edge.Bodies(edge.WebhookBytes))
	return op
}

// rfc822 is the media type of a mail.
const rfc822 = "message/rfc822"

// bouncedIn is a mail.
type bouncedIn struct {
	RawBody []byte `contentType:"message/rfc822"`
}

func (t *trade) takeBounce(ctx context.Context, in *bouncedIn) (*body[deliveryOut], error) {
	s, err := t.office.BounceReported(ctx, counter.Caller(ctx), in.RawBody)
	if errors.Is(err, retail.ErrReport) {
		return nil, edge.Refuse(edge.InvalidRequest, "The body is "+err.Error()+".")
	}
	return steered(s, err)
}
