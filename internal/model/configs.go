package model

// Short is what the tests search: the single faults, and the pairs that are quick.
var Short = []Config{
	{Name: "cold start", Bounds: []string{"COLD=1"}},
	{Name: "standby and stop", Bounds: []string{"STANDBYS=1", "STOPS=1"}},
	{Name: "cut", Bounds: []string{"CUTS=1"}},
	{Name: "stall", Bounds: []string{"STALLS=1"}},
	{Name: "kill", Bounds: []string{"KILLS=1"}},
	{Name: "failing script and standby", Bounds: []string{"FAILS=1", "STANDBYS=1"}},
	{Name: "cut", Property: Owner, Bounds: []string{"CUTS=1", "ENDS=1"}},
	{Name: "crash", Property: Owner, Bounds: []string{"CRASHES=1", "ENDS=1"}},
	{Name: "standby and loss", Property: Talk, Bounds: []string{"STANDBYS=1", "LOSSES=1", "ENDS=1"}},
	{Name: "stop", Property: Stop, Bounds: []string{"STOPS=1", "ENDS=1"}},
}

// Planted is what each planted fault must break, in the smallest configuration that shows it.
var Planted = []Config{
	{Name: "noTerm", Property: Owner, Bounds: []string{"PLANT=1", "CUTS=1", "ENDS=1"}, Breaks: "acceptance cycle"},
	{Name: "forgetStop", Bounds: []string{"PLANT=2", "STANDBYS=1"}, Breaks: "assertion violated  !(denied)"},
	{Name: "takeBeforeDone", Bounds: []string{"PLANT=3", "STANDBYS=1"}, Breaks: "assertion violated  !(two)"},
	{Name: "acceptOldClaim", Bounds: []string{"PLANT=4", "ROOM=3", "STANDBYS=1"}, Breaks: "assertion violated  !(two)"},
	{Name: "takeOutdated", Bounds: []string{"PLANT=5", "QUICK=1", "STANDBYS=1", "STOPS=1"}, Breaks: "assertion violated  !(two)"},
	{Name: "goodbyeTooSoon", Bounds: []string{"PLANT=6", "STOPS=1"}, Breaks: "assertion violated  !(denied)"},
	{Name: "noReports", Property: Talk, Bounds: []string{"PLANT=7", "STANDBYS=1", "LOSSES=1", "ENDS=1"}, Breaks: "acceptance cycle"},
	{Name: "muteAnswer", Bounds: []string{"PLANT=9", "QUICK=1", "STANDBYS=1", "STOPS=1"}, Breaks: "assertion violated  !(two)"},
	{Name: "lingers", Property: Stop, Bounds: []string{"PLANT=8", "STOPS=1", "ENDS=1"}, Breaks: "acceptance cycle"},
}

// Long is what make model searches besides.
var Long = []Config{
	{Name: "crash and standby", Bounds: []string{"CRASHES=1", "STANDBYS=1"}},
	{Name: "cold start", Property: Owner, Bounds: []string{"COLD=1", "ENDS=1"}},
	{Name: "cold start, late beats", Bounds: []string{"COLD=1", "LATE=1"}},
	{Name: "cold start and crash", Bounds: []string{"COLD=1", "CRASHES=1"}},
	{Name: "cut and standby", Bounds: []string{"CUTS=1", "STANDBYS=1"}},
	{Name: "cut and crash", Bounds: []string{"CUTS=1", "CRASHES=1"}},
	{Name: "stall and standby", Bounds: []string{"STALLS=1", "STANDBYS=1"}},
	{Name: "kill and standby", Bounds: []string{"KILLS=1", "STANDBYS=1"}},
	{Name: "hang, loss and standby", Bounds: []string{"HANGS=1", "LOSSES=1", "STANDBYS=1"}},
	{Name: "standby, late beats, three messages", Bounds: []string{"STANDBYS=1", "LATE=1", "ROOM=3"}},
	{Name: "stall and stop", Bounds: []string{"STALLS=1", "STOPS=1"}},
	{Name: "stall, its beats go on", Bounds: []string{"STALLS=1", "BEATS=1"}},
	{Name: "stall and standby, its beats go on", Bounds: []string{"STALLS=1", "BEATS=1", "STANDBYS=1"}},
	{Name: "stall, its beats go on", Property: Owner, Bounds: []string{"STALLS=1", "BEATS=1", "ENDS=1"}},
	{Name: "quick restart", Bounds: []string{"QUICK=1", "STANDBYS=1", "STOPS=1"}},
	{Name: "failback", Bounds: []string{"FAILBACK=1", "CRASHES=1"}},
	{Name: "failback", Property: Owner, Bounds: []string{"FAILBACK=1", "CRASHES=1", "ENDS=1"}},
	{Name: "cut and standby", Property: Owner, Bounds: []string{"CUTS=1", "STANDBYS=1", "ENDS=1"}},
	{Name: "cut and standby", Property: Talk, Bounds: []string{"CUTS=1", "STANDBYS=1", "ENDS=1"}},
	{Name: "crash and standby", Property: Owner, Bounds: []string{"CRASHES=1", "STANDBYS=1", "ENDS=1"}},
	{Name: "crash and standby", Property: Talk, Bounds: []string{"CRASHES=1", "STANDBYS=1", "ENDS=1"}},
	{Name: "kill", Property: Owner, Bounds: []string{"KILLS=1", "ENDS=1"}},
	{Name: "stall", Property: Owner, Bounds: []string{"STALLS=1", "ENDS=1"}},
	{Name: "failing script and standby", Property: Owner, Bounds: []string{"FAILS=1", "STANDBYS=1", "ENDS=1"}},
	{Name: "standby and stop", Property: Stop, Bounds: []string{"STANDBYS=1", "STOPS=1", "ENDS=1"}},
	{Name: "cut and stop", Property: Stop, Bounds: []string{"CUTS=1", "STOPS=1", "ENDS=1"}},
}
