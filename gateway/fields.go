package gateway

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// deepest is how far nested objects are laid out: an order's line's recipient's address.
const deepest = 6

// field is one row of a table: a parameter, or a member of a body.
type field struct {
	Name     string // with its path: "due.amount"
	Depth    int
	Type     string
	Required bool
	Rules    []string
	About    string
}

// reader reads schemas, which name one another.
type reader struct{ schemas huma.Registry }

// operationsOf lists the document's operations by path, each path's in the order in which one uses them.
func operationsOf(document *huma.OpenAPI) []*huma.Operation {
	var found []*huma.Operation
	for _, path := range slices.SortedFunc(maps.Keys(document.Paths), byPath) {
		item := document.Paths[path]
		for _, op := range []*huma.Operation{item.Put, item.Post, item.Get, item.Patch, item.Delete} {
			if op != nil {
				found = append(found, op)
			}
		}
	}
	return found
}

// nouns are the things of checkout and till in the order in which somebody meets them who connects a shop.
// What is not among them follows by name.
func nouns() []string {
	return []string{
		"shops", "balance", "quotes", "reservations", "captures", "redemptions", "reloads", "refunds", "sales", "claims", "bindings",
		"cash-outs", "customers", "adjustments", "transfers",
	}
}

// byPath sorts by noun, and a noun's own address before what is done with it.
func byPath(a, b string) int {
	return cmp.Or(cmp.Compare(rankOf(a), rankOf(b)), cmp.Compare(strings.Count(a, "/"), strings.Count(b, "/")),
		-cmp.Compare(strings.Count(a, "{"), strings.Count(b, "{")), cmp.Compare(a, b))
}

// rankOf is the place of an address's noun.
func rankOf(path string) int {
	parts := strings.Split(path, "/")
	if len(parts) < 3 {
		return len(nouns())
	}
	if i := slices.Index(nouns(), parts[2]); i >= 0 {
		return i
	}
	return len(nouns())
}

// anchorOf makes a name that can be linked to.
func anchorOf(text string) string {
	return strings.ToLower(strings.NewReplacer(" ", "-", "/", "-", "{", "", "}", "").Replace(text))
}

// entry lays out one operation.
func (r reader) entry(op *huma.Operation) entry {
	e := entry{
		Method: op.Method, Path: op.Path, Anchor: anchorOf(op.OperationID), Summary: op.Summary, About: op.Description,
		Open: len(op.Security) > 0 && len(op.Security[0]) == 0,
	}
	for _, p := range op.Parameters {
		row := r.row(p.Name, 0, p.Schema, p.Required)
		row.About, row.Type = cmp.Or(p.Description, row.About), row.Type+" in the "+p.In
		e.Parameters = append(e.Parameters, row)
	}
	if op.RequestBody != nil {
		if media := op.RequestBody.Content["application/json"]; media != nil {
			e.Body = r.fields("", 0, media.Schema)
			e.Example = r.example(media.Schema)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		if code, err := strconv.Atoi(status); err == nil && code < http.StatusMultipleChoices {
			e.Answers = append(e.Answers, r.reply(status, op.Responses[status]))
		}
	}
	return e
}

func (r reader) reply(status string, response *huma.Response) reply {
	answer := reply{Status: status, About: response.Description}
	if media := response.Content["application/json"]; media != nil {
		answer.Fields = r.fields("", 0, media.Schema)
	}
	return answer
}

// resolve follows a reference.
func (r reader) resolve(s *huma.Schema) *huma.Schema {
	for s != nil && s.Ref != "" {
		s = r.schemas.SchemaFromRef(s.Ref)
	}
	return s
}

// fields lays out the members of an object, those that are needed first.
func (r reader) fields(path string, depth int, s *huma.Schema) (rows []field) {
	s = r.resolve(s)
	if s == nil || depth > deepest {
		return nil
	}
	for _, name := range membersOf(s) {
		member := s.Properties[name]
		rows = append(rows, r.row(path+name, depth, member, slices.Contains(s.Required, name)))
		rows = append(rows, r.within(path+name, depth, r.resolve(member))...)
	}
	return rows
}

// within lays out what a member consists of, if it is no plain value.
func (r reader) within(path string, depth int, s *huma.Schema) []field {
	switch {
	case r.isMoney(s):
		return nil
	case s.Type == huma.TypeArray && !r.isMoney(s.Items):
		return r.fields(path+"[].", depth+1, s.Items)
	case s.Type == huma.TypeObject:
		return r.fields(path+".", depth+1, s)
	}
	return nil
}

// membersOf lists the members that are needed in their own order, and then the others by name.
func membersOf(s *huma.Schema) []string {
	names := slices.Clone(s.Required)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return s.Properties[name] == nil })
}

// isMoney tells an amount with its currency, which every reader knows from the introduction.
func (r reader) isMoney(s *huma.Schema) bool {
	s = r.resolve(s)
	return s != nil && len(s.Properties) == 2 && s.Properties["amount"] != nil && s.Properties["currency"] != nil
}

