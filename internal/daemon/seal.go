package daemon

import (
	"errors"
	"fmt"

	"heartbeatd/internal/config"
	"heartbeatd/internal/halog"
	"heartbeatd/internal/wire"
)

// newPacker is compression as ha.cf has it.
func newPacker(c *config.Config) wire.Packer {
	p := wire.Packer{Method: c.Compression.Method, Traditional: c.Compression.Traditional}
	p.Threshold = min(c.Compression.Threshold, wire.MaxPayload>>10) << 10
	return p
}

// seal makes the datagram of a message, in memory that the next one takes. Beats are made elsewhere (lend): they
// are too short to be compressed.
func (d *daemon) seal(m *wire.Message) []byte {
	data := d.keys.AppendPacked(d.sealed[:0], d.core.PeerKey(), m, d.opt.Config.MsgFmt != "netstring", &d.packer)
	if data == nil {
		d.unsendable(m)
		return nil
	}
	d.sealed = data
	return data
}

var errTooLong = errors.New("even compressed it is longer than a datagram")

// unsendable names a message that stays here. 3.0.6: `Message too long`, for each link.
func (d *daemon) unsendable(m *wire.Message) {
	err := m.CheckUnpacked()
	if err == nil {
		err = errTooLong
	}
	d.limited("unsendable", halog.Error, fmt.Sprintf("message [%s] of %d bytes cannot be sent: %v", m.Str("t"), m.NetstringLen(), err))
}
