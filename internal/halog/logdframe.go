package halog

import (
	"encoding/binary"
	"time"

	"github.com/sirupsen/logrus"
)

// What cluster-glue's library sends to the logging daemon for one line, in the byte order of the machine:
//
//	0   length of what follows the first 8 bytes
//	4   0xabcd
//	8   2: a line
//	12  facility, as <syslog.h> counts
//	16  severity
//	20  length of the text, its NUL included
//	24  1: the text is to get its level word; 0: it has it (scripts)
//	28  pid
//	32  name of the program, 64 bytes filled with NUL
//	96  time, a C long
//	104 the text and a NUL
const (
	frameHead   = 8
	frameMagic  = 0xabcd
	frameText   = 104
	frameEntity = 64
	aLine       = 2
	// entityMax is where the library cuts a name.
	entityMax = 31
	// facilityUser is what is said when there is no logfacility.
	facilityUser = 1
)

// appendLogd appends a line as the logging daemon is told.
func (f *layout) appendLogd(dst []byte, e *logrus.Entry) []byte {
	level, _ := e.Data[fieldLevel].(Level)
	entity, pid, text, severity, word := f.entity, f.pid, clean(e.Message, textMax), level, uint32(1)
	if name, ok := e.Data[fieldEntity].(string); ok {
		entity = name
	}
	if tag, ok := e.Data[fieldTag].(string); ok {
		instance, _ := e.Data[fieldInstance].(string)
		if other, ok := e.Data[fieldPID].(int); ok {
			pid = other
		}
		// 3.0.6: what its ha_logger says.
		entity, text, severity, word = scriptTag(tag, instance, pid), level.prefix()+clean(e.Message, scriptMax), Info, 0
		if level == Debug {
			severity = Debug
		}
	}
	if severity == Plain {
		severity = Notice
	}
	return appendFrame(dst, f.facility<<3, severity, word, pid, entity, e.Time, text)
}

func appendFrame(dst []byte, facility int, severity Level, word uint32, pid int, entity string, at time.Time, text string) []byte {
	order := binary.NativeEndian
	begin := len(dst)
	length := len(text) + 1
	dst = append(dst, make([]byte, frameText+length)...)
	frame := dst[begin:]
	for i, n := range []uint32{uint32(frameText - frameHead + length), frameMagic, aLine, uint32(facility), uint32(severity), uint32(length), word, uint32(pid)} {
		order.PutUint32(frame[4*i:], n)
	}
	copy(frame[32:32+entityMax], entity)
	order.PutUint64(frame[32+frameEntity:], uint64(at.Unix()))
	copy(frame[frameText:], text)
	return dst
}
