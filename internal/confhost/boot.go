package confhost

import (
	"os"
	"path/filepath"
)

// Boot knows what the machine starts by itself when it boots. It looks at files only and asks
// systemd nothing, so it answers for an image or a chroot too.
type Boot struct {
	root string // "" is the machine
}

// NewBoot is the boot of the machine the program runs on.
func NewBoot() Boot { return Boot{} }

// Enabled tells whether a service is started at boot: by which link, and which command ends that.
func (b Boot) Enabled(service string) (link, command string, enabled bool) {
	if link := b.first("/etc/systemd/system/*.wants/" + quoted(service) + ".service"); link != "" {
		return link, "systemctl disable " + service, true
	}
	command = "systemctl disable " + service
	if !b.exists("/run/systemd/system") { // sd_booted(3)
		command = "update-rc.d " + service + " disable, or chkconfig " + service + " off"
	} else if b.hasUnit(service) { // systemd goes by the unit and not by the links of its init script
		return "", "", false
	}
	link = b.first("/etc/rc[2-5].d/S[0-9][0-9]" + quoted(service))
	return link, command, link != ""
}

func (b Boot) hasUnit(service string) bool {
	for _, dir := range []string{"/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"} {
		if b.exists(filepath.Join(dir, service+".service")) {
			return true
		}
	}
	return false
}

func (b Boot) exists(path string) bool {
	_, err := os.Lstat(filepath.Join(b.root, path))
	return err == nil
}

// first is the first match, as a path of the machine.
func (b Boot) first(pattern string) string {
	found, err := filepath.Glob(filepath.Join(quoted(b.root), pattern))
	if err != nil || len(found) == 0 {
		return ""
	}
	return found[0][len(b.root):]
}

// quoted is text in which no character is a wildcard.
func quoted(text string) string {
	var out []byte
	for i := range len(text) {
		switch text[i] {
		case '*', '?', '[', '\\':
			out = append(out, '\\')
		}
		out = append(out, text[i])
	}
	return string(out)
}
