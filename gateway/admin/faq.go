package admin

import (
	"context"
	"time"

	"vouchsafe/gateway/counter"
	"vouchsafe/retail"
	"vouchsafe/retail/language"
)

// faqIn asks for the questions in a language.
type faqIn struct {
	SmallPageIn
	Language string `query:"language" enum:"da,en" default:"da"`
}

// answerOut is a question about points with its answer.
type answerOut struct {
	Entry    string     `json:"entry" doc:"Names the question in every language"`
	Language string     `json:"language" enum:"da,en"`
	Version  int        `json:"version" doc:"0 for the built-in text"`
	Question string     `json:"question"`
	Answer   string     `json:"answer"`
	Approved bool       `json:"approved"`
	Missing  []string   `json:"missing" nullable:"false" doc:"Variables that the programme gives no value: an answer with one is not shown"`
	Shown    bool       `json:"shown" doc:"Whether readers see it: it is approved and lacks nothing"`
	By       *string    `json:"by" doc:"Who put the version, as the audit trail names him; null for the built-in text"`
	At       *time.Time `json:"at" doc:"When; null for the built-in text"`
}

// showAnswer renders a question with its answer.
func showAnswer(a retail.PointsAnswer) answerOut {
	out := answerOut{
		Entry: a.Entry, Language: string(a.Language), Version: a.Version, Question: a.Question, Answer: a.Answer.Answer, Approved: a.Approved,
		Missing: append([]string{}, a.Missing...), Shown: a.Shown(),
	}
	if a.Version > 0 {
		out.By, out.At = &a.PutBy, utc(&a.PutAt)
	}
	return out
}

func (a *admin) faq(ctx context.Context, in *faqIn) (*body[pageOut[answerOut]], error) {
	all, err := a.office.PointsAnswers(ctx, language.Tag(in.Language))
	if err != nil {
		return nil, refuseLoyalty(err)
	}
	return showSmall(in.SmallPageIn, all, func(a retail.PointsAnswer) string { return a.Entry }, showAnswer)
}

// putFAQIn asks for another text of a question, or its approval.
type putFAQIn struct {
	Language string `path:"language" enum:"da,en"`
	Entry    string `path:"entry" maxLength:"64" doc:"As the list names it"`
	Body     struct {
		Question string `json:"question" minLength:"1" maxLength:"300"`
		Answer   string `json:"answer" minLength:"1" maxLength:"4000" doc:"Plain text; variables as {{name}}"`
		Approved bool   `json:"approved,omitempty" doc:"The text may be shown as it is; left out, it is a draft"`
	}
}

func (a *admin) putFAQ(ctx context.Context, in *putFAQIn) (*body[answerOut], error) {
	put, err := a.office.PutPointsAnswer(ctx, counter.Caller(ctx), retail.PutAnswer{
		Language: language.Tag(in.Language), Entry: in.Entry, Question: in.Body.Question, Answer: in.Body.Answer, Approved: in.Body.Approved,
	})
	if err != nil {
		return nil, refuseLoyalty(err)
	}
	return ok(showAnswer(put)), nil
}
