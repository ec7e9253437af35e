package retail

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail/loyalty"
	"vouchsafe/retail/money"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/points"
	"vouchsafe/retail/purchase"
)

// The audit trail's names for what the office does about bonus points.
const (
	didPutProgramme = "put_loyalty_programme"
	didSetStanding  = "set_standing"
)

// auditedProgramme is the object of the audit trail that the programme is.
const auditedProgramme = "loyalty programme"

// ProgrammeVersion is the programme of bonus points as somebody put it; Number 0 stands for none.
type ProgrammeVersion = points.Version

// ProgrammeChangedError refuses to replace a version of the programme that is not in force any more.
type ProgrammeChangedError = points.ChangedError

// Programme reads the programme of bonus points in force (P07).
func (o *BackOffice) Programme(ctx context.Context) (ProgrammeVersion, error) {
	v, err := points.New(o.sales.orders.Pool()).InForce(ctx)
	return v, settled("read the programme", err)
}

// ProgrammeVersions lists the versions of the programme, the newest first, at most 200.
func (o *BackOffice) ProgrammeVersions(ctx context.Context) ([]ProgrammeVersion, error) {
	all, err := points.New(o.sales.orders.Pool()).Versions(ctx)
	return all, settled("list the versions of the programme", err)
}

// PutProgramme puts a programme in force in place of the version that the caller has seen, 0 for none (P07, P17). The same again
// changes nothing, and what was earned stays. Errors: ErrInvalid, with the names of the fields; *ProgrammeChangedError.
func (o *BackOffice) PutProgramme(ctx context.Context, by Actor, seen int64, p loyalty.Programme) (now ProgrammeVersion, err error) {
	if fault := p.Check(); fault != nil {
		return ProgrammeVersion{}, errors.Join(ErrInvalid, fault)
	}
	if err := o.checkRewards(ctx, p); err != nil {
		return ProgrammeVersion{}, settled("look at rewards", err)
	}
	err = outbox.InTx(ctx, o.sales.orders.Pool(), func(tx outbox.Tx) error {
		var changed bool
		if now, changed, err = points.Put(ctx, tx, seen, p, by.String()); err != nil || !changed {
			return err
		}
		return o.desk.audit(ctx, tx, by, didPutProgramme, auditedProgramme, map[string]any{"version": now.Number})
	})
	return now, settled("put the programme", err)
}

// hasPrice tells whether a product is worth a fixed amount.
func hasPrice(product purchase.Product) bool {
	_, err := product.Price(nil)
	return err == nil
}

// checkRewards refuses rewards that nobody could ever be given. Error: ErrInvalid, with the names of the fields.
func (o *BackOffice) checkRewards(ctx context.Context, p loyalty.Programme) error {
	var faults []error
	for i, reward := range p.Rewards {
		if reward.SKU == "" {
			continue
		}
		product, err := o.sales.Product(ctx, reward.SKU)
		switch {
		case errors.Is(err, ErrUnknownProduct):
			faults = append(faults, fmt.Errorf("rewards[%d].sku: no product has this SKU", i))
		case err != nil:
			return err
		case reward.Points > 0 && !hasPrice(product):
			faults = append(faults, fmt.Errorf("rewards[%d].points: leave them out, since the product has no fixed amount: it is worth what the points are", i))
		case reward.Points == 0 && !worthPoints(product, p.Currency()):
			faults = append(faults, fmt.Errorf("rewards[%d].points: state them, since the product is not open in the currency of the rates", i))
		}
	}
	if faults != nil {
		return errors.Join(append(faults, ErrInvalid)...)
	}
	return nil
}

// worthPoints tells whether a voucher of a product may be worth whatever points are.
func worthPoints(p purchase.Product, unit money.Currency) bool {
	return p.Open != nil && p.Currency == unit
}

// CustomerStanding is how the programme treats a customer (P15).
type CustomerStanding struct {
	Customer Customer
	Standing loyalty.Standing // with its Percent filled in
	Group    string           // the customer group that he is in; "" for none
}

// usualPercent is what a customer earns of what others do, unless the office says otherwise.
const usualPercent = 100

// Standing reads how the programme treats a customer, as far as the office has said. One who was merged into another is treated as
// that one. Errors: ErrNoCustomer, ErrWhichCustomer.
func (o *BackOffice) Standing(ctx context.Context, shop, name string) (CustomerStanding, error) {
	who, err := o.sales.named(ctx, shop, name)
	if err != nil {
		return CustomerStanding{}, err
	}
	s, err := o.sales.standingOf(ctx, who)
	return s, settled("read a standing", err)
}

func (s *Sales) standingOf(ctx context.Context, who Customer) (of CustomerStanding, err error) {
	of.Customer = who
	of.Standing, of.Group, err = points.Standing(ctx, s.orders.Pool(), holderOf(who))
	of.Standing.Percent = cmp.Or(of.Standing.Percent, usualPercent)
	return of, err
}

// StandingChange is how a customer shall be treated.
type StandingChange struct {
	Shop, Name string // as in CustomerChange
	Standing   loyalty.Standing
	Group      string
}

// SetStanding says how the programme treats a customer from now on, and registers one of a named shop who is not known. The same again
// changes nothing. Errors: ErrNoCustomer, ErrWhichCustomer, ErrUnknownShop, ErrLogin, ErrNobody.
func (o *BackOffice) SetStanding(ctx context.Context, by Actor, c StandingChange) (CustomerStanding, error) {
	who, err := o.sales.named(ctx, c.Shop, c.Name)
	if errors.Is(err, ErrNoCustomer) && c.Shop != "" {
		who, err = o.register(ctx, c.Shop, c.Name)
	}
	if err == nil && who.Login == guestLogin {
		err = ErrNobody
	}
	if err != nil {
		return CustomerStanding{}, err
	}
	holder := holderOf(who)
	err = o.within(ctx, "set a standing", func(tx outbox.Tx) error {
		locked, err := orders.LockCustomers(ctx, tx, holder)
		if err != nil {
			return err
		}
		if holder = holderOf(locked[0]); holder != locked[0].ID { // merged since he was found
			if _, err := orders.LockCustomers(ctx, tx, holder); err != nil {
				return err
			}
		}
		changed, err := points.SetStanding(ctx, tx, holder, c.Standing, c.Group)
		if err != nil || !changed {
			return err
		}
		return o.desk.audit(ctx, tx, by, didSetStanding, holder, map[string]any{
			"excluded": c.Standing.Excluded, "percent": cmp.Or(c.Standing.Percent, usualPercent), "group": c.Group,
		})
	})
	if err != nil {
		return CustomerStanding{}, err
	}
	return o.Standing(ctx, "", who.ID)
}