// keyPattern is how keys of acts are written.
const keyPattern = "^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"

// meanings says what names mean that mean the same everywhere.
func meanings() map[string]string {
	return map[string]string{
		"key":     "Your name for it",
		"code":    "As the customer typed it: case, spaces and dashes don't matter",
		"due":     "What is to be paid",
		"buyer":   "Who typed the code, so that wrong ones are counted per buyer",
		"reason":  "For the audit trail",
		"receipt": "The receipt's number, for people",
		"order":   "The order's number, for people",
		"balance": "What is on it after this",
		"id":      "Global, and public",
		"last4":   "The last symbols of the code",
		"method":  "The tender's name",
	}
}

// row says what one member is.
func (r reader) row(name string, depth int, s *huma.Schema, required bool) field {
	f := field{Name: name, Depth: depth, Required: required, Type: r.typeOf(s)}
	if s == nil {
		return f
	}
	inner := r.resolve(s)
	f.About, f.Rules = cmp.Or(s.Description, inner.Description, meanings()[name[strings.LastIndex(name, ".")+1:]]), rulesOf(inner)
	if r.isMoney(s) {
		f.Rules = nil
	}
	return f
}

// typeOf names a type as people do.
func (r reader) typeOf(s *huma.Schema) string {
	inner := r.resolve(s)
	switch {
	case inner == nil:
		return "anything"
	case r.isMoney(s):
		return "Money"
	case inner.Type == huma.TypeArray:
		return "list of " + r.typeOf(inner.Items)
	case inner.Type == huma.TypeString && inner.Format == "date-time":
		return "time"
	case inner.Type == huma.TypeString && inner.Format == "date":
		return "day"
	case inner.Nullable:
		return inner.Type + " or null"
	}
	return cmp.Or(inner.Type, "anything")
}

// rulesOf says what a value must be like.
func rulesOf(s *huma.Schema) (rules []string) {
	say := func(format string, args ...any) { rules = append(rules, fmt.Sprintf(format, args...)) }
	if len(s.Enum) > 0 {
		var values []string
		for _, v := range s.Enum {
			values = append(values, fmt.Sprint(v))
		}
		say("one of %s", strings.Join(values, ", "))
	}
	switch {
	case s.Pattern == keyPattern:
		say("letters, digits and ._:-, at most 128")
	case s.Pattern != "":
		say("like %s", s.Pattern)
	case s.MaxLength != nil:
		say("at most %d characters", *s.MaxLength)
	}
	if s.Minimum != nil {
		say("at least %g", *s.Minimum)
	}
	if s.Maximum != nil {
		say("at most %g", *s.Maximum)
	}
	if s.MaxItems != nil {
		say("at most %d of them", *s.MaxItems)
	}
	if s.Default != nil {
		say("%v if left out", s.Default)
	}
	return rules
}

// example is a body as one would send it: all that is needed, and what a first call wants to say.
func (r reader) example(s *huma.Schema) string {
	text, err := json.MarshalIndent(r.sample("", s, 0), "", "  ")
	if err != nil {
		return ""
	}
	return string(text)
}

// sample makes a value of a schema.
func (r reader) sample(name string, s *huma.Schema, depth int) any {
	s = r.resolve(s)
	switch {
	case s == nil || depth > deepest:
		return nil
	case r.isMoney(s):
		return json.RawMessage(`{"amount": 12550, "currency": "DKK"}`)
	case s.Type == huma.TypeArray:
		return []any{r.sample(name, s.Items, depth+1)}
	case s.Type == huma.TypeObject:
		members := map[string]any{}
		for _, member := range membersOf(s) {
			if !slices.Contains(s.Required, member) && member != "holder" { // which shops always name
				continue
			}
			members[member] = r.sample(member, s.Properties[member], depth+1)
		}
		return members
	case len(s.Examples) > 0:
		return s.Examples[0]
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Type == huma.TypeInteger || s.Type == huma.TypeNumber:
		return 1
	case s.Type == huma.TypeBoolean:
		return true
	}
	return sampleText(name, s.Format)
}

// sampleText is what a text of a name looks like.
func sampleText(name, format string) string {
	known := map[string]string{
		"code": "7K3M-9QXV-2HTR-B8ND", "codes": "7K3M-9QXV-2HTR-B8ND", "holder": "cart-81f3a0", "order": "1042", "receipt": "20261122-0017",
		"key": "woo:1042:1", "redemption": "woo:1042:1", "tender": "cash", "method": "quickpay", "reason": "the customer changed his mind",
		"currency": "DKK", "sku": "GAVEKORT-500", "name": "Gavekort 500 kr.", "id": "1042", "email": "kunde@example.com",
	}
	byFormat := map[string]string{
		"date-time": "2026-11-22T10:15:00Z", "date": "2026-12-24", "uuid": "019357c2-6f1e-7a3b-9c4d-2e5f60718293", "email": "kunde@example.com",
	}
	return cmp.Or(byFormat[format], known[name], "…")
}
