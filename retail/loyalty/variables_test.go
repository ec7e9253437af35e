package loyalty_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vouchsafe/retail/loyalty"
)

func TestEveryPlaceHasItsVariablesWithMeaningAndExample(t *testing.T) {
	t.Parallel()
	for _, place := range loyalty.Contexts() {
		variables := loyalty.Variables(place)
		if len(variables) == 0 {
			t.Errorf("P11 nothing is said of points at %s", place)
		}
		for i, v := range variables {
			if !strings.HasPrefix(v.Name, "points_") || v.Meaning == "" || v.Example == "" {
				t.Errorf("P11 %s: %+v says too little", place, v)
			}
			if slices.IndexFunc(variables, func(o loyalty.Variable) bool { return o.Name == v.Name }) != i {
				t.Errorf("P11 %s: %s is there twice", place, v.Name)
			}
		}
	}
	if found := loyalty.Variables("shelf"); found != nil {
		t.Errorf("a place that is none has %v", found)
	}
}

// P12: the forms of the usual themes are all read.
func TestATemplateIsComparedWithWhatPointsHaveToSay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		place          loyalty.Context
		template       string
		lacks, unknown []string
	}{
		"nothing of points":                   {loyalty.Review, `<h1>{{ product.title }}</h1>`, []string{"points_earned"}, nil},
		"two braces":                          {loyalty.Review, `{{ points_earned }}`, nil, nil},
		"without spaces":                      {loyalty.Review, `{{points_earned}}`, nil, nil},
		"three braces":                        {loyalty.Review, `{{{ points_earned }}}`, nil, nil},
		"one brace":                           {loyalty.Review, `<b>{points_earned}</b>`, nil, nil},
		"a dollar":                            {loyalty.Review, `{$points_earned}`, nil, nil},
		"two braces and a dollar":             {loyalty.Review, `{{ $points_earned }}`, nil, nil},
		"raw":                                 {loyalty.Review, `{!! $points_earned !!}`, nil, nil},
		"with a dot":                          {loyalty.Review, `{{.points_earned}}`, nil, nil},
		"percent signs":                       {loyalty.Review, `<%= points_earned %>`, nil, nil},
		"percent signs, raw":                  {loyalty.Review, `<%- points_earned %>`, nil, nil},
		"with filters behind":                 {loyalty.Review, `{{ points_earned | escape }}{$points_earned|escape}`, nil, nil},
		"of an object":                        {loyalty.Review, `{{ vouchsafe.points_earned }}`, nil, nil},
		"in a script":                         {loyalty.Review, "`${points_earned}`", nil, nil},
		"in a comment of HTML":                {loyalty.Review, "<!-- {{ points_earned }}\n -->", []string{"points_earned"}, nil},
		"in comments of themes":               {loyalty.Review, "{* {$points_earned} *}{# {{ points_earned }} #}{{! points_earned }}{{-- $points_earned --}}", []string{"points_earned"}, nil},
		"the name in a text":                  {loyalty.Review, "<p>points_earned</p>", []string{"points_earned"}, nil},
		"one of two":                          {loyalty.Product, `{{ points_worth }}`, []string{"points_earned"}, nil},
		"two braces without an end":           {loyalty.Review, `{{ points_earned`, []string{"points_earned"}, nil},
		"ended by another's braces":           {loyalty.Review, `{{points_earned {{ x }}`, []string{"points_earned"}, nil},
		"raw without an end":                  {loyalty.Review, `{!! $points_earned`, []string{"points_earned"}, nil},
		"percent signs without an end":        {loyalty.Review, `<%= points_earned`, []string{"points_earned"}, nil},
		"one brace without an end":            {loyalty.Review, `{points_earned`, []string{"points_earned"}, nil},
		"mistyped":                            {loyalty.Review, `{{ point_earned }}`, []string{"points_earned"}, []string{"point_earned"}},
		"mistyped, and again":                 {loyalty.Review, `{{ Points_earned }}{{ Points_earned }}{{ points_earned }}`, nil, []string{"Points_earned"}},
		"of another place":                    {loyalty.Review, `{{ points_earned }} {{ points_balance }}`, nil, []string{"points_balance"}},
		"style sheets have braces too":        {loyalty.Review, `<style>a{color:red}b{margin:0}</style>{points_earned}`, nil, nil},
		"a name of which ours is a part only": {loyalty.Review, `{{ points_earned_today }}`, []string{"points_earned"}, []string{"points_earned_today"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lacking, unknown := loyalty.Lint(c.place, c.template)
			var lacks []string
			for _, v := range lacking {
				lacks = append(lacks, v.Name)
			}
			if diff := cmp.Diff([][]string{c.lacks, c.unknown}, [][]string{lacks, unknown}); diff != "" {
				t.Errorf("lacking and unknown (-want +got):\n%s", diff)
			}
		})
	}
}

