package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"vouchsafe/retail"
)

// personAddCommand lets somebody sign in. It is how the first person comes in, and how two managers do of whom neither
// has set up the other.
type personAddCommand struct {
	Name  string `help:"What the person is called." required:""`
	Email string `help:"The address to sign in with." required:""`
	Role  string `help:"clerk or manager." enum:"clerk,manager" default:"manager"`
}

func (c personAddCommand) run(ctx context.Context, p *program) error {
	return p.with(ctx, func(h *house) error {
		who, told, err := h.people.Add(ctx, retail.CommandLine(), retail.NewPerson{Name: c.Name, Email: c.Email, Role: retail.Role(c.Role)})
		if err != nil {
			return err
		}
		printSetUp(p.out, who, told)
		return nil
	})
}

// personResetCommand gives somebody new access who has lost the password or the authenticator app.
type personResetCommand struct {
	Email string `help:"The address that the person signs in with." required:""`
}

func (c personResetCommand) run(ctx context.Context, p *program) error {
	return p.with(ctx, func(h *house) error {
		who, told, err := h.people.ResetByEmail(ctx, retail.CommandLine(), c.Email)
		if err != nil {
			return err
		}
		printSetUp(p.out, who, told)
		return nil
	})
}

// printSetUp tells, this once, what opens a first sign-in.
func printSetUp(to io.Writer, who retail.Person, told retail.SetUp) {
	fmt.Fprintf(to, "Person:           %s (%s)\nInitial password: %s\nAuthenticator:    %s\n"+
		"Both are printed this once. Until %s the first sign-in takes the initial password, a code of the\n"+
		"authenticator, and as new_password one that nobody else has seen.\n",
		who.ID, who.Role, told.Password.Reveal(), told.OTPAuth.Reveal(), told.Until.UTC().Format(time.RFC3339))
}
