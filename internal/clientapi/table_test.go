package clientapi

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"heartbeatd/internal/core"
	"heartbeatd/internal/wire"
)

// text is what the table wants done, a line each.
func text(actions []Action) string {
	var s strings.Builder
	for _, a := range actions {
		var m *wire.Message
		switch a := a.(type) {
		case Write:
			fmt.Fprintf(&s, "to %d:", a.To)
			m = a.Msg
		case Say:
			s.WriteString("say:")
			m = a.Msg
		case Close:
			fmt.Fprintf(&s, "close %d", a.ID)
		case Signal:
			fmt.Fprintf(&s, "signal %d to %d", a.Signal, a.To)
		case Log:
			fmt.Fprintf(&s, "log %s: %s", a.Level, a.Text)
		}
		if m != nil {
			for _, f := range m.Fields {
				if f.Name != "hbversion" && f.Name != "pacemaker" && f.Name != "logfacility" {
					fmt.Fprintf(&s, " %s=%s", f.Name, f.Value)
				}
			}
		}
		s.WriteByte('\n')
	}
	return s.String()
}

// msg makes a message of words such as "t=hbapi-req".
func msg(words string) *wire.Message {
	m := &wire.Message{}
	for _, w := range strings.Fields(words) {
		name, value, _ := strings.Cut(w, "=")
		m.AddStr(name, value)
	}
	return m
}

func signon(name string, pid, uid, gid int) *wire.Message {
	return msg(fmt.Sprintf("t=hbapi-req reqtype=signon dest=node1 pid=%d from_id=%s uid=%d gid=%d", pid, name, uid, gid))
}

const signedOn = "t=hbapi-resp reqtype=signon result=OK deadtime=1388 keepalive=1f4 node=node1\n"

// withIpfail has ipfail as client 1 and a casual client, root, as client 2.
func withIpfail(t *testing.T) *Table {
	t.Helper()
	table := newTable()
	table.Connected(1, Peer{PID: 11, UID: 103, GID: 106})
	want := "say: t=hbapi-clstat st=join from_id=ipfail to_id=ipfail src=node1 info=signon client_gen=0\nto 1: " + signedOn
	if got := text(table.Received(1, signon("ipfail", 11, 103, 106))); got != want {
		t.Fatalf("ipfail signs on:\n%swant\n%s", got, want)
	}
	table.Connected(2, Peer{PID: 12})
	if got := text(table.Received(2, signon("12", 12, 0, 0))); got != "to 2: "+signedOn {
		t.Fatalf("a casual client signs on:\n%s", got)
	}
	return table
}

// TestRefusedSignons: each refusal of 3.0.6, in its words and in its order.
func TestRefusedSignons(t *testing.T) {
	const answer = "t=hbapi-resp reqtype=signon info=%s result=badreq deadtime=1388 keepalive=1f4 node=node1\n"
	for _, tc := range []struct {
		what string
		peer Peer
		m    *wire.Message
		info string
	}{
		{"no pid", Peer{PID: 13}, msg("t=hbapi-req reqtype=signon from_id=x uid=0 gid=0"), "bad pid"},
		{"no such process", Peer{PID: 13}, signon("x", 99, 0, 0), "bad pid"},
		{"name taken, and everything else wrong", Peer{PID: 13, UID: 7}, signon("ipfail", 14, 1, 1), "duplicate add request"},
		{"no ids", Peer{PID: 13}, msg("t=hbapi-req reqtype=signon pid=13 from_id=13"), "invalid id info"},
		{"ids that are no numbers", Peer{PID: 13}, msg("t=hbapi-req reqtype=signon pid=13 from_id=13 uid=root gid=0"), "invalid id info"},
		{"another's uid", Peer{PID: 13, UID: 7}, signon("13", 13, 0, 0), "incorrect/false credentials"},
		{"another's gid", Peer{PID: 13}, signon("13", 13, 0, 106), "incorrect/false credentials"},
		{"a name without a rule", Peer{PID: 13}, signon("dopd", 13, 0, 0), "no default client auth"},
		{"root is not in the rule of ping", Peer{PID: 13}, signon("ping", 13, 0, 0), "client failed authorization"},
		{"another's pid", Peer{PID: 13}, signon("12345", 12345, 0, 0), "pid mismatch"},
		{"a long name", Peer{PID: 13}, signon(strings.Repeat("n", 32), 13, 0, 0), "cannot add client"},
	} {
		table := withIpfail(t)
		table.exists = func(pid int) bool { return pid != 99 }
		table.Connected(3, tc.peer)
		got := text(table.Received(3, tc.m))
		if !strings.Contains(got, "to 3: "+fmt.Sprintf(answer, strings.ReplaceAll(tc.info, " ", " "))) && !strings.Contains(got, "info="+tc.info+" result=badreq deadtime=1388") {
			t.Errorf("%s: %swant %s", tc.what, got, tc.info)
		}
		casual := tc.m.Str("from_id") == tc.m.Str("pid")
		if told := strings.Contains(got, "to 3: t=hbapi-clstat st=leave"); told == casual {
			t.Errorf("%s: told that it leaves: %v", tc.what, told)
		}
		if !strings.HasSuffix(got, "close 3\n") || strings.Contains(got, "say:") || table.find(3) != nil {
			t.Errorf("%s: %s", tc.what, got)
		}
	}
}

