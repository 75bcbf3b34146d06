package lab

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// CacheDir is the directory for what is fetched once: cache at the top of the project the current
// directory is in.
func CacheDir() (string, error) {
	dir, err := ProjectDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "cache"), nil
}

// ProjectDir is the top of the project the current directory is in.
func ProjectDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if isProject(filepath.Join(dir, "go.mod")) {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("the current directory is not inside the project (no go.mod of heartbeatd above it)")
		}
		dir = up
	}
}

func isProject(modfile string) bool {
	f, err := os.Open(modfile)
	if err != nil {
		return false
	}
	defer f.Close()
	line, _ := bufio.NewReader(f).ReadString('\n')
	return strings.TrimSpace(line) == "module heartbeatd"
}
