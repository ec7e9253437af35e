package edge

import (
	"bytes"
	"html/template"
	"net/http"

	"github.com/gin-gonic/gin"
)

// page explains one code to a person. It loads nothing.
var page = template.Must(template.New("problem").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Code}}: {{.Title}}</title>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
<p><code>{{.Code}}</code>, HTTP status {{.Status}}</p>
<h2>What it means</h2>
<p>{{.Meaning}}</p>
<h2>What to do</h2>
<p>{{.Remedy}}</p>
</main>
</body>
</html>
`))

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
	c.Header("Content-Security-Policy", "default-src 'none'")
	c.Data(http.StatusOK, "text/html; charset=utf-8", text.Bytes())
}
