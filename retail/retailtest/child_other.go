//go:build !linux

package retailtest

import "syscall"

// childAttributes keeps Ctrl-C from the child. Only Linux can tie its life to ours.
func childAttributes(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: as, Setpgid: true}
}
