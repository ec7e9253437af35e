//go:build !linux

package embedded

import "syscall"

// attributes keeps Ctrl-C from the child. Only Linux can tie its life to ours: elsewhere a child that outlives a killed program is
// ended by the next start.
func attributes(credential *syscall.Credential, _ syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Credential: credential,
		Setpgid:    true,
	}
}
