package admin

import (
	"context"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
)

// templatePath is where a template has its place.
const templatePath = "/v1/admin/templates/{shop}/{language}/{name}"

// registerTemplates adds the office's operations about the words and the looks of mails (E11, B10).
func registerTemplates(to huma.API, t *trade) {
	huma.Register(to, get("templates", "/v1/admin/templates", "The merchant's own templates that hold; where there is none, a built-in one does"), t.templates)
	huma.Register(to, get("template-variables", "/v1/admin/templates/variables", "What templates may use, by kind: names, meanings and examples"), t.templateVariables)
	huma.Register(to, post("preview-template", "/v1/admin/templates/preview", "Fill in a template with samples; nothing is stored and nothing sent"), t.previewTemplate)
	huma.Register(to, get("template", templatePath, "What holds at a place, or one of its versions"), t.template)
	huma.Register(to, get("template-versions", templatePath+"/versions", "The versions of a place's own template, the newest first; the 200 newest are listed"), t.templateVersions)
	put := managing(operation("PUT", "put-template", templatePath, "Give a place words of its own, as a new version"))
	put.Description = "The same words again change nothing. A mail that was rendered before stays as it is. What is wrong is named by part and line."
	huma.Register(to, put, t.putTemplate)
	drop := managing(operation("DELETE", "drop-template", templatePath, "Take a place's own words away"))
	drop.Description = "What a wider place says holds again (German without a region, the installation), and in the end what is built in, which is answered. The versions stay, and can be put again."
	huma.Register(to, drop, t.dropTemplate)
}

// PlaceIn names a place.
type PlaceIn struct {
	Shop     string `path:"shop" maxLength:"63" doc:"Id of the shop, or - for all shops without their own"`
	Language string `path:"language" maxLength:"5" doc:"da, sv, nb, de, de-AT, de-DE or en; de holds for de-AT and de-DE without their own"`
	Name     string `path:"name" maxLength:"45" doc:"confirmation, code, codes, reminder, welcome, membership, or code.NAME for products whose template is NAME"`
}

func (in PlaceIn) place() retail.Place { return retail.Place(in) }

// WordsBody is what people write. The texts are those of Go's templates: {{.variable}}, if, with, range, and a few functions.
type WordsBody struct {
	Subject string `json:"subject,omitempty" maxLength:"300" doc:"Not for a text alone (membership)"`
	Text    string `json:"text,omitempty" maxLength:"20480" doc:"The plain text"`
	HTML    string `json:"html,omitempty" maxLength:"40960" doc:"Not for a text alone (membership). Values are escaped as their place asks for; nothing is loaded from elsewhere, and nothing runs"`
}

func (b WordsBody) source() retail.Words {
	return retail.Words{Subject: b.Subject, Text: b.Text, HTML: b.HTML}
}

// templateOut is a template.
type templateOut struct {
	Shop     string     `json:"shop" doc:"- for all shops"`
	Language string     `json:"language"`
	Name     string     `json:"name"`
	Version  int        `json:"version" doc:"0 for the built-in one"`
	Source   string     `json:"source" enum:"own,inherited,built_in,taken_away,older" doc:"Whose words these are"`
	From     *widerOut  `json:"from,omitempty" doc:"The wider place whose words these are"`
	MadeAt   *time.Time `json:"made_at,omitempty"`
	WordsBody
}

// widerOut is a place.
type widerOut struct {
	Shop     string `json:"shop"`
	Language string `json:"language"`
	Name     string `json:"name"`
}

func showTemplate(t retail.Template) templateOut {
	out := templateOut{
		Shop: t.Shop, Language: t.Language, Name: t.Name, Version: t.Version, Source: string(t.Source),
		WordsBody: WordsBody{t.Words.Subject, t.Words.Text, t.Words.HTML},
	}
	if t.Source == retail.WiderWords {
		out.From = &widerOut{t.From.Shop, t.From.Language, t.From.Name}
	}
	if !t.MadeAt.IsZero() {
		out.MadeAt = utc(&t.MadeAt)
	}
	return out
}

// answered is an answer with a template, or what was refused.
func answered(t retail.Template, err error) (*body[templateOut], error) {
	if err != nil {
		return nil, refuseTrade(err)
	}
	return ok(showTemplate(t)), nil
}

