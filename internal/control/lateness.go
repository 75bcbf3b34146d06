package control

// Worst is the worst of a measure, in milliseconds, rounded up; 0 if there was none.
type Worst struct {
	Hour  int64 `json:"last_hour_ms"`
	Day   int64 `json:"last_day_ms"`
	Start int64 `json:"since_start_ms"` // of the daemon that answers
}

// OwnLateness is how late this node did what was due at a certain time.
type OwnLateness struct {
	Beats     Lateness `json:"beats"`     // sent
	Decisions Lateness `json:"decisions"` // moments for which the deciding part had asked to be woken up
}

// Lateness is that of the last hour, the last day, and since the start.
type Lateness struct {
	Hour  Late `json:"last_hour"`
	Day   Late `json:"last_day"`
	Start Late `json:"since_start"`
}

// Late is the lateness of what was done in some time, in microseconds, rounded up.
type Late struct {
	Count uint64 `json:"count"`
	Worst int64  `json:"worst_us"`
	P999  int64  `json:"p999_us"` // 999 of 1,000 were no later, to a precision of half a power of two
}
