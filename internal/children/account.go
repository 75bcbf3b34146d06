package children

import (
	"fmt"
	"os/user"
	"strconv"
)

// Account is the user a program runs as, with the groups it belongs to.
type Account struct {
	Name     string
	UID, GID uint32
	Groups   []uint32
	Unknown  error // not nil: this machine does not know the user
}

// Lookup asks the machine for a user by name.
func Lookup(name string) Account {
	a := Account{Name: name}
	u, err := user.Lookup(name)
	if err != nil {
		a.Unknown = fmt.Errorf("asking for the user %s: %w", name, err)
		return a
	}
	if a.UID, err = number(u.Uid); err == nil {
		a.GID, err = number(u.Gid)
	}
	if err != nil {
		a.Unknown = fmt.Errorf("the user %s: %w", name, err)
		return a
	}
	groups, err := u.GroupIds()
	if err != nil {
		a.Unknown = fmt.Errorf("asking for the groups of the user %s: %w", name, err)
		return a
	}
	for _, text := range groups {
		if g, err := number(text); err == nil {
			a.Groups = append(a.Groups, g)
		}
	}
	return a
}

func number(text string) (uint32, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	return uint32(n), err
}
