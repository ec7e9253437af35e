package woocommercetest

import (
	"encoding/json"
	"html"
	"net/http"
	"slices"
	"strings"
)

// Product is a product as the shop has it.
type Product struct {
	ID         int64
	SKU        string
	Name       string
	Type       string // "simple" unless a test says otherwise
	Price      string
	Status     string
	Virtual    bool
	TaxStatus  string
	Categories []string
	Writes     int // how often it was made or changed through the API
}

type product struct{ Product }

// category is one of the shop's categories.
type category struct {
	id   int64
	name string
}

// Products are the shop's products, the oldest first.
func (s *Shop) Products() []Product {
	s.mu.Lock()
	defer s.mu.Unlock()
	products := make([]Product, len(s.products))
	for i, p := range s.products {
		products[i] = p.Product
	}
	return products
}

// Sells puts a product into the shop by hand, as its merchant would, and returns its id.
func (s *Shop) Sells(p Product) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.ID = s.id()
	s.products = append(s.products, &product{p})
	return p.ID
}

// PricesIn makes the shop's prices be in a currency. Without it they are in DKK.
func (s *Shop) PricesIn(currency string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.currency = currency
}

// BeforeAnswer lets a test look at each request to the API that has taken effect and is not answered yet: the moment at which answers
// get lost. The path is below the API's root. The shop stands still meanwhile, so that it can't be asked.
func (s *Shop) BeforeAnswer(witness func(method, path string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.witness = witness
}

type categoryBody struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	Slug string `json:"slug"`
}

// productBody is a product of the REST API v3, without what tells nothing here.
type productBody struct {
	ID           int64          `json:"id"`
	Name         string         `json:"name"`
	Type         string         `json:"type"`
	Status       string         `json:"status"`
	SKU          string         `json:"sku"`
	Price        string         `json:"price"`
	RegularPrice string         `json:"regular_price"`
	Virtual      bool           `json:"virtual"`
	TaxStatus    string         `json:"tax_status"`
	TaxClass     string         `json:"tax_class"`
	Categories   []categoryBody `json:"categories"`
}

func (s *Shop) productBody(p *product) productBody {
	body := productBody{
		ID: p.ID, Name: p.Name, Type: p.Type, Status: p.Status, SKU: p.SKU, Price: p.Price, RegularPrice: p.Price, Virtual: p.Virtual,
		TaxStatus: p.TaxStatus, Categories: []categoryBody{},
	}
	for _, name := range p.Categories {
		for _, c := range s.categories {
			if c.name == name {
				body.Categories = append(body.Categories, c.body())
			}
		}
	}
	return body
}

// body escapes the name, as WordPress does with terms and not with products.
func (c category) body() categoryBody {
	return categoryBody{ID: c.id, Name: html.EscapeString(c.name), Slug: strings.ToLower(strings.ReplaceAll(c.name, " ", "-"))}
}

// listProducts knows the filter by SKU, which may be several, and leaves out the bin.
func (s *Shop) listProducts(c call) (int, any) {
	skus := strings.Split(c.URL.Query().Get("sku"), ",")
	bodies := []productBody{}
	for _, p := range s.products {
		if p.Status != "trash" && slices.Contains(skus, p.SKU) {
			bodies = append(bodies, s.productBody(p))
		}
	}
	return http.StatusOK, bodies
}

// productChange is what a request says of a product; what it leaves out stays as it is.
type productChange struct {
	Name         *string `json:"name"`
	Type         *string `json:"type"`
	Status       *string `json:"status"`
	SKU          *string `json:"sku"`
	RegularPrice *string `json:"regular_price"`
	Virtual      *bool   `json:"virtual"`
	TaxStatus    *string `json:"tax_status"`
	Categories   *[]struct {
		ID json.RawMessage `json:"id"`
	} `json:"categories"`
}

// makeProduct refuses a second product with a SKU, unless the first is in the bin.
func (s *Shop) makeProduct(c call) (int, any) {
	p := &product{Product{Type: "simple", Status: "publish", TaxStatus: "taxable"}}
	if status, refused := s.apply(c, p); refused != nil {
		return status, refused
	}
	p.ID = s.id()
	s.products = append(s.products, p)
	return http.StatusCreated, s.productBody(p)
}

func (s *Shop) changeProduct(c call) (int, any) {
	for _, p := range s.products {
		if text(p.ID) != c.PathValue("id") {
			continue
		}
		changed := &product{p.Product}
		if status, refused := s.apply(c, changed); refused != nil {
			return status, refused
		}
		*p = *changed
		return http.StatusOK, s.productBody(p)
	}
	return http.StatusBadRequest, refusal("woocommerce_rest_product_invalid_id", http.StatusBadRequest)
}

// apply changes a product as the request says, or answers why not.
func (s *Shop) apply(c call, p *product) (status int, refused any) {
	var change productChange
	if err := json.NewDecoder(c.Body).Decode(&change); err != nil {
		return http.StatusBadRequest, refusal("rest_invalid_json", http.StatusBadRequest)
	}
	if change.SKU != nil && s.taken(*change.SKU, p.ID) {
		return http.StatusBadRequest, refusal("product_invalid_sku", http.StatusBadRequest)
	}
	for _, field := range []struct{ from, to *string }{
		{change.Name, &p.Name}, {change.Type, &p.Type}, {change.Status, &p.Status}, {change.SKU, &p.SKU}, {change.RegularPrice, &p.Price},
		{change.TaxStatus, &p.TaxStatus},
	} {
		if field.from != nil {
			*field.to = *field.from
		}
	}
	if change.Virtual != nil {
		p.Virtual = *change.Virtual
	}
	if change.Categories != nil {
		p.Categories = nil
		for _, named := range *change.Categories {
			p.Categories = append(p.Categories, s.categoryNamed(strings.Trim(string(named.ID), `"`)))
		}
	}
	p.Writes++
	return 0, nil
}

// taken tells whether another product has a SKU.
func (s *Shop) taken(sku string, id int64) bool {
	return sku != "" && slices.ContainsFunc(s.products, func(p *product) bool { return p.SKU == sku && p.ID != id && p.Status != "trash" })
}

// categoryNamed is the name of the category with an id.
func (s *Shop) categoryNamed(id string) string {
	for _, c := range s.categories {
		if text(c.id) == id {
			return c.name
		}
	}
	return ""
}

// listCategories searches within names, as WordPress does.
func (s *Shop) listCategories(c call) (int, any) {
	bodies := []categoryBody{}
	for _, one := range s.categories {
		if strings.Contains(strings.ToLower(one.name), strings.ToLower(c.URL.Query().Get("search"))) {
			bodies = append(bodies, one.body())
		}
	}
	return http.StatusOK, bodies
}

// makeCategory refuses a second one of a name.
func (s *Shop) makeCategory(c call) (int, any) {
	var asked categoryBody
	if err := json.NewDecoder(c.Body).Decode(&asked); err != nil || asked.Name == "" {
		return http.StatusBadRequest, refusal("rest_missing_callback_param", http.StatusBadRequest)
	}
	for _, one := range s.categories {
		if strings.EqualFold(one.name, asked.Name) {
			return http.StatusBadRequest, refusal("term_exists", http.StatusBadRequest)
		}
	}
	made := category{s.id(), asked.Name}
	s.categories = append(s.categories, made)
	return http.StatusCreated, made.body()
}

func (s *Shop) showCurrency(call) (int, any) {
	return http.StatusOK, map[string]string{"id": "woocommerce_currency", "label": "Currency", "value": s.currency, "default": "USD"}
}
