package edge

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
)

// checkAddress refuses parameters of path and query that no text of ours can equal: invalid UTF-8, or U+0000, both of which
// PostgreSQL takes for a fault of the program. The problem names the parameter and repeats no value.
func checkAddress(in gin.Params, query url.Values) error {
	for _, p := range in {
		if why := unsound(p.Value); why != "" {
			return Refuse(InvalidRequest, p.Key+": "+why, With("field", p.Key))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if why := unsound(name); why != "" {
			return Refuse(InvalidRequest, "a query parameter's name: "+why, With("field", ""))
		}
		if why := unsound(query[name]...); why != "" {
			return Refuse(InvalidRequest, name+": "+why, With("field", name))
		}
	}
	return nil
}

// unsound says what is wrong with the first of the texts that is no text, "" for nothing.
func unsound(texts ...string) string {
	for _, text := range texts {
		if !utf8.ValidString(text) {
			return "is not UTF-8"
		}
		if strings.ContainsRune(text, 0) {
			return "has U+0000 in it"
		}
	}
	return ""
}
