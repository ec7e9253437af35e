package retailtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// leftAfter is how much older than ours a directory must be before it is cleared away: the owner of a younger one may be about to lock
// it. A binary that runs longer holds its locks.
const leftAfter = time.Minute

// clearLeft removes the directories of killed test binaries: older than ours, and locked by nobody.
func clearLeft(ours string) error {
	mine, err := os.Stat(ours)
	if err != nil {
		return err
	}
	others, err := filepath.Glob(filepath.Join(filepath.Dir(ours), prefix+"*"))
	if err != nil {
		return err
	}
	for _, dir := range others {
		info, err := os.Stat(dir)
		if err != nil || mine.ModTime().Sub(info.ModTime()) < leftAfter || inUse(dir) {
			continue
		}
		if err := os.RemoveAll(dir); err != nil && !errors.Is(err, os.ErrPermission) { // another user's are his to clear
			return fmt.Errorf("clear away %s, left by a killed test: %w", dir, err)
		}
	}
	return nil
}

func inUse(dir string) bool {
	locks, err := filepath.Glob(filepath.Join(dir, "*", "lock"))
	if err != nil {
		return true
	}
	for _, path := range locks {
		if held(path) {
			return true
		}
	}
	return false
}

// held reports whether a process holds the lock; one we may not even open counts as held.
func held(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	defer file.Close()
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil
}
