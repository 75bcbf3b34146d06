package config

import (
	"strings"
	"testing"
)

// TestHints: what is said about lines that old files often have, besides what 3.0.6 says.
func TestHints(t *testing.T) {
	for line, want := range map[string]string{
		"respawn hacluster /usr/lib/heartbeat/ccm":    "it came with the C daemon and is no part of this one: remove the line if nothing needs ccm, else install it",
		"failfast root /usr/lib64/heartbeat/mgmtd -v": "it came with the C daemon and is no part of this one: remove the line if nothing needs mgmtd, else install it",
		"respawn hacluster /opt/site/watcher --all":   "check the path; `ls -l /opt/site/watcher`",
		"use_logd yes":                     "lines go where /etc/logd.cf says; these files are used only while ha_logd does not run; remove use_logd to do without it",
		"quorum_server quorum.example.com": "remove the line; what keeps two nodes from running the same is a device: see stonith_host in ha.cf(5)",
		"coreroot cores":                   "write a full path",
		"crm respawn":                      "remove the line to go on with haresources; for Pacemaker move the cluster to Corosync and pcs",
	} {
		_, report := Load(set(base+line+"\nbcast eth0\n"), newHost("n1"))
		if len(report) != 1 || report[0].Hint != want {
			t.Errorf("%s: %+v, want the hint %q", line, report, want)
		}
		if strings.HasSuffix(want, ".") {
			t.Errorf("%s: a hint ends without a full stop", line)
		}
	}
}
