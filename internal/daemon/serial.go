package daemon

import "heartbeatd/internal/wire"

// serialText writes a sealed datagram as 3.0.6 does on a serial line: classic text with the signature inside. The
// writers of the lines call it, not the loop.
//
// Beats on a serial line are not sent by the pacer itself but handed by it, at their moments, to the line's writer in
// this process: two processes that write to one terminal would cut into each other's messages, and a line that takes
// nothing must be waited for with a timeout. So they end at once when this process is stopped, and a real-time
// priority does not help them. Lines of some kilobytes a second have no use for it.
func (d *daemon) serialText(dst, datagram []byte) []byte {
	f, err := wire.Parse(datagram)
	if err != nil {
		return dst // we have made it ourselves
	}
	keys := d.lineKeys.Load()
	if keys == nil {
		keys = d.opt.Config.Keys
	}
	return keys.AppendClassic(dst, f)
}
