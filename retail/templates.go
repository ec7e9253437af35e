package retail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"vouchsafe/retail/document"
	"vouchsafe/retail/language"
	"vouchsafe/retail/mail"
	"vouchsafe/retail/orders"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/wording"
)

// Words are what people write: subject, text and HTML of a template.
type Words = mail.Source

// ShownMail is a mail as a preview shows it.
type ShownMail = mail.Shown

// TemplateVariable is what a template may use.
type TemplateVariable = mail.Variable

// TemplateKind is a kind of template with what it may use.
type TemplateKind struct {
	Name      string
	TextOnly  bool // neither subject nor HTML
	Variables []TemplateVariable
}

// TemplateKinds lists the kinds.
func TemplateKinds() []TemplateKind {
	var kinds []TemplateKind
	for _, which := range mail.Kinds() {
		kinds = append(kinds, TemplateKind{string(which), which.IsText(), mail.Variables(which)})
	}
	return kinds
}

// EveryShop stands where a shop's id would, for the templates of the whole installation. No shop has this id.
const EveryShop = "-"

// The audit trail's names for what the office does about templates.
const (
	didPutTemplate  = "put_template"
	didDropTemplate = "drop_template"
)

// ErrNoTemplate says that there is no template of this name, or no such version.
var ErrNoTemplate = wording.ErrNotFound

// Place says where a template belongs, in the words of a caller.
type Place struct {
	Shop     string // EveryShop for the installation's
	Language string
	Name     string // a kind of mail.Kinds, or "code.NAME" for products that name NAME
}

// Source says whose words a template's are.
type Source string

// The sources.
const (
	OwnWords     Source = "own"        // of this place
	WiderWords   Source = "inherited"  // of a wider place: the language without its region, the installation
	BuiltInWords Source = "built_in"   // this program's
	GoneWords    Source = "taken_away" // a version that says that there is none any more
	OlderWords   Source = "older"      // a version that another has replaced
)

// Template is a template as the office sees it.
type Template struct {
	Place
	Version int // 0 for the built-in one
	Source  Source
	From    Place // where the words were found; the zero Place for the built-in ones
	Words   Words
	MadeAt  time.Time // zero for the built-in one
}

var productTemplate = regexp.MustCompile(`^code\.[a-z0-9][a-z0-9-]{0,39}$`)

// kindOf is the kind that a template's name says; ok is false for a name that says none.
func kindOf(name string) (which mail.Which, ok bool) {
	if productTemplate.MatchString(name) {
		return mail.SecondMail, true
	}
	for _, kind := range mail.Kinds() {
		if name == string(kind) {
			return kind, true
		}
	}
	return "", false
}

// templatePlace checks where a template is to be. Error: ErrInvalid, with the names of the fields; ErrUnknownShop.
func (s *Sales) templatePlace(ctx context.Context, p Place) (wording.Place, mail.Which, orders.Shop, error) {
	which, known := kindOf(p.Name)
	fault := errors.Join(
		ensure(known, "name: confirmation, code, codes, reminder, welcome, membership, or code.NAME for products that name NAME (small letters, digits and -)"),
		ensure(isTag(p.Language), "language: da, sv, nb, de, de-AT, de-DE or en"),
	)
	if fault != nil {
		return wording.Place{}, "", orders.Shop{}, fmt.Errorf("%w: %w", ErrInvalid, fault)
	}
	if p.Shop == EveryShop {
		return wording.Place{Shop: wording.Installation, Language: p.Language, Name: p.Name}, which, orders.Shop{}, nil
	}
	shop, err := s.shop(ctx, p.Shop)
	return wording.Place{Shop: p.Shop, Language: p.Language, Name: p.Name}, which, shop, err
}

func isTag(text string) bool {
	for _, tag := range language.Tags() {
		if string(tag) == text {
			return true
		}
	}
	return false
}

// placeName is how tasks and the audit trail name a template.
func placeName(p wording.Place) string {
	place := placeOf(p)
	return strings.Join([]string{place.Shop, place.Language, place.Name}, "/")
}