func TestATemplateWithAllVariablesLacksNone(t *testing.T) {
	t.Parallel()
	for _, place := range loyalty.Contexts() {
		var template strings.Builder
		for _, v := range loyalty.Variables(place) {
			fmt.Fprintf(&template, "<li>{{ %s }}</li>\n", v.Name)
		}
		if lacks, unknown := loyalty.Lint(place, template.String()); lacks != nil || unknown != nil {
			t.Errorf("P12 %s: lacks %v, doesn't know %v", place, lacks, unknown)
		}
	}
}

func TestAnAnswerIsFilledInFromTheProgramme(t *testing.T) {
	t.Parallel()
	values := map[string]string{"signup_points": "100 point", "shop_name": "{{rate_points}}"}
	for name, c := range map[string]struct {
		text, filled string
		missing      []string
	}{
		"P22 a value":                    {"Du får {{signup_points}}.", "Du får 100 point.", nil},
		"with spaces":                    {"Du får {{ signup_points }}.", "Du får 100 point.", nil},
		"no variable":                    {"Nej.", "Nej.", nil},
		"what the programme doesn't say": {"{{rate_points}} er {{rate_amount}}, {{rate_points}}", " er , ", []string{"rate_points", "rate_amount"}},
		"a value is not filled in again": {"{{shop_name}}", "{{rate_points}}", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			filled, missing := loyalty.Fill(c.text, values)
			if filled != c.filled || !slices.Equal(missing, c.missing) {
				t.Errorf("%q, missing %v; want %q, missing %v", filled, missing, c.filled, c.missing)
			}
		})
	}
}

func TestAnAnswerUsesVariablesThatThereAre(t *testing.T) {
	t.Parallel()
	for _, v := range loyalty.AnswerVariables() {
		if err := loyalty.CheckAnswer("{{" + v.Name + "}} and {{ " + v.Name + " }}"); err != nil || v.Meaning == "" || v.Example == "" {
			t.Errorf("%+v: %v", v, err)
		}
	}
	for _, text := range []string{"{{points}}", "{{signup_points}", "{{ signup_points", "signup_points}}", "{{.signup_points}}", "{{}}"} {
		if err := loyalty.CheckAnswer(text); !errors.Is(err, loyalty.ErrAnswer) {
			t.Errorf("P22 %q passes: %v", text, err)
		}
	}
	if err := loyalty.CheckAnswer("{ and } are only braces"); err != nil {
		t.Errorf("braces: %v", err)
	}
}

func FuzzAnswer(f *testing.F) {
	for _, text := range []string{"Du får {{signup_points}}.", "{{ rewards }}{{", "}}{{rate_points}}", "{{{signup_points}}}", "{{rate_points}", "{ {"} {
		f.Add(text)
	}
	values := map[string]string{}
	for _, v := range loyalty.AnswerVariables() {
		values[v.Name] = "x"
	}
	f.Fuzz(func(t *testing.T, text string) {
		if loyalty.CheckAnswer(text) != nil {
			return
		}
		if filled, missing := loyalty.Fill(text, values); missing != nil || strings.Contains(filled, "{{") || strings.Contains(filled, "}}") {
			t.Errorf("%q becomes %q, missing %v", text, filled, missing)
		}
	})
}

func FuzzLint(f *testing.F) {
	for _, text := range []string{"{{ points_earned }}", "{!! $points_earned", "{# {{ points_worth }} #}", "<%= points_worth %>", "{{{points_earned}", "{{--", "{{ po{# a comment #}ints_ }}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, template string) {
		lacks, unknown := loyalty.Lint(loyalty.Product, template)
		for _, v := range lacks {
			if again, _ := loyalty.Lint(loyalty.Product, "{{ "+v.Name+" }}"+template); len(again) != len(lacks)-1 {
				t.Errorf("%q with %s before it still lacks %v", template, v.Name, again)
			}
		}
		for _, name := range unknown {
			if !strings.Contains(template, name) {
				t.Errorf("%q: %s doesn't stand there", template, name)
			}
		}
	})
}
