package main

import (
	"github.com/jackc/pgx/v5"
)

// writes executes statements on the installation's database.
func (i *installation) writes(sql string) {
	i.t.Helper()
	conn, err := pgx.Connect(i.t.Context(), i.url)
	if err != nil {
		i.t.Fatal(err)
	}
	defer func() { _ = conn.Close(i.t.Context()) }()
	if _, err := conn.Exec(i.t.Context(), sql); err != nil {
		i.t.Fatal(err)
	}
}

// count asks the installation's database for a number.
func (i *installation) count(sql string) (n int64) {
	i.t.Helper()
	conn, err := pgx.Connect(i.t.Context(), i.url)
	if err != nil {
		i.t.Fatal(err)
	}
	defer func() { _ = conn.Close(i.t.Context()) }()
	if err := conn.QueryRow(i.t.Context(), sql).Scan(&n); err != nil {
		i.t.Fatal(err)
	}
	return n
}
