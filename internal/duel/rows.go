package duel

// The rows of the table.
const (
	rowStart      rowKey = "start"
	rowCutCall    rowKey = "cut-call"
	rowCutAnswer  rowKey = "cut-answer"
	rowCutService rowKey = "cut-service"
	rowStop       rowKey = "stop"
	rowOutage     rowKey = "outage"
	rowStandby    rowKey = "standby"
	rowReturns    rowKey = "returns"
	rowIdle       rowKey = "idle"
	rowMemory     rowKey = "memory"
	rowLate       rowKey = "late"
	rowFloodRate  rowKey = "flood-rate"
	rowFloodCPU   rowKey = "flood-cpu"
	rowFloodLog   rowKey = "flood-log"
	rowFloodDead  rowKey = "flood-deaths"
	rowFloodLate  rowKey = "flood-late"
	rowVRRP10     rowKey = "vrrp-10"
	rowVRRP100    rowKey = "vrrp-100"
	rowEqual10    rowKey = "vrrp-10-equal"
	rowEqual100   rowKey = "vrrp-100-equal"
	rowMillion    rowKey = "million"
	rowDeaths     rowKey = "million-deaths"
)

// The softwares, as the table names them.
const (
	nameC          = "Heartbeat 3.0.6"
	nameOurs       = "heartbeatd"
	nameKeepalived = "keepalived"
	pauses         = "/pause" // behind a name: the longest pauses between two beats
	own            = "/own"   // behind a row: without what the machine was held up
)

// bound is what a target demands: that this quantile is no more than this.
type bound struct{ quantile, most float64 }

// row is one row of the table.
type row struct {
	key    rowKey
	stage  string
	title  string
	unit   string
	target string
	bounds []bound
	ahead  bool // the target is to be ahead of the other one
	net    bool // the values are without the scripts' own time
	beats  bool // the values are those of single beats
}

// medianOf is the usual target of a move.
func medianOf(most float64) []bound { return []bound{{0.5, most}} }

// rows are in the order of the document.
var rows = []row{
	{key: rowStart, stage: "moves", title: "both nodes started together, until the service runs", unit: "ms", target: "≤ 1,000", bounds: medianOf(1000)},
	{key: rowCutCall, stage: "moves", title: "power cut, beyond deadtime: first script called on the peer", unit: "ms", target: "≤ 10", bounds: medianOf(10)},
	{key: rowCutAnswer, stage: "moves", title: "power cut, beyond deadtime: the address answers", unit: "ms", target: "≤ 30", bounds: medianOf(30)},
	{key: rowCutService, stage: "moves", title: "power cut, beyond deadtime: the service's start begins", unit: "ms"},
	{key: rowStop, stage: "moves", title: "planned stop, from the command to the service's start on the peer", unit: "ms", target: "≤ 40 + scripts", bounds: medianOf(40), net: true},
	{key: rowOutage, stage: "moves", title: "planned stop, outage of the address for a client", unit: "ms", target: "≤ 20 + scripts", bounds: medianOf(20), net: true},
	{key: rowStandby, stage: "moves", title: "`hb_standby all`, from the command to the service's start on the peer", unit: "ms", target: "≤ 50 + scripts", bounds: medianOf(50), net: true},
	{key: rowReturns, stage: "moves", title: "`heartbeat -k` returns", unit: "ms", target: "≤ 200 + scripts", bounds: medianOf(200), net: true},
	{key: rowIdle, stage: "idle", title: "idle, keepalive 100 ms, three media: processor seconds per 1,000 s of a node", unit: "s", target: "≤ 5", bounds: []bound{{1, 5}}},
	{key: rowMemory, stage: "idle", title: "idle: proportional memory (PSS) of all processes of a node", unit: "MiB", target: "≤ 12", bounds: []bound{{1, 12}}},
	{key: rowLate, stage: "late", title: "keepalive 50 ms, six CPU hogs: lateness of a beat on the wire", unit: "ms", target: "p99.99 ≤ 1, max ≤ 5", bounds: []bound{{0.9999, 1}, {1, 5}}, beats: true},
	{key: rowLate + own, stage: "late", title: "the same, without the time in which a processor of the machine stood still", unit: "ms", target: "p99.99 ≤ 1, max ≤ 5", bounds: []bound{{0.9999, 1}, {1, 5}}, beats: true},
	{key: rowFloodRate, stage: "flood", title: "forged datagrams that were really sent", unit: "a second"},
	{key: rowFloodCPU, stage: "flood", title: "20,000 forged datagrams a second for 8 s: processor time of the node", unit: "s", target: "≤ 1.5", bounds: []bound{{1, 1.5}}},
	{key: rowFloodLog, stage: "flood", title: "the same: written to its log", unit: "KiB", target: "≤ 64", bounds: []bound{{1, 64}}},
	{key: rowFloodDead, stage: "flood", title: "the same: nodes declared dead", unit: "", target: "0", bounds: []bound{{1, 0}}},
	{key: rowFloodLate, stage: "flood", title: "the same: beats of the node later than 5 ms", unit: "", target: "0", bounds: []bound{{1, 0}}},
	{key: rowFloodLate + own, stage: "flood", title: "the same, but for those that were late because a processor of the machine stood still", unit: "", target: "0", bounds: []bound{{1, 0}}},
	{key: rowVRRP10, stage: "vrrp", title: "killed, every 10 ms a beat: from its last beat until the peer answers for the address", unit: "ms", target: "ahead of keepalived", ahead: true},
	{key: rowEqual10, stage: "vrrp", title: "the same, with a deadtime of three intervals, which is what VRRP waits", unit: "ms"},
	{key: rowVRRP100, stage: "vrrp", title: "killed, every 100 ms a beat: from its last beat until the peer answers for the address", unit: "ms", target: "ahead of keepalived", ahead: true},
	{key: rowEqual100, stage: "vrrp", title: "the same, with a deadtime of three intervals", unit: "ms"},
	{key: rowMillion, stage: "million", title: "keepalive 10 ms under CPU, memory, disk and fork hogs: lateness of a beat", unit: "ms", beats: true},
	{key: rowMillion + own, stage: "million", title: "the same, without the time in which a processor of the machine stood still", unit: "ms", beats: true},
	{key: rowDeaths, stage: "million", title: "the same beats, deadtime 50 ms: nodes declared dead that lived", unit: "", target: "0 in all those beats", bounds: []bound{{1, 0}}},
}

// stages are what is measured at a time, in this order.
var stages = []struct {
	name string
	run  func(*duel, *book) error
}{
	{"moves", (*duel).moves},
	{"vrrp", (*duel).vrrp},
	{"idle", (*duel).idle},
	{"flood", (*duel).flooded},
	{"late", (*duel).hogged},
	{"million", (*duel).million},
}