func (t *trade) templates(ctx context.Context, in *SmallPageIn) (*body[pageOut[templateOut]], error) {
	found, err := t.office.Templates(ctx)
	if err != nil {
		return nil, refuseTrade(err)
	}
	return showSmall(*in, found, func(of retail.Template) string { return of.Shop + "/" + of.Language + "/" + of.Name }, showTemplate)
}

// templateIn asks for a template.
type templateIn struct {
	PlaceIn
	Version int `query:"version" minimum:"1" maximum:"2147483647" doc:"One of its own as it was; without it, what holds"`
}

func (t *trade) template(ctx context.Context, in *templateIn) (*body[templateOut], error) {
	return answered(t.office.Template(ctx, in.place(), in.Version))
}

// templateVersionsIn asks for the versions of a template.
type templateVersionsIn struct {
	PlaceIn
	SmallPageIn
}

func (t *trade) templateVersions(ctx context.Context, in *templateVersionsIn) (*body[pageOut[templateOut]], error) {
	found, err := t.office.TemplateVersions(ctx, in.place())
	if err != nil {
		return nil, refuseTrade(err)
	}
	return showSmall(in.SmallPageIn, found, func(of retail.Template) string { return strconv.Itoa(of.Version) }, showTemplate)
}

// putTemplateIn asks for other words.
type putTemplateIn struct {
	PlaceIn
	Body WordsBody
}

func (t *trade) putTemplate(ctx context.Context, in *putTemplateIn) (*body[templateOut], error) {
	return answered(t.office.PutTemplate(ctx, counter.Caller(ctx), in.place(), in.Body.source()))
}

func (t *trade) dropTemplate(ctx context.Context, in *PlaceIn) (*body[templateOut], error) {
	return answered(t.office.DropTemplate(ctx, counter.Caller(ctx), in.place()))
}

// previewIn asks how words would look.
type previewIn struct {
	Body struct {
		Shop     string `json:"shop" minLength:"1" maxLength:"63" doc:"Id of the shop, or -"`
		Language string `json:"language" maxLength:"5" doc:"da, sv, nb, de, de-AT, de-DE or en"`
		Name     string `json:"name" maxLength:"45" doc:"As the template's"`
		WordsBody
	}
}

// previewOut is a mail that was not sent.
type previewOut struct {
	Subject string `json:"subject" doc:"Empty for a text alone"`
	Text    string `json:"text"`
	HTML    string `json:"html" doc:"With the picture of the code in it. Empty for a text alone"`
}

func (t *trade) previewTemplate(ctx context.Context, in *previewIn) (*body[previewOut], error) {
	b := in.Body
	shown, err := t.office.PreviewTemplate(ctx, retail.Place{Shop: b.Shop, Language: b.Language, Name: b.Name}, b.source())
	if err != nil {
		return nil, refuseTrade(err)
	}
	return ok(previewOut(shown)), nil
}

// variableOut is what a template may use.
type variableOut struct {
	Name    string        `json:"name" doc:"Used as {{.name}}"`
	Meaning string        `json:"meaning"`
	Example string        `json:"example,omitempty"`
	List    bool          `json:"list" doc:"For {{range .name}}"`
	Items   []variableOut `json:"items,omitempty" doc:"What each item of a list has; none: the item is a text, {{.}}"`
}

// kindOut is a kind of template.
type kindOut struct {
	Name      string        `json:"name"`
	TextOnly  bool          `json:"text_only" doc:"Neither subject nor HTML"`
	Variables []variableOut `json:"variables" nullable:"false"`
}

func (t *trade) templateVariables(_ context.Context, in *SmallPageIn) (*body[pageOut[kindOut]], error) {
	name := func(kind retail.TemplateKind) string { return kind.Name }
	return showSmall(*in, retail.TemplateKinds(), name, func(kind retail.TemplateKind) kindOut {
		return kindOut{Name: kind.Name, TextOnly: kind.TextOnly, Variables: showVariables(kind.Variables)}
	})
}

func showVariables(of []retail.TemplateVariable) []variableOut {
	out := make([]variableOut, len(of))
	for i, v := range of {
		out[i] = variableOut{Name: v.Name, Meaning: v.Meaning, Example: v.Example, List: v.List}
		if len(v.Items) > 0 {
			out[i].Items = showVariables(v.Items)
		}
	}
	return out
}
