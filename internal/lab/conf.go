package lab

// Files are the three files that make a cluster, as they stand in /etc/ha.d.
type Files struct {
	HACF        string
	Authkeys    string // "" for one md5 key
	Haresources string
}

// Configure writes the files to a host.
func (h *Host) Configure(f Files) error {
	if f.Authkeys == "" {
		f.Authkeys = "auth 1\n1 md5 a-key-of-the-lab\n"
	}
	if err := h.WriteFile("/etc/ha.d/ha.cf", f.HACF, 0o644); err != nil {
		return err
	}
	if err := h.WriteFile("/etc/ha.d/authkeys", f.Authkeys, 0o600); err != nil {
		return err
	}
	return h.WriteFile("/etc/ha.d/haresources", f.Haresources, 0o644)
}
