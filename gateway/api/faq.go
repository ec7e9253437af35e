package api

import (
	"cmp"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"vouchsafe/gateway/counter"
	"vouchsafe/gateway/edge"
	"vouchsafe/retail"
	"vouchsafe/retail/language"
)

// RegisterFAQ adds what a shop's pages tell of bonus points (P22).
func RegisterFAQ(to huma.API, sales *retail.Sales) {
	f := &faq{sales}
	op := get("faq", "/v1/faq", "Questions and answers about bonus points", edge.Require(edge.Shop, edge.Admin))
	op.Description = "Those that the merchant has approved, filled in from the programme in force. They are plain text: escape it."
	huma.Register(to, op, f.read)
}

// faq holds what the handler needs.
type faq struct{ sales *retail.Sales }

// faqIn asks for the answers.
type faqIn struct {
	Language string `query:"language" enum:"da,en" doc:"Default: the shop's own language if it is one of them, else en"`
}

// faqOut are the answers.
type faqOut struct {
	Language string       `json:"language" enum:"da,en"`
	Items    []explainOut `json:"items" nullable:"false"`
}

// explainOut is a question with its answer.
type explainOut struct {
	Entry    string `json:"entry" doc:"Names the question in every language"`
	Question string `json:"question"`
	Answer   string `json:"answer"`
}

func (f *faq) read(ctx context.Context, in *faqIn) (*body[faqOut], error) {
	by := counter.Caller(ctx)
	own, err := f.sales.Tongue(ctx, by.Name)
	if err != nil {
		return nil, counter.Refuse(err)
	}
	told, err := f.sales.FAQ(ctx, by.Name, cmp.Or(language.Tag(in.Language), own))
	if err != nil {
		return nil, counter.Refuse(err)
	}
	out := faqOut{Language: string(told.Language), Items: make([]explainOut, len(told.Items))}
	for i, item := range told.Items {
		out.Items[i] = explainOut(item)
	}
	return answer(http.StatusOK, out), nil
}
