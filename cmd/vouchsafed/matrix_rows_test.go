package main

// row says who may ask a route: words of shop, till, release (a till that may free a webshop's reservation), admin (an API key of the
// office), clerk and manager (people who have signed in); or "public", where no key is asked for. A body is what makes the request a good
// one, where there must be one.
type row struct {
	may  string
	body string
}

// matrix has a row for every route of the daemon. A route without one fails.
func matrix() map[string]row {
	const (
		anyone  = "shop till release admin clerk manager"
		holders = "shop till release"
		staff   = "till release admin clerk manager"
		tills   = "till release"
		office  = "admin clerk manager"
		manages = "admin manager"
		people  = "clerk manager"
		chief   = "manager"
		public  = "public"
		because = `{"reason": "because"}`
	)
	return map[string]row{
		"POST /v1/balance":                      {anyone, `{"code": "{code}"}`},
		"POST /v1/quotes":                       {anyone, `{"codes": ["{code}"], "due": {"amount": 100, "currency": "DKK"}}`},
		"PUT /v1/reservations/{key}":            {holders, ""},
		"GET /v1/reservations/{key}":            {holders, ""},
		"DELETE /v1/reservations/{key}":         {holders, ""},
		"POST /v1/reservations/find":            {holders, `{"holder": "nobody's"}`},
		"POST /v1/reservations/release-foreign": {staff, ""},
		"POST /v1/reservations/{key}/capture":   {holders, `{"order": "stolen"}`},
		"POST /v1/reservations/{key}/release":   {holders, ""},
		"POST /v1/captures":                     {holders, `{"order": "stolen", "reservations": [{"key": "{key}"}]}`},
		"PUT /v1/redemptions/{key}":             {tills, ""},
		"GET /v1/redemptions/{key}":             {anyone, ""},
		"DELETE /v1/redemptions/{key}":          {anyone, ""},
		"PUT /v1/reloads/{key}":                 {staff, ""},
		"GET /v1/reloads/{key}":                 {anyone, ""},
		"DELETE /v1/reloads/{key}":              {anyone, ""},
		"PUT /v1/refunds/{key}":                 {anyone, ""},
		"GET /v1/refunds/{key}":                 {anyone, ""},
		"DELETE /v1/refunds/{key}":              {anyone, ""},
		"PUT /v1/sales/{key}":                   {tills, ""},
		"GET /v1/sales/{key}":                   {tills, ""},
		"DELETE /v1/sales/{key}":                {tills, ""},
		"PUT /v1/adjustments/{key}":             {office, ""},
		"GET /v1/adjustments/{key}":             {office, ""},
		"DELETE /v1/adjustments/{key}":          {office, ""},

		"GET /v1/admin/vouchers":                   {office, ""},
		"POST /v1/admin/vouchers/find":             {office, `{"code": "{code}"}`},
		"GET /v1/admin/vouchers/{id}":              {office, ""},
		"GET /v1/admin/vouchers/{id}/history":      {office, ""},
		"GET /v1/admin/vouchers/{id}/document.pdf": {office, ""},
		"PUT /v1/admin/vouchers/{id}/recipient":    {office, ""},
		"POST /v1/admin/vouchers/{id}/activate":    {office, "{}"},
		"POST /v1/admin/vouchers/{id}/block":       {office, because},
		"POST /v1/admin/vouchers/{id}/unblock":     {office, because},
		"POST /v1/admin/vouchers/{id}/invalidate":  {office, because},
		"POST /v1/admin/vouchers/{id}/extend":      {office, ""},
		"POST /v1/admin/vouchers/{id}/lift":        {office, because},
		"POST /v1/admin/vouchers/{id}/replace":     {office, because},
		"POST /v1/admin/vouchers/{id}/resend":      {office, "{}"},
		"GET /v1/admin/reservations":               {office, ""},
		"POST /v1/admin/reservations/{id}/release": {office, because},
		"GET /v1/admin/audit":                      {office, ""},
		"GET /v1/admin/purchases":                  {office, ""},
		"GET /v1/admin/purchases/{id}":             {office, ""},
		"POST /v1/admin/purchases/{id}/activate":   {office, "{}"},
		"POST /v1/admin/purchases/{id}/dismiss":    {office, because},
		"GET /v1/admin/deliveries":                 {office, ""},
		"POST /v1/admin/deliveries/{id}/retry":     {office, ""},
		"POST /v1/admin/deliveries/{id}/cancel":    {office, because},
		"GET /v1/admin/tasks":                      {office, ""},
		"POST /v1/admin/tasks/{id}/close":          {office, because},
		"GET /v1/admin/products":                   {office, ""},
		"POST /v1/admin/products":                  {manages, ""},
		"POST /v1/admin/products/{id}/check":       {office, ""},
		"GET /v1/admin/shops":                      {office, ""},
		"POST /v1/admin/shops":                     {manages, ""},
		"POST /v1/admin/shops/{id}/secret":         {manages, ""},
		"GET /v1/admin/keys":                       {office, ""},
		"POST /v1/admin/keys":                      {manages, ""},
		"DELETE /v1/admin/keys/{id}":               {manages, ""},

		"GET /v1/admin/batches":                 {office, ""},
		"GET /v1/admin/batches/{key}":           {office, ""},
		"GET /v1/admin/batches/{key}/codes.csv": {office, ""},
		"PUT /v1/admin/batches/{key}":           {office, ""},
		"POST /v1/admin/batches/{key}/close":    {office, ""},
		"GET /v1/admin/audit/seals":             {office, ""},
		"POST /v1/admin/data-subjects/export":   {office, ""},
		"POST /v1/admin/data-subjects/erase":    {office, ""},
		"POST /v1/admin/sessions":               {public, `{"email": "a@example.com", "password": "wrong", "code": "000000"}`},
		"DELETE /v1/admin/sessions/current":     {people, ""},
		"GET /v1/admin/people":                  {office, ""},
		"POST /v1/admin/people":                 {office, ""},
		"POST /v1/admin/people/{id}/disable":    {chief, ""},
		"POST /v1/admin/people/{id}/reset":      {chief, ""},
		"POST /v1/admin/people/me/password":     {office, ""},
		"GET /v1/admin/approvals":               {office, ""},
		"GET /v1/admin/approvals/{id}":          {office, ""},
		"POST /v1/admin/approvals/{id}/approve": {office, ""},
		"POST /v1/admin/approvals/{id}/reject":  {office, because},

		"POST /v1/shops/{shop}/webhooks": {public, "{}"},
		"GET /healthz":                   {public, ""},
		"GET /readyz":                    {public, ""},
		"GET /metrics":                   {office, ""},
		"GET /openapi.json":              {public, ""},
		"GET /docs":                      {public, ""},
		"GET /problems/{code}":           {public, ""},
	}
}