// TestWhoMaySignOn: apiauth, its defaults, supplementary groups, and everybody for questions only.
func TestWhoMaySignOn(t *testing.T) {
	rules := recordedConfig().Rules
	strict := map[string]Rule{Default: {UIDs: []uint32{5}}, Anonymous: {GIDs: []uint32{106}}}
	for _, tc := range []struct {
		rules   map[string]Rule
		name    string
		casual  bool
		peer    Peer
		refusal string
		member  bool
	}{
		{rules, "ipfail", false, Peer{UID: 103}, "", true},
		{rules, "ipfail", false, Peer{UID: 0, GID: 106}, "client failed authorization", false},
		{rules, "ping", false, Peer{UID: 1000, GID: 106}, "", true},
		{rules, "ping", false, Peer{UID: 1000, GID: 1000, Groups: []uint32{4, 106}}, "", true},
		{rules, "ping", false, Peer{UID: 0}, "client failed authorization", false},
		{rules, "new", false, Peer{UID: 0}, "no default client auth", false},
		{rules, "1", true, Peer{UID: 0}, "", true},
		{rules, "1", true, Peer{UID: 1000, GID: 106}, "", true},
		{rules, "1", true, Peer{UID: 1000, GID: 1000}, "", false},
		{strict, "new", false, Peer{UID: 5}, "", true},
		{strict, "ipfail", false, Peer{UID: 103}, "client failed authorization", false},
		{strict, "1", true, Peer{UID: 1000, GID: 1000}, "client failed authorization", false},
		{strict, "1", true, Peer{UID: 0}, "client failed authorization", false},
		{map[string]Rule{}, "1", true, Peer{}, "apiauth anon missing", false},
	} {
		if refusal, member := authorise(tc.rules, tc.name, tc.casual, tc.peer); refusal != tc.refusal || member != tc.member {
			t.Errorf("%s %+v: %q %v, want %q %v", tc.name, tc.peer, refusal, member, tc.refusal, tc.member)
		}
	}
}

