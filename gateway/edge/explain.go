package edge

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"
)

// explanationStyle is the page's own: it loads nothing.
const explanationStyle = `:root{color-scheme:light dark}
body{margin:0;font:17px/1.6 system-ui,"Segoe UI",Roboto,Arial,sans-serif;color:#1c2430;background:#fff}
main{max-width:40rem;margin:0 auto;padding:4rem 1.5rem}
h1{margin:0 0 .3rem;font-size:1.7rem;line-height:1.25}
h2{margin:2rem 0 .2rem;font-size:.8rem;letter-spacing:.06em;text-transform:uppercase;color:#5c6877}
p{margin:0}code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.9em}
.what{color:#5c6877}nav{margin-top:2.5rem}a{color:#0b57a4}
@media (prefers-color-scheme:dark){body{color:#e4e9ef;background:#14191f}h2,.what{color:#9aa7b5}a{color:#7db8f5}}`

// page explains one code to a person.
var page = template.Must(template.New("problem").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Code}}: {{.Title}}</title>
<style>` + explanationStyle + `</style>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
<p class="what"><code>{{.Code}}</code>, HTTP status {{.Status}}</p>
<h2>What it means</h2>
<p>{{.Meaning}}</p>
<h2>What to do</h2>
<p>{{.Remedy}}</p>
<nav><a href="/docs#problems">All problems</a></nav>
</main>
</body>
</html>
`))

// policy lets the browser use the page's style, and fetch, run, send and frame nothing.
func policy() string {
	sum := sha256.Sum256([]byte(explanationStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// Explanation is what is said about a code.
type Explanation struct {
	Code    Code
	Status  int
	Title   string
	Meaning string // what happened
	Remedy  string // what to do
}

// Explanations lists every code, by status and name.
func Explanations() []Explanation {
	var all []Explanation
	for _, k := range kinds {
		all = append(all, Explanation{k.Code, k.Status, k.Title, k.Meaning, k.Remedy})
	}
	slices.SortFunc(all, func(a, b Explanation) int {
		return cmp.Or(cmp.Compare(a.Status, b.Status), cmp.Compare(a.Code, b.Code))
	})
	return all
}

// explain answers GET /problems/{code}.
func explain(c *gin.Context) {
	k, known := kinds[Code(c.Param("code"))]
	if !known {
		Fail(c, Refuse(NotFound, "No problem has this code."))
		return
	}
	var text bytes.Buffer
	if err := page.Execute(&text, k); err != nil {
		Fail(c, err)
		return
	}
	c.Header("Content-Security-Policy", policy())
	c.Data(http.StatusOK, "text/html; charset=utf-8", text.Bytes())
}
