package retailtest

import "syscall"

// childAttributes makes the kernel end the child when this process dies, even by kill -9, and keeps Ctrl-C from it.
func childAttributes(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: as, Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