// TestRequests: each request, and each of its errors.
func TestRequests(t *testing.T) {
	uuid := string(bytes.Repeat([]byte{2}, 16))
	for _, tc := range []struct{ ask, want string }{
		{"reqtype=nodestatus node=NODE2", "st=active result=OK"},
		{"reqtype=nodestatus node=nosuch", "result=badreq info=EINVAL"},
		{"reqtype=nodestatus", "result=badreq info=EINVAL"},
		{"reqtype=nodeweight node=node2", "weight=70 result=OK"},
		{"reqtype=nodeweight node=x", "result=badreq info=EINVAL"},
		{"reqtype=nodesite node=node1", "site= result=OK"},
		{"reqtype=nodesite node=node2", "site=here result=OK"},
		{"reqtype=nodetype node=10.77.0.9", "nodetype=ping result=OK"},
		{"reqtype=numnodes", "numnodes=2 result=OK"},
		{"reqtype=iflist node=10.77.0.9", "ifname=10.77.0.9 st=dead result=OK"},
		{"reqtype=iflist node=x", "result=badreq info=EINVAL"},
		{"reqtype=ifstatus node=node2 ifname=eth1", "st=dead result=OK"},
		{"reqtype=ifstatus node=node2 ifname=eth2", "result=badreq info=EINVAL"},
		{"reqtype=getparm pname=deadtime", "pvalue=5 result=OK"},
		{"reqtype=getparm pname=nosuch", "result=OK"},
		{"reqtype=getparm", "result=badreq info=EINVAL"},
		{"reqtype=getrsc", "rsc_hold=local result=OK"},
		{"reqtype=setfilter fmask=1", "result=OK"},
		{"reqtype=setfilter fmask=0", "result=badreq info=EINVAL"},
		{"reqtype=setfilter fmask=40", "result=badreq info=EINVAL"},
		{"reqtype=setfilter fmask=zz", "result=badreq info=EINVAL"},
		{"reqtype=setfilter fmask=3", "result=badreq info=EPERM"},
		{"reqtype=setsignal signal=10", "result=OK"},
		{"reqtype=setsignal signal=9", "result=badreq info=EINVAL"},
		{"reqtype=setsignal signal=19", "result=badreq info=EINVAL"},
		{"reqtype=setsignal signal=32", "result=badreq info=EINVAL"},
		{"reqtype=setsignal signal=-1", "result=badreq info=EINVAL"},
		{"reqtype=setsignal signal=x", "result=badreq"},
		{"reqtype=getuuid queryname=node2", "queryuuid=" + uuid + " result=OK"},
		{"reqtype=getuuid queryname=10.77.0.9", "result=OK"},
		{"reqtype=getuuid", "result=badreq info=no query node name found"},
		{"reqtype=getnodename", "result=badreq info=no query node name found"},
		{"reqtype=clientstatus node=node1 cn=ipfail", "subt=respond-cstatus cs=online result=OK"},
		{"reqtype=clientstatus node=node1 cn=other", "subt=respond-cstatus cs=offline result=OK"},
		{"reqtype=clientstatus node=10.77.0.9 cn=ipfail", "subt=respond-cstatus cs=offline result=OK"},
		{"reqtype=clientstatus node=nosuch cn=ipfail", "result=badreq info=EINVAL"},
		{"reqtype=clientstatus node=node1", "result=badreq info=EINVAL"},
	} {
		table := withIpfail(t)
		kind, _, _ := strings.Cut(strings.TrimPrefix(tc.ask, "reqtype="), " ")
		want := "to 1: t=hbapi-resp reqtype=" + kind + " " + tc.want + "\n"
		if got := text(table.Received(1, msg("t=hbapi-req pid=11 from_id=ipfail "+tc.ask))); got != want {
			t.Errorf("%s: %swant %s", tc.ask, got, want)
		}
	}
	table := withIpfail(t)
	m := msg("t=hbapi-req reqtype=getnodename pid=11 from_id=ipfail").AddBin("queryuuid", []byte(uuid))
	if got := text(table.Received(1, m)); got != "to 1: t=hbapi-resp reqtype=getnodename queryname=node2 result=OK\n" {
		t.Error(got)
	}
	for ask, want := range map[string]string{
		"t=hbapi-req reqtype=set_sendqlen sendqlen=9 pid=11 from_id=ipfail": "",
		"t=hbapi-req reqtype=nonsense pid=11 from_id=ipfail":                "log ERROR: Unknown API request\nlog ERROR: api_process_request: bad request [nonsense]\nto 1: t=hbapi-resp reqtype=nonsense result=badreq\n",
		"t=hbapi-req pid=11 from_id=ipfail":                                 "log ERROR: api_process_request: no fromid/pid/reqtype in message.\n",
		"t=hbapi-req reqtype=getrsc":                                        "log ERROR: api_process_request: no fromid/pid/reqtype in message.\n",
		"t=hbapi-req reqtype=getrsc pid=77 from_id=nobody":                  "log ERROR: api_process_request: msg from non-client\n",
		"t=hbapi-req reqtype=getrsc pid=12 from_id=12":                      "log ERROR: Client mismatch! (impersonation?)\nlog info: pids (12 vs 11), Client IDs (12 vs ipfail)\n",
	} {
		if got := text(table.Received(1, msg(ask))); got != want {
			t.Errorf("%s: %swant %s", ask, got, want)
		}
	}
	if got := text(table.Received(1, msg("t=hbapi-req reqtype=clientstatus node=node2 cn=x pid=11 from_id=ipfail"))); got != "say: t=query-cstatus dest=node2 cn=x from_id=ipfail\n" {
		t.Error(got)
	}
	want := "to 1: t=hbapi-clstat st=leave from_id=ipfail to_id=ipfail src=node1 info=signoff client_gen=0\n" +
		"say: t=hbapi-clstat st=leave from_id=ipfail to_id=ipfail src=node1 info=signoff client_gen=0\nclose 1\n"
	if got := text(table.Received(1, msg("t=hbapi-req reqtype=signoff pid=11 from_id=ipfail"))); got != want {
		t.Errorf("signoff: %s", got)
	}
	if got := text(table.Received(2, msg("t=hbapi-req reqtype=signoff pid=12 from_id=12"))); got != "close 2\n" {
		t.Errorf("signoff of a casual client: %s", got)
	}
}

