package daemon

import "heartbeatd/internal/halog"

// logd is the way to the logging daemon, if ha.cf asks for it or leaves the log to it.
func (d *daemon) logd() (l halog.Logd) {
	if c := d.opt.Config.Log; c.UseLogd {
		l = halog.Logd{Path: d.opt.Paths.Logd, Retry: c.LogdRetry}
	}
	return l
}
