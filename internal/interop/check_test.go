package interop

import (
	"strings"
	"testing"
)

// TestParseRefuses: each text has one bad line, the fourth or the one that number tells.
func TestParseRefuses(t *testing.T) {
	const head = "links 2\ngroup node1 web db::8080\n"
	tests := map[string]string{
		"start node1\ncut node1 2":                    "mine:4: cut node1 2: no link 2: want 0 to 1",
		"start node1\ncut node1 0 eth0":               "mine:4: cut node1 0 eth0: no link eth0: want 0 to 1",
		"start node1\nmend node2 -1":                  "mine:4: mend node2 -1: no link -1: want 0 to 1",
		"start node1\nscript node1 wbe start-fails":   "mine:4: script node1 wbe start-fails: no recording script wbe in a group: there is web db",
		"start node1\nscript node1 db::8080 normal":   "mine:4: script node1 db::8080 normal: no recording script db::8080",
		"start node1\nscript node1 web start-fail":    "mine:4: script node1 web start-fail: start-fail: want one of start-fails",
		"start node1\nstandby node1 a b":              "mine:4: standby node1 a b: wrong number of words",
		"start node1\ntakeover node1 a b":             "mine:4: takeover node1 a b: wrong number of words",
		"start node1\nlinks 3":                        "mine:4: links 3: belongs before the first command, which is in line 3",
		"start node1\ncf deadtime 9":                  "mine:4: cf deadtime 9: belongs before",
		"start node1\nkeys auth 1":                    "mine:4: keys auth 1: belongs before",
		"start node1\ngroup node1 mail":               "mine:4: group node1 mail: belongs before",
		"start node1\nsoftware node1 X":               "mine:4: software node1 X: no software X: want C, H or other",
		"start node1\nloss node1 abc":                 "mine:4: loss node1 abc: abc: want a number from 0 to 100",
		"start node1\nloss node1 120":                 "mine:4: loss node1 120: 120: want",
		"start node1\ngeneration node1 abc":           "mine:4: generation node1 abc: abc: want N, +N or -N",
		"start node1\ndeafen node1 node3":             "mine:4: deafen node1 node3: no node node3",
		"start node1\nstop node1 web":                 "mine:4: stop node1 web: web: want & or nothing",
		"start node1\nwait long":                      "mine:4: wait long: ",
		"start node1 node3":                           "mine:3: start node1 node3: no node node3: want node1 or node2",
		"group node3 web":                             "mine:3: group node3 web: no node node3: want node1 or node2",
		"group node1":                                 "mine:3: group node1: want: group HOME RESOURCE...",
		"group node1 web::a/b":                        "mine:3: group node1 web::a/b: web::a/b: the arguments of a recording script have no /",
		"group node1 web/db":                          "mine:3: group node1 web/db: web/db: a script's name has no /",
		"start node1\ndiffers 1 log:*":                "mine:4: differs 1 log:*: must follow a settle",
		"start node1\nsettle\ndiffers 0 log:*":        "mine:5: differs 0 log:*: 0: want the number of an entry",
		"start node1\nsettle\ndiffers 1 cals:node1":   "mine:5: differs 1 cals:node1: cals:node1: want owner: state: calls:",
		"start node1\nsettle\ndiffers 1 log:* log":    "mine:5: differs 1 log:* log: no node ",
		"start node1\nsettle\ndiffers 1 state:node3":  "mine:5: differs 1 state:node3: no node node3",
		"start node1\nsettle\ndiffers 1 owner:wbe":    "mine:5: differs 1 owner:wbe: no resource wbe in a group: there is web db::8080",
		"start node1\nsettle\ndiffers 1 gap:db":       "mine:5: differs 1 gap:db: no resource db",
		"start node1\nsettle\ndiffers 1 output:node1": "mine:5: differs 1 output:node1: output:node1: output stands alone",
		"start node1\nsettle\ndiffers 1 unsettled":    "mine:5: differs 1 unsettled: unsettled: want owner:",
	}
	for text, want := range tests {
		_, err := Parse("mine", head+text+"\nsettle\n")
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
	_, err := Parse("mine", "group node1 web\ncut node1 1\nsettle\n")
	if err == nil || err.Error() != "mine:2: cut node1 1: no link 1: want 0, or nothing" {
		t.Errorf("one link: %v", err)
	}
}

func TestParseAllows(t *testing.T) {
	const text = `links 2
group node1 web db::8080 10.77.0.100/24/eth0 IPaddr::10.77.0.101/24/eth0
start node1 node2
standby node1 lokal
takeover node1 lokal
script node1 db stop-hangs
script node1 db normal
cut node1 0 1
mend node1
loss node1 0
loss node1 100
deafen node1 node2
settle
differs 1 owner:db::8080 owner:10.77.0.100/24/eth0 state:* calls:node1 log:node2
differs 2 gap:web overlap:* output complaint:* env:node1
stop node1 &
stop node2
generation node1 -1
generation node1 +10
software node1 other
software node1 C
wait 1s
settle 90s
`
	if _, err := Parse("mine", text); err != nil {
		t.Error(err)
	}
}