// TestMessagesOfClients: who may say what to whom.
func TestMessagesOfClients(t *testing.T) {
	table := withIpfail(t)
	if got := text(table.Received(1, msg("t=num_ping_nodes src=me num_ping=1 dest=node2 from_id=forged"))); got != "say: t=num_ping_nodes src=me num_ping=1 dest=node2 from_id=ipfail to_id=ipfail client_gen=0\n" {
		t.Error(got)
	}
	for _, kind := range []string{"status", "resource", "shutdone", "hbapi-clstat", "hbapi-resp", "respond-cstatus", "NS_rexmit"} {
		if got := text(table.Received(1, msg("t="+kind))); strings.Contains(got, "say:") || !strings.HasPrefix(got, "log WARN") {
			t.Errorf("%s: %s", kind, got)
		}
	}
	if got := text(table.Received(1, msg("t=ask_resources rsc_hold=all info=me"))); !strings.HasPrefix(got, "say: t=ask_resources") {
		t.Error(got)
	}
	if got := text(table.Received(2, msg("t=hello"))); got != "log ERROR: api_process_request: general message from casual client!\nclose 2\n" {
		t.Error(got)
	}
}

// TestWhoHears: messages to a name go to that client only, others to all who may listen and want their class.
// What is signed is not handed on.
func TestWhoHears(t *testing.T) {
	table := withIpfail(t)
	table.Connected(3, Peer{PID: 13, UID: 1000, GID: 1000})
	table.Received(3, signon("13", 13, 1000, 1000))
	for _, tc := range []struct {
		m     string
		class core.Class
		want  string
	}{
		{"t=status st=up src=node2 auth=1", core.Keep, "to 2: t=status st=up src=node2\nto 1: t=status st=up src=node2\n"},
		{"t=x to_id=ipfail", core.Keep, "to 1: t=x to_id=ipfail\n"},
		{"t=x to_id=nobody", core.Keep, ""},
		{"t=respond-cstatus to_id=13 cs=online", core.Keep, "to 3: t=respond-cstatus to_id=13 cs=online\n"},
		{"t=status", core.NoChange, ""},
		{"t=query-cstatus cn=ipfail from_id=ping to_id=ping src=node2", core.Keep, "say: t=respond-cstatus dest=node2 result=OK cn=ipfail to_id=ping cs=online\n"},
		{"t=query-cstatus cn=x from_id=9 src=node2", core.Keep, "say: t=respond-cstatus dest=node2 result=OK cn=x to_id=9 cs=offline\n"},
		{"t=query-cstatus cn=x from_id=9 src=node2", core.Duplicate, ""},
	} {
		if got := text(table.Deliver(msg(tc.m), tc.class)); got != tc.want {
			t.Errorf("%s: %swant %s", tc.m, got, tc.want)
		}
	}
	table.Received(2, msg("t=hbapi-req reqtype=setfilter fmask=3f pid=12 from_id=12"))
	table.Received(2, msg("t=hbapi-req reqtype=setsignal signal=10 pid=12 from_id=12"))
	if table.Classes() != 0x3f {
		t.Errorf("wanted: %x", table.Classes())
	}
	if got := text(table.Deliver(msg("t=status"), core.NoChange)); got != "to 2: t=status\nsignal 10 to 2\n" {
		t.Error(got)
	}
	if got := text(table.Received(3, msg("t=hbapi-req reqtype=setsignal signal=10 pid=13 from_id=13"))); !strings.Contains(got, "EPERM") {
		t.Errorf("whom no rule names has a signal sent: %s", got)
	}
}

// TestUnreadable: ten bodies in a row that are none end a connection; a dead client's name is free.
func TestUnreadable(t *testing.T) {
	table := withIpfail(t)
	for range mostBad - 1 {
		table.Received(1, nil)
	}
	table.Received(1, msg("t=hbapi-req reqtype=getrsc pid=11 from_id=ipfail"))
	for i := range mostBad {
		got := text(table.Received(1, nil))
		if closed := strings.Contains(got, "close 1"); closed != (i == mostBad-1) {
			t.Fatalf("after %d: %s", i+1, got)
		}
	}
	table.Connected(4, Peer{PID: 14})
	for i := range mostBad {
		if got := text(table.Received(4, msg("t=hello"))); strings.Contains(got, "close 4") != (i == mostBad-1) {
			t.Fatalf("before the signon, %d: %s", i+1, got)
		}
	}
	table = withIpfail(t)
	table.exists = func(pid int) bool { return pid != 11 }
	table.Connected(5, Peer{PID: 15, UID: 103, GID: 106})
	if got := text(table.Received(5, signon("ipfail", 15, 103, 106))); !strings.Contains(got, "close 1\n") || !strings.Contains(got, "info=died") || !strings.HasSuffix(got, "to 5: "+signedOn) {
		t.Error(got)
	}
}
