package orders

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vouchsafe/retail/money"
	"vouchsafe/retail/outbox"
	"vouchsafe/retail/purchase"
)

const productColumns = `
	sku,
	name,
	kind,
	currency,
	amount,
	open_min,
	open_max,
	min_paid,
	mode,
	category,
	facilities,
	requires_membership,
	vat,
	vat_rate,
	expires,
	activation,
	prefix,
	code_length,
	template`

const insertProduct = `
INSERT INTO product (` + productColumns + `
)
VALUES (
	@sku,
	@name,
	@kind,
	@currency,
	@amount,
	@open_min,
	@open_max,
	@min_paid,
	@mode,
	@category,
	@facilities,
	@requires_membership,
	@vat,
	@vat_rate,
	@expires,
	@activation,
	@prefix,
	@code_length,
	@template
)`

// AddProduct registers a product that was validated. Error: ErrExists.
func AddProduct(ctx context.Context, tx outbox.Tx, p purchase.Product) error {
	if _, err := tx.Exec(ctx, insertProduct, productArgs(p)); err != nil {
		return fmt.Errorf("register product %q: %w", p.SKU, exists(err))
	}
	return nil
}

func productArgs(p purchase.Product) pgx.NamedArgs {
	var low, high *int64
	if p.Open != nil {
		low, high = &p.Open.Min, &p.Open.Max
	}
	facilities := p.Facilities
	if facilities == nil {
		facilities = []string{}
	}
	return pgx.NamedArgs{
		"sku":                 p.SKU,
		"name":                p.Name,
		"kind":                string(p.Kind),
		"currency":            string(p.Currency),
		"amount":              p.Amount,
		"open_min":            low,
		"open_max":            high,
		"min_paid":            p.MinPaid,
		"mode":                p.Mode,
		"category":            p.Category,
		"facilities":          facilities,
		"requires_membership": p.RequiresMembership,
		"vat":                 string(p.VAT),
		"vat_rate":            p.VATRate,
		"expires":             p.Expires,
		"activation":          string(p.Activation),
		"prefix":              p.Prefix,
		"code_length":         string(p.CodeLength),
		"template":            p.Template,
	}
}

// productRow is a row of the table.
type productRow struct {
	SKU                string `db:"sku"`
	Name               string
	Kind               string
	Currency           string
	Amount             int64
	OpenMin            *int64
	OpenMax            *int64
	MinPaid            int
	Mode               string
	Category           string
	Facilities         []string
	RequiresMembership bool
	VAT                string `db:"vat"`
	VATRate            string `db:"vat_rate"`
	Expires            string
	Activation         string
	Prefix             string
	CodeLength         string
	Template           string
}

func (r productRow) product() purchase.Product {
	p := purchase.Product{
		SKU: r.SKU, Name: r.Name, Kind: purchase.Kind(r.Kind), Currency: money.Currency(r.Currency), Amount: r.Amount,
		MinPaid: r.MinPaid, Mode: r.Mode, Category: r.Category, Facilities: r.Facilities,
		RequiresMembership: r.RequiresMembership, VAT: purchase.VAT(r.VAT), VATRate: r.VATRate, Expires: r.Expires,
		Activation: purchase.Activation(r.Activation), Prefix: r.Prefix,
		CodeLength: purchase.CodeLength(r.CodeLength), Template: r.Template,
	}
	if r.OpenMin != nil {
		p.Open = &purchase.Range{Min: *r.OpenMin, Max: *r.OpenMax}
	}
	return p
}

const readProducts = `
SELECT` + productColumns + `
FROM
	product
WHERE
	@skus::text[] IS NULL
	OR sku = ANY (@skus::text[])
ORDER BY
	sku`

// Catalogue reads the products among some SKUs.
func Catalogue(ctx context.Context, tx outbox.Tx, skus []string) (purchase.Catalogue, error) {
	if skus == nil {
		skus = []string{}
	}
	rows, _ := tx.Query(ctx, readProducts, pgx.NamedArgs{"skus": skus}) // rows carry the error to CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[productRow])
	if err != nil {
		return nil, fmt.Errorf("read products: %w", err)
	}
	catalogue := make(purchase.Catalogue, len(found))
	for _, row := range found {
		catalogue[row.SKU] = row.product()
	}
	return catalogue, nil
}

// Products lists every product by SKU.
func (s *Store) Products(ctx context.Context) ([]purchase.Product, error) {
	found, err := many[productRow](ctx, s, readProducts, pgx.NamedArgs{"skus": nil})
	if err != nil {
		return nil, fmt.Errorf("list products: %w", err)
	}
	products := make([]purchase.Product, len(found))
	for i, row := range found {
		products[i] = row.product()
	}
	return products, nil
}

// Product reads the product with a SKU. Error: ErrNotFound.
func (s *Store) Product(ctx context.Context, sku string) (purchase.Product, error) {
	row, err := one[productRow](ctx, s, readProducts, pgx.NamedArgs{"skus": []string{sku}})
	if err != nil {
		return purchase.Product{}, fmt.Errorf("read product %.100q: %w", sku, err)
	}
	return row.product(), nil
}
