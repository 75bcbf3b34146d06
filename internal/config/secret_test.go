package config

import (
	"regexp"
	"testing"
)

// saidOfAuthkeys are all texts there are about the lines of authkeys. None has room for what a line holds, but
// for the number of a key and the name of a method.
var saidOfAuthkeys = regexp.MustCompile(`^(Invalid auth line|Auth line is invalid\.|Invalid authnum, want 0\.\.15|Invalid authtype` +
	`|Auth method \[(md5|sha1)\] requires a key|Auth method \[crc\] doesn't use a key|Missing auth directive in keyfile|Auth Key \[-?\d+\] not found in keyfile)$`)

// quotesNothing fails the test if a problem of authkeys could tell what is in the file.
func quotesNothing(t *testing.T, problems []Problem) {
	t.Helper()
	for _, p := range problems {
		if !saidOfAuthkeys.MatchString(p.Text) {
			t.Errorf("authkeys may be quoted: %q", p.Text)
		}
	}
}

func TestAuthkeysIsNotQuoted(t *testing.T) {
	const secret = "a-word-of-authkeys"
	for _, text := range []string{
		"", secret, "auth " + secret, "auth 1\n1 " + secret, "auth 1\n1 crc " + secret, "auth 1\n" + secret + " sha1 x", "auth 1\n99 sha1 " + secret,
		"auth 2\n1 sha1 " + secret, "auth 1\n1 sha1", "auth 1\n1 sha1 " + secret + "\nauth" + secret, "auth\n1 sha1 " + secret, "auth -7\n",
	} {
		keys, problems := ParseAuthkeys("authkeys", []byte(text))
		if keys != nil || len(problems) == 0 {
			t.Errorf("%q is accepted", text)
		}
		quotesNothing(t, problems)
	}
}
