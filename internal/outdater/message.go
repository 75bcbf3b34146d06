package outdater

import (
	"strconv"

	"heartbeatd/internal/dopd"
	"heartbeatd/internal/wire"
)

// What is said on the socket (3.0.6).
const (
	ask         = "outdater"
	asker       = "drbd-peer-outdater"
	fieldPeer   = "outdater_peer"
	fieldRes    = "outdater_res"
	answered    = "outdater_rc"
	fieldAnswer = "dop_value"
)

// newQuestion is what drbd-peer-outdater says.
func newQuestion(peer, resource string) *wire.Message {
	return wire.New(ask).AddStr("src", asker).AddStr(fieldPeer, peer).AddStr(fieldRes, resource)
}

// question reads that.
func question(m *wire.Message) (peer, resource string, ok bool) {
	peer, resource = m.Str(fieldPeer), m.Str(fieldRes)
	return peer, resource, m.StrIs("t", ask) && peer != "" && resource != ""
}

// newAnswer is what dopd says.
func newAnswer(self string, v dopd.Verdict) *wire.Message {
	return wire.New(answered).AddStr("src", self).AddStr(fieldAnswer, strconv.Itoa(int(v)))
}
