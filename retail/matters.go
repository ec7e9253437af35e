package retail

import (
	"context"
	"fmt"

	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
)

// matterKey tells one matter of a purchase from another.
type matterKey struct{ kind, about, reason, word string }

func keyOf(m purchase.Matter) matterKey { return matterKey{m.Kind, m.About, m.Reason, m.Word} }

// anyWord is the matter whatever the shop says of it.
func (k matterKey) anyWord() matterKey {
	k.word = ""
	return k
}

// settleMatters opens tasks for what has come to wait for a person, and closes those that settled themselves. What a person has
// closed stays closed while the shop only repeats itself, and is open again when it says something else of the matter.
func (s *Sales) settleMatters(ctx context.Context, tx outbox.Tx, c change, more []outbox.Task) error {
	was := map[matterKey]purchase.Matter{}
	if c.before != nil {
		for _, m := range append(c.before.Matters(), c.before.Flagged()...) {
			was[keyOf(m)] = m
		}
	}
	again := map[matterKey]bool{}
	for _, m := range c.decision.Purchase.Matters() {
		if _, known := was[keyOf(m)]; known {
			delete(was, keyOf(m))
			continue
		}
		more, again[keyOf(m).anyWord()] = append(more, c.task(m)), true
	}
	for key, m := range was {
		if again[key.anyWord()] { // one that is open keeps its age
			continue
		}
		toldAgain, err := c.over(ctx, tx, m)
		if err != nil {
			return err
		}
		more = append(more, toldAgain...)
	}
	for _, task := range more {
		if err := outbox.OpenTask(ctx, tx, task); err != nil {
			return err
		}
	}
	return nil
}

// over closes the task of a matter that is no more. Where a person had made good a refund that was taken back, and it stands after all, what
// he has given for it may be too much: that is a task of its own.
func (c change) over(ctx context.Context, tx outbox.Tx, m purchase.Matter) ([]outbox.Task, error) {
	if c.decision.Purchase.StandsAgain(m) {
		open, err := outbox.LockTask(ctx, tx, m.Kind, c.subject(m))
		if err != nil {
			return nil, err
		}
		if !open {
			m.Reason = purchase.ToldAgain
			return []outbox.Task{c.task(m)}, nil
		}
	}
	return nil, outbox.CloseTask(ctx, tx, m.Kind, c.subject(m), "settled")
}

// subject names a matter: the purchase, and which of its matters of a kind.
func (c change) subject(m purchase.Matter) string {
	if m.About == "" {
		return c.stored.ID
	}
	return fmt.Sprintf("%s/%.200s", c.stored.ID, m.About)
}

// task puts a matter before the office.
func (c change) task(m purchase.Matter) outbox.Task {
	units := make([]string, len(m.Units))
	for i, key := range m.Units {
		units[i] = fmt.Sprintf("%s/%d", key.Line, key.N)
	}
	return outbox.Task{
		Kind: m.Kind, Subject: c.subject(m), Shop: c.shop.ID, Reason: m.Reason,
		Detail: detailOf(map[string]any{
			"purchase": c.stored.ID, "order": c.stored.Order, "number": c.decision.Purchase.Number, "about": m.About, "units": units,
		}),
	}
}
