package config

import (
	"fmt"
	"strings"
	"testing"
)

// String is a line of haresources that reads back as the same group.
func (g Group) String() string {
	text := strings.Join(append([]string{g.Home}, g.Resources...), " ")
	if strings.HasSuffix(text, `\`) {
		text += " " // at the end of a line it would continue it
	}
	return text
}

func TestHaresources(t *testing.T) {
	tests := []struct{ name, in, groups, want string }{
		{"empty", "", "", ""},
		{"comments only", "# x\n\n  #y\n", "", ""},
		{"plain", "N1 10.0.0.1 apache2\nn2 cron\n", "1 n1 10.0.0.1 apache2|2 n2 cron", ""},
		{"blanks", "\n \tn1  \t a   b\t\n", "2 n1 a b", ""},
		{"remark behind", "n1 a b # c\n", "1 n1 a b", ""},
		{"remark glued", "n1 a#b\n", "1 n1 a", ""},
		{"continuation", "n1 a \\\n\tb \\\n\\\n c\n\nn2 d\n", "1 n1 a b c|6 n2 d", ""},
		{"joined without a blank", "n1 Filesystem::/dev/\\\nsda1::/mnt\n", "1 n1 Filesystem::/dev/sda1::/mnt", ""},
		{"comment line ending in backslash", "# x \\\nn1 a\n", "2 n1 a", ""},
		{"continued by a comment", "n1 a \\\n# b\nn2 c\n", "1 n1 a|3 n2 c", ""},
		{"backslash at the end of the file", "n1 a \\", "1 n1 a", ""},
		{"no final newline", "n1 a", "1 n1 a", ""},
		{"CRLF", "n1 a b\r\nn2 c\r\n", "1 n1 a b|2 n2 c", ""},
		{"CRLF continued", "n1 a \\\r\n b\r\n", "1 n1 a b", "warning haresources:1: line ends in CR LF; 3.0.6 does not continue it"},
		{"backslash and a blank", "n1 a \\ \n b\n", "1 n1 a \\", "error haresources:2: Bad nodename [b]"},
		{"node alone", "n1\n", "", "warning haresources:1: node n1 has no resource on this line, it is left out"},
		{"ping node", "10.77.0.9 a\n", "1 10.77.0.9 a",
			"warning haresources:1: [10.77.0.9] is a ping node and runs nothing; nobody starts this group while both nodes are up"},
		{"every stranger is named", "x a\nn1 b\ny c\n", "2 n1 b", "error haresources:1: Bad nodename [x]\nerror haresources:3: Bad nodename [y]"},
		{"remark glued to the node", "n1#foo\n", "", "error haresources:1: Bad nodename [n1#foo]"},
		{"comma", "n1,n2 a\n", "", "error haresources:1: Bad nodename [n1,n2]"},
		{"key twice", "n1 a b\nn2 a c\n", "1 n1 a b", "error haresources:2: group key a is the key of haresources:1 too"},
		{"key three times", "n1 a\nn2 a\n\nn2 a\n", "1 n1 a", "error haresources:2: group key a is the key of haresources:1 too\n" +
			"error haresources:4: group key a is the key of haresources:1 too"},
		{"key with arguments twice", "n1 10.0.0.1\nn2 10.0.0.1\n", "1 n1 10.0.0.1", "error haresources:2: group key 10.0.0.1 is the key of haresources:1 too"},
		{"key inside another group", "n1 a b\nn2 b c\n", "1 n1 a b|2 n2 b c", ""},
		{"address twice", "n1 a 10.0.0.1\nn2 c 10.0.0.1\n", "1 n1 a 10.0.0.1|2 n2 c 10.0.0.1",
			"warning haresources:2: resource 10.0.0.1 is in haresources:1 too; the two groups can end up on different nodes with it"},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			files := set(base + "bcast eth0\nping 10.77.0.9\n")
			files.Haresources = file(c.in, 0o644)
			cfg, report := Load(files, newHost("n1"))
			compare(t, lines(report), c.want)
			var got []string
			for _, g := range cfg.Groups {
				if !strings.Contains(c.want, fmt.Sprintf("error haresources:%d:", g.Line())) {
					got = append(got, fmt.Sprintf("%d %s", g.Line(), strings.TrimSuffix(g.String(), " ")))
				}
			}
			if text := strings.Join(got, "|"); text != c.groups {
				t.Errorf("groups %q, want %q", text, c.groups)
			}
		})
	}
}

func TestParseResource(t *testing.T) {
	tests := []struct{ word, want string }{
		{"apache2", `apache2 []`},
		{"script::a::b", `script ["a" "b"]`},
		{"script::", `script []`},
		{"script::a::::b", `script ["a" "b"]`},
		{"script:::a", `script [":a"]`},
		{"script::::1", `script ["1"]`},
		{"10.0.0.1", `IPaddr ["10.0.0.1"]`},
		{"10.0.0.1/24/eth0:3/10.0.0.255", `IPaddr ["10.0.0.1/24/eth0:3/10.0.0.255"]`},
		{"IPaddr2::10.0.0.1/24/eth0", `IPaddr2 ["10.0.0.1/24/eth0"]`},
		{"IPv6addr::2001:db8::1/64", `IPv6addr ["2001:db8::1/64"]`},
		{"3proxy", `3proxy []`},
		{"3.14.15", `3.14.15 []`},
		{"::x", ` ["x"]`},
		{"Filesystem::/dev/sdb1::/var/spool/mail::ext3", `Filesystem ["/dev/sdb1" "/var/spool/mail" "ext3"]`},
	}
	for _, c := range tests {
		r := ParseResource(c.word)
		if got := fmt.Sprintf("%s %q", r.Script, r.Args); got != c.want || r.Word != c.word {
			t.Errorf("%s: %s, want %s", c.word, got, c.want)
		}
	}
}
