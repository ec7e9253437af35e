package gateway

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"reflect"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"vouchsafe/gateway/edge"
)

// The page loads nothing: its style is its own, and there is no script.
//
//go:embed docs.html
var docsPage string

//go:embed docs.css
var docsStyle string

// onlyItsStyle lets the browser use the page's own style, and fetch, run, send and frame nothing.
func onlyItsStyle(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// docs serves the API's document as a page for people, made when it is first asked for: by then every
// operation is there.
func docs(document *huma.OpenAPI) gin.HandlerFunc {
	render := sync.OnceValues(func() ([]byte, error) {
		page, err := template.New("docs").Parse(docsPage)
		if err != nil {
			return nil, err
		}
		var out bytes.Buffer
		err = page.Execute(&out, chaptersOf(document))
		return out.Bytes(), err
	})
	policy := onlyItsStyle(docsStyle)
	return func(c *gin.Context) {
		text, err := render()
		if err != nil {
			edge.Fail(c, err)
			return
		}
		c.Header("Content-Security-Policy", policy)
		c.Header("Referrer-Policy", "no-referrer")
		c.Data(http.StatusOK, "text/html; charset=utf-8", text)
	}
}

// book is the page.
type book struct {
	Version  string
	Style    template.CSS
	Chapters []chapter
	Problems []edge.Explanation
}

// chapter is a group of operations.
type chapter struct {
	Name, About, Anchor string
	Entries             []entry
}

// entry is an operation.
type entry struct {
	Method, Path, Anchor string
	Summary, About       string
	Open                 bool // asks for no key
	Parameters           []field
	Body                 []field
	Example              string
	Answers              []reply
}

// reply is an answer of an operation that is no problem.
type reply struct {
	Status, About string
	Fields        []field
}

// chaptersOf lays the document out.
func chaptersOf(document *huma.OpenAPI) book {
	b := book{Version: document.Info.Version, Style: template.CSS(docsStyle), Problems: edge.Explanations()}
	r := reader{document.Components.Schemas}
	byGroup := map[string][]entry{}
	for _, op := range operationsOf(document) {
		byGroup[op.Tags[0]] = append(byGroup[op.Tags[0]], r.entry(op))
	}
	for _, group := range document.Tags {
		if entries := byGroup[group.Name]; len(entries) > 0 {
			b.Chapters = append(b.Chapters, chapter{group.Name, group.Description, anchorOf(group.Name), entries})
		}
	}
	return b
}

// typeOf is the type of T.
func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// problemType is how a problem looks.
func problemType() reflect.Type { return typeOf[edge.Problem]() }
