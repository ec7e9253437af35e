package embedded

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// account is the user as whom the stores run.
type account struct {
	name       string
	credential *syscall.Credential // nil: as this process
}

// unprivileged is this process's own user, or a lesser one for root: PostgreSQL refuses to run as root.
func unprivileged() (account, error) {
	if os.Geteuid() != 0 {
		name, err := processUser()
		return account{name: name}, err
	}
	for _, name := range []string{"postgres", "nobody"} {
		if found, err := user.Lookup(name); err == nil {
			return credentialOf(found)
		}
	}
	return account{}, errors.New("PostgreSQL can't run as root, and there is neither a user postgres nor nobody: start as another user")
}

// processUser is the name under which the kernel presents this process to PostgreSQL.
func processUser() (string, error) {
	me, err := user.Current()
	if err != nil {
		return "", fmt.Errorf("name the user of this process: %w", err)
	}
	return me.Username, nil
}

func credentialOf(found *user.User) (account, error) {
	uid, err := strconv.ParseUint(found.Uid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("user %s: %w", found.Username, err)
	}
	gid, err := strconv.ParseUint(found.Gid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("group of user %s: %w", found.Username, err)
	}
	return account{
		name:       found.Username,
		credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)},
	}, nil
}

// uid is the number under which the account owns its files.
func (a account) uid() uint32 {
	if a.credential == nil {
		return uint32(os.Geteuid())
	}
	return a.credential.Uid
}

// own hands a file or directory over to the account.
func (a account) own(path string) error {
	if a.credential == nil {
		return nil
	}
	return os.Lchown(path, int(a.credential.Uid), int(a.credential.Gid))
}

// makePrivate makes a directory, if missing, that only the account may enter.
func (a account) makePrivate(path string) error {
	err := os.Mkdir(path, 0o700)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return a.own(path)
}

// mayEnter asks the kernel rather than the mode bits, so that access lists count too.
func (a account) mayEnter(dir string) bool {
	probe := exec.Command("/bin/sh", "-c", ":")
	probe.Dir = dir
	probe.SysProcAttr = &syscall.SysProcAttr{Credential: a.credential}
	return probe.Run() == nil
}
