package embedded

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// ErrInUse means that another instance runs on the same directory.
var ErrInUse = errors.New("the directory is in use")

// lock is the possession of a directory. The kernel gives it back when the process ends, however it ends.
type lock struct {
	file *os.File
}

// acquire never waits: two instances on one directory are a mistake, not a queue.
func acquire(path string) (*lock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: process %s holds %s; stop it or choose another directory", ErrInUse, occupant(file), path)
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return &lock{file: file}, sign(file)
}

// sign leaves our process number for the one who finds the door locked.
func sign(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func occupant(file *os.File) string {
	text, err := io.ReadAll(io.LimitReader(file, 32))
	if name := strings.TrimSpace(string(text)); err == nil && name != "" {
		return name
	}
	return "(unknown)"
}

// release leaves the file: removing it would let two instances lock two files of one name.
func (l *lock) release() error {
	if l == nil {
		return nil
	}
	// Closing alone would not do: a program that is being started at this moment may still have a copy of the file.
	return errors.Join(syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN), l.file.Close())
}
