package interop

import (
	"slices"
	"strings"
)

// messageFields are variables that rc.d scripts of 3.0.6 get from the message they were called for,
// and hand down to resource scripts where those are called that way.
var messageFields = strings.Fields("HA_OSTATUS HA_auth HA_dest HA_from_id HA_hg HA_info HA_ipaddr HA_ld HA_node HA_ok HA_result " +
	"HA_rsc_hold HA_seq HA_src HA_srcuuid HA_st HA_t HA_to_id HA_ts HA_ttl HA_weown")

// scriptVariables are those that heartbeatd sets alike for every call, and 3.0.6 by the road a
// call takes: paths with or without doubled slashes, PATH with what each script on the road adds.
var scriptVariables = strings.Fields("HA_BIN HA_DIR HA_DOCDIR HA_DONTASK HA_FIFO HA_FUNCS HA_NICEFAILBACK HA_NOARCHBIN HA_RCDIR " +
	"HA_RESOURCEDIR HEARTBEATD OCF_AGENTS PATH")

// shellVariables are what a shell on the road leaves behind.
var shellVariables = strings.Fields("_ PWD OLDPWD SHLVL")

// envRule explains a variable that differs.
func (c *comparison) envRule(node, name string) rule {
	ours := c.hadOn(node, H)
	switch {
	case slices.Contains(shellVariables, name):
		return noDifference
	case !ours && (slices.Contains(messageFields, name) || slices.Contains(scriptVariables, name)):
		// Which of 3.0.6's passes calls a script first is chance, see callRule.
		return noDifference
	case slices.Contains(messageFields, name):
		return messageEnv
	case slices.Contains(scriptVariables, name):
		return scriptEnv
	}
	return unexplained
}

// hadOn tells whether a node ran that software at any time in either run.
func (c *comparison) hadOn(node string, k Kind) bool {
	for i := range c.judge.Segments {
		if is(c.judge, i, node, k) || is(c.other, i, node, k) {
			return true
		}
	}
	return false
}