func placeOf(p wording.Place) Place {
	if p.Shop == wording.Installation {
		p.Shop = EveryShop
	}
	return Place(p)
}

// Template reads what holds at a place: its own words, those of a wider place, or the built-in ones. A version asks for one of the
// place's own as it was; 0 for what holds. Errors: ErrInvalid, ErrUnknownShop, ErrNoTemplate for a version that there never was.
func (o *BackOffice) Template(ctx context.Context, p Place, version int) (Template, error) {
	found, err := o.template(ctx, p, version)
	return found, settled("read a template", err)
}

func (o *BackOffice) template(ctx context.Context, p Place, version int) (Template, error) {
	at, which, _, err := o.sales.templatePlace(ctx, p)
	if err != nil {
		return Template{}, err
	}
	if version > 0 {
		found, err := o.sales.wording.Version(ctx, at, version)
		return showTemplate(p, found, OlderWords), err
	}
	named := strings.TrimPrefix(strings.TrimPrefix(at.Name, string(which)), ".")
	found, err := o.sales.template(ctx, laying{
		which: which, template: named, shop: at.Shop, letter: mail.Letter{Language: language.Tag(p.Language)},
	})
	if errors.Is(err, wording.ErrNotFound) {
		return builtIn(p, which)
	}
	if err == nil && found.Place() != at {
		return showTemplate(p, found, WiderWords), nil
	}
	return showTemplate(p, found, OwnWords), err
}

// builtIn is what holds where no merchant has said anything.
func builtIn(p Place, which mail.Which) (Template, error) {
	source, err := mail.OwnSource(which)
	if which.IsText() {
		source.Text = mail.MembershipText(nil, mail.Letter{Language: language.Tag(p.Language), Shop: "{{.shop_name}}"})
	}
	return Template{Place: p, Source: BuiltInWords, Words: source}, err
}

func showTemplate(p Place, t wording.Template, source Source) Template {
	if t.Gone {
		source = GoneWords
	}
	return Template{
		Place: p, Version: t.Version, Source: source, From: placeOf(t.Place()), MadeAt: t.MadeAt,
		Words: Words{Subject: t.Subject, Text: t.Body, HTML: t.HTML},
	}
}

// Templates lists those that merchants have written and that hold, by shop, language and name.
func (o *BackOffice) Templates(ctx context.Context) ([]Template, error) {
	found, err := o.sales.wording.List(ctx)
	return showTemplates(found, OwnWords), settled("list templates", err)
}

// TemplateVersions lists the versions of a place's own template, the newest first. Errors: ErrInvalid, ErrUnknownShop.
func (o *BackOffice) TemplateVersions(ctx context.Context, p Place) ([]Template, error) {
	at, _, _, err := o.sales.templatePlace(ctx, p)
	if err != nil {
		return nil, settled("list the versions of a template", err)
	}
	found, err := o.sales.wording.Versions(ctx, at)
	shown := showTemplates(found, OlderWords)
	if len(shown) > 0 && shown[0].Source == OlderWords {
		shown[0].Source = OwnWords
	}
	return shown, settled("list the versions of a template", err)
}

func showTemplates(found []wording.Template, source Source) []Template {
	shown := make([]Template, len(found))
	for i, t := range found {
		shown[i] = showTemplate(placeOf(t.Place()), t, source)
	}
	return shown
}

// PutTemplate gives a place words of its own, as a new version (E11). The same words again change nothing. A mail that was rendered
// before stays as it is. Errors: ErrInvalid, which says what is wrong and in which line; ErrUnknownShop.
func (o *BackOffice) PutTemplate(ctx context.Context, by Actor, p Place, words Words) (Template, error) {
	at, which, _, err := o.sales.templatePlace(ctx, p)
	if err == nil {
		_, err = parsed(which, words, mail.ParseWritten)
	}
	if err != nil {
		return Template{}, settled("put a template", err)
	}
	now, err := o.writeTemplate(ctx, by, didPutTemplate, wording.Template{
		Shop: at.Shop, Language: at.Language, Name: at.Name, Subject: words.Subject, Body: words.Text, HTML: words.HTML,
	})
	return showTemplate(p, now, OwnWords), settled("put a template", err)
}

