package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

const diskMegabytes = 192

// etcFromMachine is what a host's new /etc takes from this machine: what programs need to run at
// all. Everything else a host's /etc has is the lab's.
var etcFromMachine = []string{
	"passwd", "group", "nsswitch.conf", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives",
	"services", "protocols", "debian_version", "os-release", "lsb-base-logging.sh", "login.defs", "localtime", "iproute2",
}

// makeDisk makes the part of a host that survives a power cut: a file system of its own, so that
// it can be full, with a fresh /etc and /var.
func makeDisk(disk, name string, megabytes int) error {
	if err := os.MkdirAll(disk, 0o755); err != nil {
		return fmt.Errorf("lab: making the disk of %s: %w", name, err)
	}
	if err := unix.Mount("heartbeatd-lab", disk, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, fmt.Sprintf("mode=755,size=%dm", megabytes)); err != nil {
		return fmt.Errorf("lab: making the disk of %s: %w", name, err)
	}
	// In a user namespace, directories of the machine's root belong to a stranger: those to be
	// added to must exist in the host's own layer.
	for _, dir := range []string{"usr/bin", "usr/sbin", "usr/lib", "usr/libexec/heartbeat", "usr/share/heartbeat", "usr.work", "etc/ha.d/resource.d", "etc/init.d", "etc/default",
		"var/log", "var/lib/heartbeat", "var/cache", "var/spool", "var/tmp"} {
		if err := os.MkdirAll(filepath.Join(disk, dir), 0o755); err != nil {
			return fmt.Errorf("lab: making the disk of %s: %w", name, err)
		}
	}
	for _, entry := range etcFromMachine {
		if err := copyTree(filepath.Join("/etc", entry), filepath.Join(disk, "etc", entry)); err != nil {
			return fmt.Errorf("lab: making /etc of %s: %w", name, err)
		}
	}
	links := map[string]string{"var/run": "/run", "var/lock": "/run/lock", "etc/mtab": "/proc/self/mounts"}
	for link, to := range links {
		if err := os.Symlink(to, filepath.Join(disk, link)); err != nil {
			return fmt.Errorf("lab: making the disk of %s: %w", name, err)
		}
	}
	return os.WriteFile(filepath.Join(disk, "etc/hostname"), []byte(name+"\n"), 0o644)
}

// copyTree copies files, directories and links. What is missing, or not for this user to read, is
// left out: a host does without it.
func copyTree(from, to string) error {
	info, err := os.Lstat(from)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case info.Mode()&os.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	case info.IsDir():
		if err := os.MkdirAll(to, info.Mode().Perm()|0o700); err != nil {
			return err
		}
		entries, err := os.ReadDir(from)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := copyTree(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
				return err
			}
		}
		return nil
	case info.Mode().IsRegular():
		data, err := os.ReadFile(from)
		if errors.Is(err, os.ErrPermission) {
			return nil
		}
		if err != nil {
			return err
		}
		return os.WriteFile(to, data, info.Mode().Perm())
	}
	return nil
}

