package agents

import (
	"strings"
	"testing"
)

// TestOCF runs agents of any provider, with parameters of a file or of the word itself.
func TestOCF(t *testing.T) {
	p := newPlace(t)
	p.agent("heartbeat/Dummy", 0)
	p.agent("other/Dummy", 0)
	p.agent("acme/Thing", 7)
	p.agent("acme/Broken", 1)
	p.agent("acme/Promoted", 8)
	p.write("ha.d/conf/OCF/Dummy/one", "# an instance\nOCF_RESKEY_state=/run/one\n  OCF_RESKEY_text='two words' # and a remark\nhelper=x\n")
	for _, c := range []struct {
		args, says string
		code       int
		calls      string
	}{
		{"Dummy one start", "words of the agent: not running, OK\n", 0, "Dummy start state=/run/one text=two words RESOURCE_INSTANCE=Dummy_one\n"},
		{"Dummy one status", "OCF Resource Dummy::one is running\n", 0, "Dummy monitor state=/run/one text=two words RESOURCE_INSTANCE=Dummy_one\n"},
		{"other Dummy state=/run/x text=a=b stop", "words of the agent: not running, OK\n", 0, "Dummy stop state=/run/x text=a=b RESOURCE_INSTANCE=Dummy_state=_run_x_text=a=b\n"},
		{"heartbeat Dummy one state=/run/y status", "OCF Resource Dummy::one_state=_run_y is running\n", 0, "Dummy monitor state=/run/y text=two words RESOURCE_INSTANCE=Dummy_one_state=_run_y\n"},
		{"acme Thing status", "OCF Resource Thing::Thing is stopped\n", 7, "Thing monitor RESOURCE_INSTANCE=Thing\n"},
		{"Thing status", "OCF Resource Thing::Thing is stopped\n", 7, "Thing monitor RESOURCE_INSTANCE=Thing\n"},
		{"Thing start", "words of the agent: not running, OK\n", 7, "Thing start RESOURCE_INSTANCE=Thing\n"},
		{"Promoted monitor", "OCF Resource Promoted::Promoted is running\n", 0, "Promoted monitor RESOURCE_INSTANCE=Promoted\n"},
		{"Broken status", "ERROR: OCF Resource Broken::Broken: DIR/ocf/resource.d//acme/Broken monitor ended with exit code 1\n", 1, "Broken monitor RESOURCE_INSTANCE=Broken\n"},
		{"Thing meta-data", "words of the agent: not running, OK\n", 7, "Thing meta-data RESOURCE_INSTANCE=Thing\n"},
		{"Dummy two start", "", 1, ""},      // no such file
		{"Nothing one start", "", 1, ""},    // no such agent
		{"Dummy one bogus", "", 1, ""},      // no such action
		{"Dummy a-b=c start", "", 1, ""},    // no name of a variable
		{"Dummy", "", 1, ""},                // no action
		{"other Nothing start", "", 1, ""},  // no agent of that provider, and no agent "other"
		{"Dummy one two status", "", 1, ""}, // the second instance has no file
	} {
		out, code := p.run("OCF", strings.Fields(c.args)...)
		if want := strings.ReplaceAll(c.says, "DIR", p.dir); out != want || code != c.code {
			t.Errorf("OCF %s: exit %d, said %q, want %d and %q", c.args, code, out, c.code, want)
		}
		if got := p.calls(); got != c.calls {
			t.Errorf("OCF %s: called\n%swant\n%s", c.args, got, c.calls)
		}
	}
}
