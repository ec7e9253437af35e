package embedded

import "syscall"

// attributes makes the kernel signal the child when this process dies, even by kill -9, and keeps Ctrl-C from it.
func attributes(credential *syscall.Credential, atDeath syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Credential: credential,
		Setpgid:    true,
		Pdeathsig:  atDeath,
	}
}
