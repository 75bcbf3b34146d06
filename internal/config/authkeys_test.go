package config

import (
	"strings"
	"testing"
)

func TestParseAuthkeys(t *testing.T) {
	const missing = "Missing auth directive in keyfile"
	tests := []struct{ name, in, want string }{
		{"sha1", "auth 1\n1 sha1 secret\n", ""},
		{"no blanks", "auth1\n1sha1 secret", ""},
		{"junk behind auth", "auth 1 junk # c\n1 md5 k", ""},
		{"crc", "auth 15\n15 crc\n", ""},
		{"CRLF", "auth 1\r\n1 md5 k\r\n", ""},
		{"indented, blank lines, comments", "  # c\n\n   auth 0\n\t0 sha1 k # shared\n", ""},
		{"last auth with a key below counts", "auth 1\n1 sha1 a\nauth 2\n2 sha1 b\n", ""},
		{"same number twice", "auth 1\n1 sha1 a\n1 md5 b\n", ""},
		{"auth without a key below keeps the first", "auth 1\n1 sha1 a\nauth 2\n", ""},
		{"empty", "", "1 " + missing},
		{"no auth", "1 crc\n", "1 " + missing},
		{"negative auth", "auth -1\n1 crc\n", "2 " + missing},
		{"auth without number", "auth x\n1 crc\n", "1 Invalid auth line|2 " + missing},
		{"another a word", "authenticate\n", "1 Invalid auth line|1 " + missing},
		{"number too high", "auth 1\n1 crc\n16 crc\n", "3 Invalid authnum, want 0..15"},
		{"negative number", "auth 1\n1 crc\n-1 crc\n", "3 Invalid authnum, want 0..15"},
		{"unknown method", "auth 1\n1 sha256 k\n", "2 Invalid authtype|1 Auth Key [1] not found in keyfile"},
		{"upper case", "auth 1\n1 SHA1 k\n", "2 Invalid authtype|1 Auth Key [1] not found in keyfile"},
		{"sha1 without key", "auth 1\n1 sha1\n", "2 Auth method [sha1] requires a key|1 Auth Key [1] not found in keyfile"},
		{"crc with a word", "auth 1\n1 crc # x\n", "2 Auth method [crc] doesn't use a key|1 Auth Key [1] not found in keyfile"},
		{"other line", "auth 1\n1 crc\nhello\n", "3 Auth line is invalid."},
		{"number alone", "auth 1\n1 crc\n2\n", "3 Auth line is invalid."},
		{"key above auth", "1 crc\nauth 1\n", "2 Auth Key [1] not found in keyfile"},
		{"no such key", "auth 3\n1 crc\n", "1 Auth Key [3] not found in keyfile"},
		{"one bad line is enough", "auth 1\n1 sha1 good\n2 nope k\n", "3 Invalid authtype"},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			want := ""
			if c.want != "" {
				for _, p := range strings.Split(c.want, "|") {
					line, text, _ := strings.Cut(p, " ")
					want += "error authkeys:" + line + ": " + text + "\n"
				}
			}
			keys, problems := ParseAuthkeys("authkeys", []byte(c.in))
			compare(t, lines(problems), strings.TrimSuffix(want, "\n"))
			if (keys == nil) != (want != "") {
				t.Errorf("keys %v with problems %q", keys, want)
			}
		})
	}
}

func TestActiveKey(t *testing.T) {
	for in, want := range map[string]string{
		"auth 1\n1 sha1 a\nauth 2\n2 crc\n": "key 2 crc",
		"auth 1\n1 sha1 a\n1 md5 b\n":       "key 1 md5",
		"auth 1\n1 sha1 a\nauth 2\n":        "key 1 sha1",
	} {
		keys, _ := ParseAuthkeys("authkeys", []byte(in))
		if n, m := keys.Sending(); want != "key "+string(rune('0'+n))+" "+m.String() {
			t.Errorf("%q: key %d %s, want %s", in, n, m, want)
		}
	}
}

// TestSecretsStayHidden puts a secret in every place of a broken file.
func TestSecretsStayHidden(t *testing.T) {
	const secret = "hunter2"
	for _, in := range []string{secret, "auth " + secret, "auth" + secret, "a" + secret, "1 " + secret, "1 " + secret + " x",
		"auth 1\n1 crc " + secret, "99 sha1 " + secret, "1 sha1 " + secret, "1" + secret + " md5"} {
		_, problems := ParseAuthkeys("authkeys", []byte(in))
		if len(problems) == 0 {
			t.Errorf("%q is accepted", in)
		}
		for _, p := range problems {
			if strings.Contains(p.String()+p.Hint, secret) {
				t.Errorf("%q: %s", in, p)
			}
		}
	}
}
