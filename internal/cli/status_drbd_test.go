package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"heartbeatd/internal/control"
	"heartbeatd/internal/drbd"
)

const (
	drbd84 = `version: 8.4.11 (api:1/proto:86-101)
 0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----
 1: cs:SyncTarget ro:Secondary/Primary ds:Inconsistent/UpToDate C r-----
	[=>..................] sync'ed: 11.5% (929792/1048576)K
`
	drbd9 = `#!/bin/sh
echo '[{"name": "r0", "role": "Primary", "devices": [{"volume": 0, "minor": 0, "disk-state": "UpToDate"}],
	"connections": [{"name": "node2", "connection-state": "Connected", "peer-role": "Secondary",
	"peer_devices": [{"volume": 0, "replication-state": "Established", "peer-disk-state": "UpToDate", "percent-in-sync": 100.00}]}]}]'
`
)

// TestStatusTellsOfDRBD: the roles of the devices, in both forms, or why they are unknown. A device that is stuck
// does not hold it up.
func TestStatusTellsOfDRBD(t *testing.T) {
	for _, c := range []struct {
		name, proc, setup, text string
		rows                    int
		err                     string
	}{
		{"8.4", drbd84, "", "\nDRBD   RESOURCE  ROLE       DISK          CONNECTION        PEER  ITS ROLE   ITS DISK\n" +
			"drbd0  -         Primary    UpToDate      Connected         -     Secondary  UpToDate\n" +
			"drbd1  -         Secondary  Inconsistent  SyncTarget 11.5%  -     Primary    UpToDate\n", 2, ""},
		{"9", "version: 9.1.16 (api:2)\n", drbd9, "\nDRBD   RESOURCE  ROLE     DISK      CONNECTION  PEER   ITS ROLE   ITS DISK\n" +
			"drbd0  r0        Primary  UpToDate  Connected   node2  Secondary  UpToDate\n", 1, ""},
		{"stuck", "version: 9.1.16 (api:2)\n", "#!/bin/sh\nsleep 1000\n", "\nDRBD: unknown: no answer from DRBD within 200ms\n", 0, "no answer from DRBD within 200ms"},
		{"none", "", "", "", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := testMachine(t)
			dir := filepath.Dir(m.socket)
			m.drbd = drbd.Source{Proc: filepath.Join(dir, "proc"), Setup: filepath.Join(dir, "drbdsetup"), Limit: time.Minute}
			if c.err != "" {
				m.drbd.Limit = 200 * time.Millisecond
			}
			if c.proc != "" {
				os.WriteFile(m.drbd.Proc, []byte(c.proc), 0o644)
			}
			os.WriteFile(m.drbd.Setup, []byte(c.setup), 0o755)
			(&fakeDaemon{st: sample()}).run(t, m)
			var plain, out, errs bytes.Buffer
			if err := writeStatus(&plain, sample(), m.now()); err != nil {
				t.Fatal(err)
			}
			if code := m.status(nil, &out, &errs); code != 0 || !strings.Contains(out.String(), c.text) || len(out.String()) != plain.Len()+len(c.text) {
				t.Errorf("exit %d, %s\n%s\nwant\n%s", code, &errs, &out, c.text)
			}
			out.Reset()
			if code := m.status([]string{"--json"}, &out, &errs); code != 0 {
				t.Fatalf("exit %d: %s", code, &errs)
			}
			var st control.Status
			if err := json.Unmarshal(out.Bytes(), &st); err != nil || len(st.DRBD) != c.rows || st.DRBDError != c.err {
				t.Errorf("%v: %s", err, &out)
			}
			if c.rows > 0 && (st.DRBD[0].Device != "drbd0" || st.DRBD[0].Role != "Primary") {
				t.Errorf("%+v", st.DRBD[0])
			}
			if st.DRBD, st.DRBDError = nil, ""; !reflect.DeepEqual(st, sample()) {
				t.Errorf("the rest has changed: %+v", st)
			}
		})
	}
}