// parsed reads a layout, as strictly as reading is; what is wrong with it is the caller's to mend.
func parsed(which mail.Which, words Words, reading func(mail.Which, Words) (*mail.Layout, error)) (*mail.Layout, error) {
	layout, err := reading(which, words)
	if fault, ok := errors.AsType[*mail.LayoutError](err); ok {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, fault.Fault)
	}
	return layout, err
}

// DropTemplate takes a place's own words away, so that those of a wider place hold again, or the built-in ones. Its versions stay.
// It returns what holds now. Errors: ErrInvalid, ErrUnknownShop.
func (o *BackOffice) DropTemplate(ctx context.Context, by Actor, p Place) (Template, error) {
	at, _, _, err := o.sales.templatePlace(ctx, p)
	if err != nil {
		return Template{}, settled("drop a template", err)
	}
	_, err = o.writeTemplate(ctx, by, didDropTemplate, wording.Template{Shop: at.Shop, Language: at.Language, Name: at.Name, Gone: true})
	if err != nil {
		return Template{}, settled("drop a template", err)
	}
	return o.Template(ctx, p, 0)
}

// writeTemplate writes a version with its line of the audit trail, and closes the task about the one before.
func (o *BackOffice) writeTemplate(ctx context.Context, by Actor, action string, t wording.Template) (now wording.Template, err error) {
	err = outbox.InTx(ctx, o.sales.orders.Pool(), func(tx outbox.Tx) error {
		var changed bool
		if now, changed, err = wording.Put(ctx, tx, t); err != nil || !changed {
			return err
		}
		name := placeName(t.Place())
		if err := outbox.CloseTask(ctx, tx, TaskTemplate, name, "the template was changed"); err != nil {
			return err
		}
		return o.desk.audit(ctx, tx, by, action, "template "+name, map[string]any{"version": now.Version})
	})
	return now, err
}

// PreviewTemplate fills in words with samples, as a mail of the place would have them (E11): what is given, or what holds there when
// nothing is. Nothing is stored and nothing sent. Errors as for PutTemplate.
func (o *BackOffice) PreviewTemplate(ctx context.Context, p Place, words Words) (ShownMail, error) {
	shown, err := o.preview(ctx, p, words)
	return shown, settled("preview a template", err)
}

func (o *BackOffice) preview(ctx context.Context, p Place, words Words) (ShownMail, error) {
	_, which, shop, err := o.sales.templatePlace(ctx, p)
	if err != nil {
		return ShownMail{}, err
	}
	reading := mail.ParseWritten
	if words == (Words{}) {
		reading = mail.ParseLayout // stored
		holds, err := o.template(ctx, p, 0)
		if err != nil {
			return ShownMail{}, err
		}
		words = holds.Words
	}
	layout, err := parsed(which, words, reading)
	if err != nil {
		return ShownMail{}, err
	}
	qr, err := document.QR(sampleQR)
	if err != nil {
		return ShownMail{}, err
	}
	return mail.Preview(which, layout, o.sales.sampleLetter(shop, language.Tag(p.Language)), o.sales.country(shop), qr)
}

// sampleQR is what the picture of a preview holds: no code of ours, since its last symbol doesn't fit.
const sampleQR = "AAAA-BBBB-CCCC-0000"

// sampleLetter is the head of a mail that is never sent.
func (s *Sales) sampleLetter(shop orders.Shop, tag language.Tag) mail.Letter {
	name, from, _ := senderOf(cmp.Or(shop.Sender, s.defaults.From)) // a preview without a sender is a preview all the same
	shown := cmp.Or(shop.Name, name, shop.ID, "Demo")
	return mail.Letter{
		Language: tag, Shop: shown, Sender: strings.Trim(shown+", "+from, ", "), PrivacyURL: cmp.Or(shop.PrivacyURL, "https://example.org/privacy"),
	}
}
