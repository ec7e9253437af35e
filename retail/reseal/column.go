package reseal

import (
	"fmt"
	"strings"
)

// Column is one column of sealed bytes. All texts are constants of the program: they become part of statements.
type Column struct {
	Table   string
	Key     string // its primary key, one column
	Type    string // of the key: "uuid" or "text"
	Name    string // "body", or an element of an array: "secrets[1]"
	Bound   string // SQL for the bytes that the sealed ones are bound to, as bytea
	Purpose string // of the keyring
	Marks   []Mark
}

// Mark is a fingerprint in the same row, made of what is sealed.
type Mark struct {
	Name string
	// Renew makes it under the master key that writes. old is nil where there is none. A result of nil is stored as NULL.
	Renew func(old, plain []byte) ([]byte, error)
}

// String names the column for people.
func (c Column) String() string { return c.Table + "." + c.Name }

// lowest is below every key of the type.
func (c Column) lowest() string {
	if c.Type == "uuid" {
		return "00000000-0000-0000-0000-000000000000"
	}
	return ""
}

// master is SQL for the id of the master key that sealed the column's bytes.
func (c Column) master() string {
	return fmt.Sprintf("convert_from(substring(%[1]s FROM 3 FOR get_byte(%[1]s, 1)), 'UTF8')", c.Name)
}

// counting counts the rows of each master key.
func (c Column) counting() string {
	return fmt.Sprintf(`
SELECT
	%[1]s AS master,
	count(*) AS rows
FROM %[2]s
WHERE %[3]s IS NOT NULL
GROUP BY master`, c.master(), c.Table, c.Name)
}

// reading locks the next rows behind @after that the writing master did not seal.
func (c Column) reading() string {
	marks := []string{"NULL"}
	for _, m := range c.Marks {
		marks = append(marks, m.Name)
	}
	return fmt.Sprintf(`
SELECT
	%[1]s::text AS key,
	%[2]s AS sealed,
	%[3]s AS bound,
	ARRAY[%[4]s]::bytea[] AS marks
FROM %[5]s
WHERE %[2]s IS NOT NULL
	AND %[6]s <> @master
	AND %[1]s > @after::%[7]s
ORDER BY %[1]s
LIMIT @most
FOR UPDATE`, c.Key, c.Name, c.Bound, strings.Join(marks, ", "), c.Table, c.master(), c.Type)
}

// writing stores a batch.
func (c Column) writing() string {
	set, given := []string{c.Name + " = new.sealed"}, []string{fmt.Sprintf("unnest(@keys::text[]::%s[]) AS key", c.Type), "unnest(@sealed::bytea[]) AS sealed"}
	for i, m := range c.Marks {
		set = append(set, fmt.Sprintf("%s = new.mark_%d", m.Name, i))
		given = append(given, fmt.Sprintf("unnest(@mark_%[1]d::bytea[]) AS mark_%[1]d", i))
	}
	return fmt.Sprintf(`
UPDATE %[1]s AS old
SET %[2]s
FROM (SELECT %[3]s) AS new
WHERE old.%[4]s = new.key`, c.Table, strings.Join(set, ", "), strings.Join(given, ", "), c.Key)
}