// enterRoot builds the host's root directory in the calling process's mount namespace and makes
// it the only thing there is.
func enterRoot(spec hostSpec) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making the mounts private: %w", err)
	}
	root := filepath.Join(spec.Disk, "root")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	b := rootBuilder{root: root}
	b.mount("tmpfs", "", "tmpfs", unix.MS_NOSUID, "mode=755")
	b.bind(filepath.Join(spec.Disk, "etc"), "etc")
	b.bind(filepath.Join(spec.Disk, "var"), "var")
	b.bind(spec.Shared, "lab")
	b.overlay(spec)
	b.machineLinks()
	b.dir("root", 0o700)
	b.mount("tmpfs", "run", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755")
	b.dir("run/lock", 0o1777)
	b.mount("tmpfs", "tmp", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=1777")
	b.mount("proc", "proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	b.mount("sysfs", "sys", "sysfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC|unix.MS_RDONLY, "")
	b.devices()
	b.program()
	if b.err != nil {
		return b.err
	}
	return pivot(root)
}

// rootBuilder keeps the first error, so that the root reads as the list it is.
type rootBuilder struct {
	root string
	err  error
}

func (b *rootBuilder) dir(path string, mode os.FileMode) string {
	full := filepath.Join(b.root, path)
	if b.err == nil {
		b.err = os.MkdirAll(full, mode)
	}
	if b.err == nil {
		b.err = os.Chmod(full, mode.Perm()|stickyOf(mode))
	}
	return full
}

func stickyOf(mode os.FileMode) os.FileMode {
	if mode&0o1000 != 0 {
		return os.ModeSticky
	}
	return 0
}

func (b *rootBuilder) mount(source, at, kind string, flags uintptr, data string) {
	full := b.dir(at, 0o755)
	if b.err != nil {
		return
	}
	if err := unix.Mount(source, full, kind, flags, data); err != nil {
		b.err = fmt.Errorf("the kernel does not let a %s be mounted on /%s of a private host: %w", kind, at, err)
	}
}

func (b *rootBuilder) bind(from, at string) {
	full := b.dir(at, 0o755)
	if b.err != nil {
		return
	}
	if err := unix.Mount(from, full, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		b.err = fmt.Errorf("binding %s to /%s: %w", from, at, err)
	}
}

// overlay lays the host's own /usr over this machine's, so that a private host can have programs
// installed which the machine has not.
func (b *rootBuilder) overlay(spec hostSpec) {
	lower := strings.Join(append(append([]string{}, spec.Layers...), "/usr"), ":")
	data := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", lower, filepath.Join(spec.Disk, "usr"), filepath.Join(spec.Disk, "usr.work"))
	if inUserNamespace() {
		data += ",userxattr"
	}
	b.mount("overlay", "usr", "overlay", 0, data)
}

// inUserNamespace tells whether root here is root of the machine: only then is the whole range of
// user ids mapped.
func inUserNamespace() bool {
	data, err := os.ReadFile("/proc/self/uid_map")
	if err != nil {
		return false
	}
	fields := strings.Fields(string(data))
	return len(fields) != 3 || fields[2] != "4294967295"
}

// machineLinks gives the root the links (/bin to usr/bin and so on) that the machine has. On a
// machine where they are directories, these are bound.
func (b *rootBuilder) machineLinks() {
	for _, name := range []string{"bin", "sbin", "lib", "lib32", "lib64", "libx32"} {
		target, err := os.Readlink("/" + name)
		if err == nil {
			if b.err == nil {
				b.err = os.Symlink(target, filepath.Join(b.root, name))
			}
			continue
		}
		if info, err := os.Stat("/" + name); err == nil && info.IsDir() {
			b.bind("/"+name, name)
		}
	}
}

// devices binds the few device files programs expect: a user namespace may not make any.
func (b *rootBuilder) devices() {
	b.mount("tmpfs", "dev", "tmpfs", unix.MS_NOSUID, "mode=755")
	b.dir("dev/shm", 0o1777)
	for _, name := range []string{"null", "zero", "full", "random", "urandom", "tty"} {
		b.bindFile("/dev/"+name, "dev/"+name)
	}
	for link, to := range map[string]string{"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"} {
		if b.err == nil {
			b.err = os.Symlink(to, filepath.Join(b.root, "dev", link))
		}
	}
}

// program puts this very program at a path the host's scripts can call, for `serve` and `fetch`.
func (b *rootBuilder) program() {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		b.err = errors.Join(b.err, err)
		return
	}
	b.bindFile(exe, strings.TrimPrefix(toolPath, "/"))
}

func (b *rootBuilder) bindFile(from, at string) {
	full := filepath.Join(b.root, at)
	b.dir(filepath.Dir(at), 0o755)
	if b.err != nil {
		return
	}
	if err := os.WriteFile(full, nil, 0o755); err != nil {
		b.err = fmt.Errorf("making /%s: %w", at, err)
		return
	}
	if err := unix.Mount(from, full, "", unix.MS_BIND, ""); err != nil {
		b.err = fmt.Errorf("binding %s to /%s: %w", from, at, err)
	}
}

// pivot makes root the root and lets go of everything else.
func pivot(root string) error {
	if err := os.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("changing to the new root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leaving the old root: %w", err)
	}
	return os.Chdir("/")
}
