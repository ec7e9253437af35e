package api

import (
	"context"
	"errors"

	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/voucher"
)

// concealed are the refusals that a shop is told nothing about: whether a code is unknown, blocked or
// expired must not be told by an answer that anybody with a browser can provoke.
func concealed() []error {
	return []error{
		voucher.ErrNotFound, voucher.ErrNotActive, voucher.ErrBlocked, voucher.ErrInvalidated, voucher.ErrExpired,
		voucher.ErrClaimed, voucher.ErrQuarantined, voucher.ErrClaimRequired, voucher.ErrMode, voucher.ErrOtherKind,
	}
}

// refuseCode is the problem of an act by code: to a shop, every code that can't be used looks the same.
func (a *api) refuseCode(ctx context.Context, err error) error {
	if counter.Caller(ctx).Channel == retail.Webshop {
		for _, hidden := range concealed() {
			if errors.Is(err, hidden) {
				return edge.Refuse(edge.CannotBeApplied, "This code can't be applied.")
			}
		}
	}
	return a.refuse(ctx, err)
}

// refuse is the problem of a refusal; a fault is passed on as it is. Of a reserved code a shop learns
// only until when.
func (a *api) refuse(ctx context.Context, err error) error {
	if held, ok := errors.AsType[*voucher.HeldError](err); ok && counter.Caller(ctx).Channel == retail.Webshop {
		return edge.Refuse(edge.HeldElsewhere, "The code is reserved by another holder.", edge.With("held_until", held.Until.UTC()))
	}
	return counter.Refuse(err)
}
