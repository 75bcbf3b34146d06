package confhost

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"heartbeatd/internal/config"
)

// Read takes the files of a configuration directory into memory. A file that is not there or may
// not be read is no error here, package config judges it; a directory that is not there is one.
func Read(dir string) (config.Files, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return config.Files{}, fmt.Errorf("read the configuration: %w", err)
	}
	if !info.IsDir() {
		return config.Files{}, fmt.Errorf("read the configuration: %s is not a directory", dir)
	}
	return config.Files{
		Dir:         dir,
		HaCf:        readFile(filepath.Join(dir, "ha.cf")),
		Authkeys:    readFile(filepath.Join(dir, "authkeys")),
		Haresources: readFile(filepath.Join(dir, "haresources")),
		Nodeinfo:    readFile(filepath.Join(dir, "nodeinfo")),
	}, nil
}

// readFile takes bytes and mode from one open file, so that they belong together.
func readFile(path string) config.File {
	f, err := os.Open(path)
	if err != nil {
		return unread(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return unread(path, err)
	}
	if !info.Mode().IsRegular() {
		return config.File{State: config.Failed, Path: path, Reason: "not a regular file"}
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return unread(path, err)
	}
	return config.File{State: config.Present, Path: path, Data: data, Mode: uint32(info.Mode().Perm())}
}

func unread(path string, err error) config.File {
	reason := err
	var p *fs.PathError
	if errors.As(err, &p) {
		reason = p.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return config.File{State: config.Missing, Path: path}
	case errors.Is(err, fs.ErrPermission):
		return config.File{State: config.Denied, Path: path, Reason: reason.Error()}
	}
	return config.File{State: config.Failed, Path: path, Reason: reason.Error()}
}
