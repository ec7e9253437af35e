package admin

import (
	"context"
	"time"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
	"vouchsafe/retail/money"
)

// rewardsIn asks for what points were exchanged for.
type rewardsIn struct {
	PageIn
	State string `query:"state" enum:"waiting,handed_over,taken_back" doc:"Every state if left out"`
	Sort  string `query:"sort" enum:"given_at,-given_at" default:"-given_at" doc:"A minus turns it around"`
}

// dueRewardOut is something that the merchant hands over for points.
type dueRewardOut struct {
	ID           string       `json:"id" format:"uuid" doc:"Of the conversion"`
	Reward       string       `json:"reward" doc:"As the programme named it"`
	Customer     takerOut     `json:"customer"`
	Points       money.Amount `json:"points" doc:"What it cost"`
	GivenAt      time.Time    `json:"given_at" doc:"When the points were exchanged"`
	State        string       `json:"state" enum:"waiting,handed_over,taken_back"`
	HandedOverAt *time.Time   `json:"handed_over_at" doc:"Null while it waits"`
	HandedOverBy string       `json:"handed_over_by,omitempty" doc:"Who said so, as the audit trail names him"`
	TakenBackAt  *time.Time   `json:"taken_back_at" doc:"When the points were given back instead; null if they were not"`
}

// takerOut is whose a reward is.
type takerOut struct {
	ID       string `json:"id" format:"uuid" doc:"Ours"`
	Shop     string `json:"shop"`
	Customer string `json:"customer" doc:"The shop's id"`
}

// showReward renders a reward.
func showReward(r retail.ExternalReward) dueRewardOut {
	out := dueRewardOut{
		ID: r.Act, Reward: r.Name, Customer: takerOut{r.Customer.ID, r.Customer.Shop, r.Customer.Login}, Points: money.Of(r.Points, money.Point),
		GivenAt: r.GivenAt.UTC(), State: "waiting", HandedOverAt: utc(r.HandedOverAt), HandedOverBy: r.HandedOverBy, TakenBackAt: utc(r.TakenBackAt),
	}
	switch {
	case r.HandedOverAt != nil:
		out.State = "handed_over"
	case r.TakenBackAt != nil:
		out.State = "taken_back"
	}
	return out
}

func (a *admin) rewards(ctx context.Context, in *rewardsIn) (*body[pageOut[dueRewardOut]], error) {
	from, to, err := a.span(in.PageIn)
	if err != nil {
		return nil, err
	}
	page, next, err := a.office.Rewards(ctx, retail.RewardFilter{Page: in.stretch(in.Sort), State: in.State, From: from, To: to})
	if err != nil {
		return nil, refuseLoyalty(err)
	}
	return showPage(page, next, showReward), nil
}

// handOverIn names a reward.
type handOverIn struct {
	ID string `path:"id" doc:"Id of the reward"`
}

func (a *admin) handOver(ctx context.Context, in *handOverIn) (*body[dueRewardOut], error) {
	done, err := a.office.HandOver(ctx, counter.Caller(ctx), in.ID)
	if err != nil {
		return nil, refuseLoyalty(err)
	}
	return ok(showReward(done)), nil
}
