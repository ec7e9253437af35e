package retail

import (
	"context"
	"errors"
	"fmt"

	"vouchsafe/retail/language"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/wording"
)

// TaskTemplate is the kind of task about a template that could not be used for a mail. The mail left in the built-in layout; a new
// version of the template, or its end, closes the task.
const TaskTemplate = "template"

// laying is a mail that is about to be laid out.
type laying struct {
	which    mail.Which
	template string // that the product names; "" for none
	shop     string
	letter   mail.Letter
}

// names are the templates that fit, the best first.
func (l laying) names() []string {
	if l.template == "" {
		return []string{string(l.which)}
	}
	return []string{templateOf(l.which, l.template), string(l.which)}
}

// templateOf is the name of the template of a kind that a product names.
func templateOf(which mail.Which, named string) string { return string(which) + "." + named }

// base is the language without its region: who writes German for all writes it for Austria.
func base(tag language.Tag) language.Tag {
	if tag == language.Austrian || tag == language.Germany {
		return language.German
	}
	return tag
}

// template finds the merchant's own for a mail: the shop's before the installation's. Error: wording.ErrNotFound.
func (s *Sales) template(ctx context.Context, l laying) (wording.Template, error) {
	return s.wording.Find(ctx, wording.Wanted{
		Names: l.names(), Shops: []string{l.shop, wording.Installation},
		Languages: []string{string(l.letter.Language), string(base(l.letter.Language))},
	})
}

// compose renders a mail in the merchant's own layout, where there is one. One that can't be used never keeps a mail back: the mail
// is rendered in the built-in layout, and the office is told.
func (s *Sales) compose(ctx context.Context, l laying, render func(mail.Letter) (mail.Message, error)) (mail.Message, error) {
	found, err := s.template(ctx, l)
	if errors.Is(err, wording.ErrNotFound) {
		return render(l.letter)
	}
	if err != nil {
		return mail.Message{}, err
	}
	own := l.letter
	own.Layout, err = mail.ParseLayout(l.which, mail.Source{Subject: found.Subject, Text: found.Body, HTML: found.HTML})
	if err == nil {
		message, fault := render(own)
		if err = fault; err == nil {
			return message, nil
		}
	}
	if !errors.Is(err, mail.ErrLayout) && !errors.Is(err, mail.ErrCode) {
		return mail.Message{}, err
	}
	if err := s.reportTemplate(ctx, found, err); err != nil {
		return mail.Message{}, err
	}
	return render(l.letter)
}

// reportTemplate puts a template that can't be used before the office.
func (s *Sales) reportTemplate(ctx context.Context, t wording.Template, fault error) error {
	s.log.ErrorContext(ctx, "a template can't be used; the mail has the built-in layout", "template", placeName(t.Place()), "version", t.Version, "err", fault)
	return outbox.InTx(ctx, s.orders.Pool(), func(tx outbox.Tx) error {
		return outbox.OpenTask(ctx, tx, outbox.Task{
			Kind: TaskTemplate, Subject: placeName(t.Place()), Shop: t.Shop, Reason: "unusable",
			Detail: detailOf(map[string]any{"version": t.Version, "said": fault.Error()}),
		})
	})
}

// membershipText is what a letter tells on a membership that something in it asks for (B09, B10): the merchant's own template of that
// name, or the sentence of the language.
func (s *Sales) membershipText(ctx context.Context, shop string, letter mail.Letter) (string, error) {
	found, err := s.template(ctx, laying{which: mail.Membership, shop: shop, letter: letter})
	if errors.Is(err, wording.ErrNotFound) {
		return mail.MembershipText(nil, letter), nil
	}
	if err != nil {
		return "", fmt.Errorf("find the text on membership: %w", err)
	}
	own, err := mail.ParseLayout(mail.Membership, mail.Source{Text: found.Body})
	if err != nil {
		if err := s.reportTemplate(ctx, found, err); err != nil {
			return "", err
		}
		own = nil
	}
	return mail.MembershipText(own, letter), nil
}

// membershipOf is the text for a letter about something that asks for a membership, and "" for anything else.
func (s *Sales) membershipOf(ctx context.Context, shop string, letter mail.Letter, asked bool) (string, error) {
	if !asked {
		return "", nil
	}
	return s.membershipText(ctx, shop, letter)
}
