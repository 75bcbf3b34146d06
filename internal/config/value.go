package config

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxMillis bounds a time value: 31 years, so that sums and doubles of it cannot overflow.
const maxMillis = 1e12

// parseBool knows the words of 3.0.6, in any case.
func parseBool(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "true", "on", "yes", "y", "1":
		return true, true
	case "false", "off", "no", "n", "0":
		return false, true
	}
	return false, false
}

// parseTime reads a time. No unit means seconds; a unit that begins with ms or us (any case) means
// that; every other unit is refused, s and m and h too. 1.2.3 is 1.2.
func parseTime(text string) (time.Duration, bool) {
	unit := strings.TrimLeft(text, "0123456789.")
	number := text[:len(text)-len(unit)]
	if number == "" {
		return 0, false
	}
	factor := 1000.0
	switch low := strings.ToLower(unit); {
	case unit == "":
	case strings.HasPrefix(low, "ms"):
		factor = 1
	case strings.HasPrefix(low, "us"):
		factor = 0.001
	default:
		return 0, false
	}
	if parts := strings.SplitN(number, ".", 3); len(parts) == 3 {
		number = parts[0] + "." + parts[1]
	}
	// "." is 0 to atof, an error to ParseFloat; both leave 0 here. A number too large is +Inf.
	f, _ := strconv.ParseFloat(number, 64)
	ms := math.Floor(f*factor + 0.5)
	return time.Duration(min(ms, maxMillis)) * time.Millisecond, true
}

// milliseconds is how 3.0.6 writes a time it computed: "1000ms".
func milliseconds(d time.Duration) string {
	return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
}

// atoi is the C function: leading digits, anything else is 0, the result cut to 32 bits. exact is
// false when something was ignored.
func atoi(text string) (n int, exact bool) {
	wide, exact := atol(text)
	return int(int32(wide)), exact && wide == int64(int32(wide))
}

// atol is atoi without the cut: it stops at the ends of an int64.
func atol(text string) (n int64, exact bool) {
	digits := strings.TrimLeft(text, "+-")
	if len(text)-len(digits) > 1 {
		return 0, false
	}
	number := digits[:len(digits)-len(strings.TrimLeft(digits, "0123456789"))]
	if number == "" {
		return 0, false
	}
	exact = number == digits
	n, err := strconv.ParseInt(text[:len(text)-len(digits)]+number, 10, 64)
	return n, exact && err == nil
}

// facilities are the names logfacility knows, besides none.
var facilities = []string{
	"auth", "authpriv", "cron", "daemon", "ftp", "kern", "lpr", "mail", "news", "syslog", "user", "uucp",
	"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7", "security",
}

func knownFacility(name string) bool { return name == "none" || slices.Contains(facilities, name) }
