package halog

// FacilityNumber is what <syslog.h> calls a facility, -1 for none.
func FacilityNumber(name string) int {
	if n, ok := facilities[name]; ok {
		return n << 3
	}
	return -1
}
