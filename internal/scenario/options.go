package scenario

import (
	"fmt"
	"strings"
	"time"

	"heartbeatd/internal/core"
)

// set reads directives: keepalive=1s auto_failback=on.
func (o *Options) set(f []string) error {
	for _, w := range f {
		k, v, _ := strings.Cut(w, "=")
		var err error
		switch k {
		case "keepalive":
			o.Keepalive, err = time.ParseDuration(v)
		case "deadtime":
			o.Deadtime, err = time.ParseDuration(v)
		case "warntime":
			o.Warntime, err = time.ParseDuration(v)
		case "initdead":
			o.Initdead, err = time.ParseDuration(v)
		case "hangreport":
			o.HangReport, err = time.ParseDuration(v)
		case "ahead":
			o.Ahead = v == "on"
			if !o.Ahead && v != "off" {
				err = fmt.Errorf("ahead: on or off")
			}
		case "stonith":
			o.Stonith = v == "on"
			if !o.Stonith && v != "off" {
				err = fmt.Errorf("stonith: on or off")
			}
		case "peer":
			o.Peer = v
		case "deadping":
			o.Deadping, err = time.ParseDuration(v)
		case "pings":
			o.Pings = pingNodes(v)
		case "links":
			o.Links = strings.Split(v, ",")
		case "auto_failback":
			fb, ok := map[string]core.AutoFailback{"on": core.FailbackOn, "off": core.FailbackOff, "legacy": core.FailbackLegacy}[v]
			if !ok {
				err = fmt.Errorf("auto_failback: on, off or legacy")
			}
			o.Failback = fb
		default:
			err = fmt.Errorf("unknown option %s", k)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
