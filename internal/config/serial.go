package config

import (
	"slices"
	"strconv"
	"strings"
)

const defaultBaud = 19200

var baudRates = []string{"9600", "19200", "38400", "57600", "115200", "230400", "460800"}

func applyBaud(p *parser, v string) *fault {
	if p.given["baud"] > 0 {
		return faultf("keep one baud line", "Baudrate multiply specified.")
	}
	n, _ := atoi(v)
	if !slices.Contains(baudRates, strconv.Itoa(n)) {
		return faultf("write one of "+strings.Join(baudRates, " "), "invalid baudrate [%s] specified.", v)
	}
	number(p, v)
	p.baud = n
	for _, m := range p.cfg.Media {
		if m.Kind == Serial && m.Baud != n {
			p.warn("put baud above the serial lines", "comes too late for the serial lines above, %s stays at %d", m.Where, m.Baud)
			break
		}
	}
	return nil
}

// applySerial takes the baud in force where the line stands, as 3.0.6 does.
func applySerial(p *parser, v string) *fault {
	const hint = "write the device of a serial port, for example serial /dev/ttyS0"
	at := p.host.Path(v)
	switch {
	case !strings.HasPrefix(v, "/"):
		return faultf(hint, "Serial port not full pathname [%s] in config file", v)
	case !at.Exists:
		return faultf(hint, "Nonexistent serial port [%s] in config file", v)
	case !at.CharDevice:
		return faultf(hint, "Serial port [%s] not a char device in config file", v)
	}
	baud := p.baud
	if baud == 0 {
		baud = defaultBaud
	}
	return p.carry(Medium{Kind: Serial, Device: v, Baud: baud})
}
